// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Processes that are forked, not started: they have what their parent has.

use std::io;
use std::time::Duration;

use goya_tests::sys;

/// A child.
#[derive(Debug)]
pub struct Child(libc::pid_t);

impl Child {
    /// Forks; the child does `work` and ends. What other threads of the parent held, nobody holds any more in the child:
    /// `work` takes no lock but the allocator's, which the C library passes on.
    pub fn fork(work: impl FnOnce() -> i32) -> io::Result<Self> {
        // SAFETY: no pointers; the child does as said above and never returns.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                let code = work();
                // SAFETY: ends this process without a word.
                unsafe { libc::_exit(code) }
            }
            child => Ok(Self(child)),
        }
    }

    /// Whether it has ended, and how (`wait(2)`).
    pub fn ended(&self) -> Option<i32> {
        let mut status = 0;
        // SAFETY: the status is ours to be written; the child is waited for here only.
        match unsafe { libc::waitpid(self.0, &mut status, libc::WNOHANG) } {
            0 => None,
            _ => Some(status),
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: no pointers; the child was not waited for, so the number is still its own.
        unsafe { libc::kill(self.0, signal) };
    }

    /// Waits for its end for `patience` at most.
    pub fn wait(&self, patience: Duration) -> Option<i32> {
        let end = sys::monotonic() + patience.as_nanos() as u64;
        loop {
            match self.ended() {
                None if sys::monotonic() < end => std::thread::sleep(Duration::from_millis(5)),
                ended => return ended,
            }
        }
    }

    /// Its number.
    pub fn id(&self) -> i32 {
        self.0
    }
}

extern "C" fn nothing(_: i32) {}

/// Has a signal that does nothing interrupt this process every `period`, or never again.
pub fn interrupt_every(period: Duration) {
    let time = libc::timeval { tv_sec: period.as_secs() as i64, tv_usec: i64::from(period.subsec_micros()) };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: the handler does nothing, and what is pointed to lives as long as the calls; zero is a valid action.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(i32) as usize;
        libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut());
        libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut());
    }
}

/// Becomes nobody, who has no right to anything, and may lock `locked` bytes.
pub fn become_nobody(locked: u64) {
    const NOBODY: libc::uid_t = 65534;
    let limit = libc::rlimit { rlim_cur: locked, rlim_max: locked };
    // SAFETY: the limit lives as long as the call; this process has one thread.
    unsafe {
        libc::setrlimit(libc::RLIMIT_MEMLOCK, &limit);
        libc::setresgid(NOBODY, NOBODY, NOBODY);
        libc::setresuid(NOBODY, NOBODY, NOBODY);
    }
}

/// Limits the memory that this process can have.
pub fn limit_memory(bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: the limit lives as long as the call.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) };
}

/// Gives pages of a mapping back to the kernel (`MADV_*`), whoever uses them: what is read there is zero then, or another page.
pub fn advise(memory: &sys::Mapping, at: usize, len: usize, advice: i32) -> io::Result<()> {
    assert!(at.checked_add(len).is_some_and(|end| end <= memory.len()), "advice past the mapping");
    // SAFETY: the range is in the mapping, into which nobody holds a reference.
    match unsafe { libc::madvise((memory.address() as usize + at) as *mut _, len, advice) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
