// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Descriptors to wait on: processes that end, counters that others raise; and files without a name.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::process::Child;
use std::time::{Duration, Instant};

/// Takes the descriptor that a system call returned.
fn owned(fd: libc::c_long) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system call has just made the descriptor for us, nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Takes a descriptor that an ioctl has made for us.
pub fn adopt(fd: i32) -> io::Result<File> {
    owned(fd.into()).map(File::from)
}

/// Waits until `fd` can be read, for `timeout` at most; says whether it can.
pub fn readable(fd: BorrowedFd<'_>, timeout: Duration) -> io::Result<bool> {
    let end = Instant::now() + timeout;
    loop {
        let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let left = end.saturating_duration_since(Instant::now());
        let ms = left.as_millis().min(i32::MAX as u128) as i32;
        // SAFETY: one valid entry, for the length of the call.
        match unsafe { libc::poll(&mut poll, 1, ms) } {
            0 => return Ok(false),
            n if n > 0 => return Ok(true),
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

/// Waits until a child has ended, for `timeout` at most; says whether it has.
pub fn ended(child: &Child, timeout: Duration) -> io::Result<bool> {
    // SAFETY: no pointers; the child has not been waited for, so its number is still its own.
    let pidfd = owned(unsafe { libc::syscall(libc::SYS_pidfd_open, child.id() as libc::pid_t, 0) })?;
    readable(pidfd.as_fd(), timeout)
}

/// Sends a signal to a child.
pub fn send(child: &Child, signal: i32) {
    // SAFETY: no pointers; the child has not been waited for, so its number is still its own.
    unsafe {
        libc::kill(child.id() as libc::pid_t, signal);
    }
}

/// Kills a child that leads a process group, and all of the group.
pub fn kill_group(child: &Child) {
    // SAFETY: no pointers; the child has not been waited for, so the group's number is still its own.
    unsafe {
        libc::kill(-(child.id() as libc::pid_t), libc::SIGKILL);
    }
}

/// A file without a name, in memory.
pub fn nameless() -> io::Result<File> {
    // SAFETY: the name is a string that ends with a zero.
    owned(unsafe { libc::memfd_create(c"output".as_ptr(), libc::MFD_CLOEXEC) }.into()).map(File::from)
}

/// An eventfd: a counter that the kernel raises.
#[derive(Debug)]
pub struct EventFd(File);

impl EventFd {
    /// A counter at zero.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers.
        owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) }.into()).map(|fd| Self(fd.into()))
    }

    /// Waits until the counter was raised, then takes it; zero if it was not within `timeout`.
    pub fn take(&mut self, timeout: Duration) -> io::Result<u64> {
        if !readable(self.0.as_fd(), timeout)? {
            return Ok(0);
        }
        let mut count = [0; 8];
        self.0.read_exact(&mut count)?;
        Ok(u64::from_ne_bytes(count))
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.0.as_raw_fd() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn a_child_that_ends_is_noticed_and_one_that_does_not_is_killed() {
        let mut quick = Command::new("true").spawn().unwrap();
        assert!(ended(&quick, Duration::from_secs(10)).unwrap());
        assert!(quick.wait().unwrap().success());
        let mut slow = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        assert!(!ended(&slow, Duration::from_millis(20)).unwrap());
        kill_group(&slow);
        assert!(!slow.wait().unwrap().success());
    }

    #[test]
    fn an_eventfd_that_nobody_raises_times_out() {
        assert_eq!(EventFd::new().unwrap().take(Duration::from_millis(1)).unwrap(), 0);
    }
}
