// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! System calls, made safe.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, Ordering, fence};

/// Does an ioctl that reads and writes `args`.
pub fn ioctl<T>(file: &impl AsRawFd, command: u32, args: &mut T) -> io::Result<()> {
    let request = goya_uapi::drm_iowr::<T>(command);
    // SAFETY: the request number carries the size of `T`, so the kernel stays inside `args`, which is
    // borrowed for the call.
    match unsafe { libc::ioctl(file.as_raw_fd(), request as _, args) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Bytes of the argument of a request (`_IOC_SIZE`).
const fn request_size(request: u32) -> usize {
    (request >> 16 & 0x3FFF) as usize
}

/// Does any ioctl, whose number may say any size up to that of `args`.
///
/// # Panics
/// When the size is larger.
pub fn request(file: &impl AsRawFd, request: u32, args: &mut [u64]) -> io::Result<()> {
    assert!(request_size(request) <= size_of_val(args), "an ioctl past its argument");
    // SAFETY: the kernel stays inside of the bytes that the number says, which were checked.
    match unsafe { libc::ioctl(file.as_raw_fd(), u64::from(request) as _, args.as_mut_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Does an ioctl whose argument is at `at` of a mapping, which may not be readable or writable.
///
/// # Panics
/// When the argument is not inside.
pub fn request_in(file: &impl AsRawFd, request: u32, mapping: &Mapping, at: usize) -> io::Result<()> {
    let end = at.checked_add(request_size(request));
    assert!(end.is_some_and(|end| end <= mapping.len()), "an ioctl past its mapping");
    // SAFETY: the kernel stays inside of the bytes that the number says, which were checked.
    match unsafe { libc::ioctl(file.as_raw_fd(), u64::from(request) as _, mapping.address.as_ptr().add(at)) }
    {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Does an ioctl as a 32-bit program does it, whose argument is at `at` of a [`Mapping::low`] one.
///
/// # Panics
/// When the argument is not inside.
pub fn request32(file: &impl AsRawFd, request: u32, mapping: &Mapping, at: usize) -> io::Result<()> {
    /// The number of `ioctl()` among the 32-bit system calls.
    const IOCTL: i64 = 54;
    let end = at.checked_add(request_size(request));
    assert!(end.is_some_and(|end| end <= mapping.len()), "an ioctl past its mapping");
    let argument = mapping.address() + at as u64;
    let result: i64;
    // SAFETY: the kernel stays inside of the bytes that the number says, which were checked. It keeps all registers
    // but that of the result and those that it may clear; the compiler keeps `rbx` for itself, so it is put back.
    unsafe {
        core::arch::asm!(
            "xchg {file}, rbx",
            "int 0x80",
            "xchg {file}, rbx",
            file = inout(reg) i64::from(file.as_raw_fd()) => _,
            inlateout("rax") IOCTL => result,
            in("rcx") u64::from(request),
            in("rdx") argument,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    match result {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(-(error as i32))),
    }
}

/// Nanoseconds since the machine has booted, the same in all processes.
pub fn monotonic() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills in what we own; the clock exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The number of an error, for comparison.
pub fn errno<T>(result: io::Result<T>) -> i32 {
    result.err().and_then(|e| e.raw_os_error()).unwrap_or(0)
}

/// Interrupts a system call of one thread of the process, by a signal that does nothing else.
#[derive(Debug)]
pub struct Interrupter {
    /// The thread's number; 0 for none.
    thread: AtomicI32,
}

/// A thread that can be interrupted, as long as this lives.
#[derive(Debug)]
pub struct Interruptible<'a>(&'a Interrupter);

impl Interrupter {
    /// Takes SIGUSR1.
    pub fn new() -> io::Result<Self> {
        extern "C" fn nothing(_: libc::c_int) {}
        let handler: extern "C" fn(libc::c_int) = nothing;
        // SAFETY: zero is valid for all of its fields.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler as usize;
        // SAFETY: the action is valid, and its handler does nothing. Calls are not restarted after it.
        match unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) } {
            0 => Ok(Self { thread: AtomicI32::new(0) }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Makes the calling thread the one that is interrupted.
    pub fn this_thread(&self) -> Interruptible<'_> {
        // SAFETY: no pointers.
        self.thread.store(unsafe { libc::gettid() }, Ordering::SeqCst);
        Interruptible(self)
    }

    /// Interrupts what the thread is doing, if there is one.
    pub fn interrupt(&self) {
        let thread = self.thread.load(Ordering::SeqCst);
        if thread != 0 {
            // SAFETY: no pointers; a signal to a thread of this process, which has a handler for it.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGUSR1) };
        }
    }
}

impl Drop for Interruptible<'_> {
    fn drop(&mut self) {
        self.0.thread.store(0, Ordering::SeqCst);
    }
}

/// Memory mapped into the process; a device may change it at any time.
#[derive(Debug)]
pub struct Mapping {
    address: NonNull<u8>,
    len: usize,
}

// SAFETY: The mapping is the process's, not a thread's.
unsafe impl Send for Mapping {}
// SAFETY: As above; it is used by copies only, and those who share it bear with each other as with a device.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// `len` bytes of zeroed memory of our own.
    pub fn anonymous(len: usize) -> io::Result<Self> {
        Self::map(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE, -1, 0)
    }

    /// The same without memory behind it, before it is touched.
    pub fn untouched(len: usize) -> io::Result<Self> {
        Self::map(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
    }

    /// The same as [`Self::anonymous`], where 32-bit programs can have memory.
    pub fn low(len: usize) -> io::Result<Self> {
        Self::map(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE | libc::MAP_32BIT, -1, 0)
    }

    /// `len` bytes aligned to 2 MiB, which the kernel is asked to back by huge pages.
    pub fn huge(len: usize) -> io::Result<Self> {
        const HUGE: usize = 2 << 20;
        let mut mapping = Self::map(len + HUGE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)?;
        let skip = mapping.address.as_ptr().align_offset(HUGE);
        // SAFETY: head and tail lie in the mapping and are given back exactly once; the rest stays.
        unsafe {
            let start = mapping.address.as_ptr();
            if skip > 0 {
                libc::munmap(start.cast(), skip);
            }
            libc::munmap(start.add(skip + len).cast(), HUGE - skip);
            mapping.address = mapping.address.add(skip);
            mapping.len = len;
            libc::madvise(mapping.address.as_ptr().cast(), len, libc::MADV_HUGEPAGE);
        }
        // The first use of a huge page, if there is one, is that of all of it.
        (0..len).step_by(HUGE).for_each(|at| mapping.write(at, &[0]));
        Ok(mapping)
    }

    /// `len` bytes, whole pages, of our own, with a page behind them that is nobody's.
    pub fn guarded(len: usize) -> io::Result<Self> {
        let mapping = Self::anonymous(len + 4096)?;
        mapping.protect(len, 4096, libc::PROT_NONE)?;
        Ok(mapping)
    }

    /// Changes what may be done with `len` bytes at `at` (`PROT_*`).
    ///
    /// # Panics
    /// When the range is not inside.
    pub fn protect(&self, at: usize, len: usize, protection: i32) -> io::Result<()> {
        assert!(at.checked_add(len).is_some_and(|end| end <= self.len), "protect past the mapping");
        // SAFETY: the range is in the mapping, into which nobody holds a reference.
        match unsafe { libc::mprotect(self.address.as_ptr().add(at).cast(), len, protection) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// `len` bytes of `file` at `offset`.
    pub fn of_file(file: &impl AsRawFd, len: usize, offset: u64) -> io::Result<Self> {
        Self::map(len, libc::MAP_SHARED, file.as_raw_fd(), offset as i64)
    }

    /// The same with other flags (`MAP_*`).
    pub fn of_file_with(file: &impl AsRawFd, len: usize, offset: u64, flags: i32) -> io::Result<Self> {
        Self::map(len, flags & !libc::MAP_FIXED, file.as_raw_fd(), offset as i64)
    }

    fn map(len: usize, flags: i32, fd: RawFd, offset: i64) -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing of ours.
        let address = unsafe {
            libc::mmap(std::ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, flags, fd, offset)
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(address.cast()).map(|address| Self { address, len }).ok_or_else(io::Error::last_os_error)
    }

    /// Where it is.
    pub fn address(&self) -> u64 {
        self.address.as_ptr() as u64
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes `data` at `at`.
    ///
    /// # Panics
    /// When the data does not fit.
    pub fn write(&self, at: usize, data: &[u8]) {
        assert!(at.checked_add(data.len()).is_some_and(|end| end <= self.len), "write past the mapping");
        // SAFETY: the range was checked; nobody holds a reference into the mapping.
        unsafe { self.address.as_ptr().add(at).copy_from(data.as_ptr(), data.len()) }
    }

    /// Reads `len` bytes at `at`.
    ///
    /// # Panics
    /// When the range is not inside.
    pub fn read(&self, at: usize, len: usize) -> Vec<u8> {
        assert!(at.checked_add(len).is_some_and(|end| end <= self.len), "read past the mapping");
        let mut out = vec![0; len];
        // SAFETY: the range was checked; a device that writes meanwhile changes bytes, not validity.
        unsafe { out.as_mut_ptr().copy_from(self.address.as_ptr().add(at), len) }
        out
    }

    /// Reads a little-endian word at `at`.
    pub fn word(&self, at: usize) -> u32 {
        let b = self.read(at, 4);
        u32::from_le_bytes([b[0], b[1], b[2], b[3]])
    }

    /// The word at `at`, in one access: what a device writes meanwhile.
    ///
    /// # Panics
    /// When it is not inside, or not aligned.
    pub fn load(&self, at: usize) -> u32 {
        // SAFETY: the place was checked; nobody holds a reference into the mapping.
        unsafe { self.place(at).read_volatile() }
    }

    /// Writes the word at `at`, in one access, after all that was written before: a register, too.
    ///
    /// # Panics
    /// As [`Self::load`].
    pub fn store(&self, at: usize, value: u32) {
        fence(Ordering::SeqCst);
        // SAFETY: as in `load`.
        unsafe { self.place(at).write_volatile(value) }
    }

    fn place(&self, at: usize) -> *mut u32 {
        assert!(
            at % 4 == 0 && at.checked_add(4).is_some_and(|end| end <= self.len),
            "no word of the mapping"
        );
        // SAFETY: the place is inside.
        unsafe { self.address.as_ptr().add(at) }.cast()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nobody uses it any more.
        unsafe {
            libc::munmap(self.address.as_ptr().cast(), self.len);
        }
    }
}

/// Waits until all that RCU protects has gone that was taken away before.
pub fn wait_for_rcu() -> io::Result<()> {
    const GLOBAL: libc::c_int = 1;
    // SAFETY: no pointers.
    match unsafe { libc::syscall(libc::SYS_membarrier, GLOBAL, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Loads a module from `path`.
pub fn load_module(path: &str, parameters: &str) -> io::Result<()> {
    let file = File::open(path)?;
    let parameters = CString::new(parameters)?;
    // SAFETY: the file is open and the string ends with a zero for the length of the call.
    match unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), parameters.as_ptr(), 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Removes a module.
pub fn remove_module(name: &str) -> io::Result<()> {
    let name = CString::new(name)?;
    // SAFETY: the string ends with a zero for the length of the call.
    match unsafe { libc::syscall(libc::SYS_delete_module, name.as_ptr(), libc::O_NONBLOCK) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Puts another kernel in place: to be booted by [`boot_kernel`], or when this one crashes.
pub fn load_kernel(kernel: &File, initramfs: &File, command_line: &str, on_crash: bool) -> io::Result<()> {
    const ON_CRASH: libc::c_ulong = 2;
    let line = CString::new(command_line)?;
    let flags = if on_crash { ON_CRASH } else { 0 };
    let (length, line) = (line.as_bytes_with_nul().len(), line.as_ptr());
    let (kernel, initramfs) = (kernel.as_raw_fd(), initramfs.as_raw_fd());
    // SAFETY: the files are open and the string is there for the length of the call.
    match unsafe { libc::syscall(libc::SYS_kexec_file_load, kernel, initramfs, length, line, flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Boots the kernel that is in place. Returns only if that fails.
pub fn boot_kernel() -> io::Result<()> {
    // SAFETY: no pointers.
    match unsafe { libc::reboot(libc::LINUX_REBOOT_CMD_KEXEC) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Gives up being root, and what memory may be pinned beyond `limit` bytes.
pub fn become_somebody(limit: u64) -> io::Result<()> {
    const SOMEBODY: libc::uid_t = 1000;
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: the structure is there for the length of the call; the other has no pointers.
    let done = unsafe {
        libc::setrlimit(libc::RLIMIT_MEMLOCK, &limit) == 0
            && libc::setresuid(SOMEBODY, SOMEBODY, SOMEBODY) == 0
    };
    if done { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Does `work` in a child that has what this process has, and ends; what it returns. Only for a process of one thread.
pub fn in_child(work: impl FnOnce() -> i32) -> io::Result<i32> {
    let mut status = 0;
    // SAFETY: the child does nothing but the work, and ends without a word; the status is ours to be written.
    let waited = unsafe {
        match libc::fork() {
            -1 => -1,
            0 => libc::_exit(work()),
            child => libc::waitpid(child, &mut status, 0),
        }
    };
    if waited < 0 {
        return Err(io::Error::last_os_error());
    }
    if libc::WIFEXITED(status) {
        Ok(libc::WEXITSTATUS(status))
    } else {
        Err(io::Error::other(format!("a child ended with status {status:#x}")))
    }
}

/// A child that cannot end as long as this lives, whoever kills it: it stops when it is about to, with all that it has
/// open, and no signal goes to who is already dead (`PTRACE_EVENT_EXIT`).
#[derive(Debug)]
pub struct Deathless(libc::pid_t);

impl Deathless {
    /// Makes a child so.
    pub fn make(child: u32) -> io::Result<Self> {
        let child = child as libc::pid_t;
        // SAFETY: no pointers.
        match unsafe { libc::ptrace(libc::PTRACE_SEIZE, child, 0usize, libc::PTRACE_O_TRACEEXIT as usize) } {
            0 => Ok(Self(child)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Deathless {
    fn drop(&mut self) {
        let mut status = 0;
        // SAFETY: the status is ours to be written; the other calls have no pointers. The child was not waited for, so
        // the number is still its own.
        unsafe {
            libc::kill(self.0, libc::SIGKILL);
            libc::waitpid(self.0, &mut status, 0);
            libc::ptrace(libc::PTRACE_DETACH, self.0, 0usize, 0usize);
        }
    }
}

/// Mounts a file system of the kernel's own.
pub fn mount(kind: &str, at: &str) -> io::Result<()> {
    let (kind, at) = (CString::new(kind)?, CString::new(at)?);
    // SAFETY: the strings end with a zero for the length of the call; the last pointer may be null.
    match unsafe { libc::mount(kind.as_ptr(), at.as_ptr(), kind.as_ptr(), 0, std::ptr::null()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
