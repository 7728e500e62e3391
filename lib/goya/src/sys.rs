// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! System calls, made safe.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::time::{Duration, Instant};

/// Does an ioctl that reads and writes `args`.
pub(crate) fn ioctl<T>(file: &File, command: u32, args: &mut T) -> io::Result<()> {
    let request = goya_uapi::drm_iowr::<T>(command);
    // SAFETY: the request number carries the size of `T`, so the kernel stays inside of `args`, which is borrowed for
    // the call. What pointers in `args` are good for is the callers' care.
    match unsafe { libc::ioctl(file.as_raw_fd(), request as _, std::ptr::from_mut(args)) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes a descriptor that the kernel has just made for us.
pub(crate) fn owned(fd: RawFd) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made the descriptor for us; nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// An eventfd that does not block.
pub(crate) fn eventfd() -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })
}

/// Waits until `fd` can be read, until `end` at most; says whether it can.
pub(crate) fn readable(fd: BorrowedFd<'_>, end: Option<Instant>) -> io::Result<bool> {
    loop {
        let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let ms = end.map_or(-1, |end| {
            // Rounded up, so that the last round does not spin.
            let left = end.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
            left.as_millis().min(i32::MAX as u128) as i32
        });
        // SAFETY: one valid entry, for the length of the call.
        match unsafe { libc::poll(&mut poll, 1, ms) } {
            0 if end.is_some_and(|end| Instant::now() >= end) => return Ok(false),
            0 => {}
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

/// Memory mapped into the process, which a device may change at any time: it is used by copies only.
#[derive(Debug)]
pub(crate) struct Mapping {
    address: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is the process's, not a thread's.
unsafe impl Send for Mapping {}
// SAFETY: without `&mut` nothing is read or written there.
unsafe impl Sync for Mapping {}

/// Bytes of a word, which copies go by.
const WORD: usize = size_of::<u64>();

/// How many of `len` bytes from `at` on come before the first aligned word.
fn before_words(at: *const u8, len: usize) -> usize {
    ((at as usize).wrapping_neg() % WORD).min(len)
}

/// Copies to memory that a device may read and write meanwhile: by volatile words that are aligned there.
///
/// # Safety
/// `data.len()` bytes from `to` on may be written, and no thread of the process uses them meanwhile.
pub(crate) unsafe fn copy_to(to: *mut u8, data: &[u8]) {
    let (first, rest) = data.split_at(before_words(to, data.len()));
    let (words, last) = rest.split_at(rest.len() / WORD * WORD);
    // SAFETY: the three parts follow each other within the caller's bytes, and there are words from an aligned place on.
    unsafe {
        let bytes = |to: *mut u8, bytes: &[u8]| {
            bytes.iter().enumerate().for_each(|(n, byte)| to.add(n).write_volatile(*byte));
        };
        bytes(to, first);
        let middle = to.add(first.len());
        for (n, word) in words.chunks_exact(WORD).enumerate() {
            // The length is right, so the default is never used.
            let word = u64::from_ne_bytes(word.try_into().unwrap_or_default());
            middle.cast::<u64>().add(n).write_volatile(word);
        }
        bytes(middle.add(words.len()), last);
    }
}

/// Copies from memory that a device may write meanwhile, in the same way: bytes may be of different times, no more.
///
/// # Safety
/// `data.len()` bytes from `from` on may be read, and no thread of the process writes them meanwhile.
pub(crate) unsafe fn copy_from(from: *const u8, data: &mut [u8]) {
    let (first, rest) = data.split_at_mut(before_words(from, data.len()));
    let (words, last) = rest.split_at_mut(rest.len() / WORD * WORD);
    // SAFETY: as in `copy_to`.
    unsafe {
        let bytes = |from: *const u8, bytes: &mut [u8]| {
            bytes.iter_mut().enumerate().for_each(|(n, byte)| *byte = from.add(n).read_volatile());
        };
        bytes(from, first);
        let middle = from.add(first.len());
        for (n, word) in words.chunks_exact_mut(WORD).enumerate() {
            word.copy_from_slice(&middle.cast::<u64>().add(n).read_volatile().to_ne_bytes());
        }
        bytes(middle.add(words.len()), last);
    }
}

/// Bytes of a page of the host.
pub(crate) const PAGE: usize = 4096;
/// Bytes of a large page, of the host and of the card.
pub(crate) const HUGE: usize = 2 << 20;

impl Mapping {
    /// `len` bytes of zeroed memory of our own; from 2 MiB on aligned to that, by huge pages if there are some.
    pub(crate) fn anonymous(len: usize) -> io::Result<Self> {
        const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let too_much = || io::Error::from_raw_os_error(libc::ENOMEM);
        let len = len.checked_next_multiple_of(PAGE).ok_or_else(too_much)?;
        if len < HUGE {
            return Self::map(len, FLAGS | libc::MAP_POPULATE, -1, 0);
        }
        let mut mapping = Self::map(len.checked_add(HUGE).ok_or_else(too_much)?, FLAGS, -1, 0)?;
        let start = mapping.address.as_ptr();
        let skip = start.align_offset(HUGE).min(HUGE);
        // SAFETY: head and tail lie in the mapping and are given back exactly once; the rest stays.
        unsafe {
            if skip > 0 {
                libc::munmap(start.cast(), skip);
            }
            if skip < HUGE {
                libc::munmap(start.add(skip + len).cast(), HUGE - skip);
            }
            mapping.address = mapping.address.add(skip);
            mapping.len = len;
            libc::madvise(mapping.address.as_ptr().cast(), len, libc::MADV_HUGEPAGE);
        }
        Ok(mapping)
    }

    /// `len` bytes of `file` at `offset`.
    pub(crate) fn of_file(file: &File, len: usize, offset: u64) -> io::Result<Self> {
        Self::map(len, libc::MAP_SHARED, file.as_raw_fd(), offset as i64)
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
    pub(crate) fn address(&self) -> NonNull<u8> {
        self.address
    }

    /// Writes `data` at its beginning, as much as there is room for.
    pub(crate) fn fill_front(&mut self, data: &[u8]) {
        let data = data.get(..self.len).unwrap_or(data);
        // SAFETY: there is room for it, and nobody else uses the mapping meanwhile: it is borrowed.
        unsafe { copy_to(self.address.as_ptr(), data) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody uses it any more.
        unsafe {
            libc::munmap(self.address.as_ptr().cast(), self.len);
        }
    }
}

/// Reads the counter of an eventfd; zero if nobody has raised it.
pub(crate) fn take_count(fd: &OwnedFd) -> io::Result<u64> {
    let mut count = 0u64;
    // SAFETY: the kernel writes eight bytes, which are ours.
    match unsafe { libc::read(fd.as_fd().as_raw_fd(), std::ptr::from_mut(&mut count).cast(), 8) } {
        8 => Ok(count),
        _ => {
            let error = io::Error::last_os_error();
            if error.kind() == io::ErrorKind::WouldBlock { Ok(0) } else { Err(error) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_memory_is_aligned_and_given_back() {
        let mut large = Mapping::anonymous(HUGE + 1).unwrap();
        assert_eq!((large.address.as_ptr() as usize % HUGE, large.len), (0, HUGE + PAGE));
        large.fill_front(&vec![1; HUGE + PAGE + 5]);
        assert_eq!(Mapping::anonymous(1).unwrap().len, PAGE);
        assert!(Mapping::anonymous(usize::MAX).is_err());
    }

    #[test]
    fn copies_are_exact_whatever_their_alignment() {
        let data: Vec<u8> = (1..=60).collect();
        for offset in 0..17 {
            for len in 0..40 {
                let mut memory = [0u64; 9].map(u64::to_ne_bytes).concat();
                let at = memory.as_mut_ptr().wrapping_add(offset);
                let mut back = vec![0xEE; len];
                // SAFETY: 72 bytes are there, of which 56 are used at most.
                unsafe {
                    copy_to(at, &data[offset..offset + len]);
                    copy_from(at, &mut back);
                }
                assert_eq!(back, data[offset..offset + len]);
                let mut expected = vec![0; 72];
                expected[offset..offset + len].copy_from_slice(&back);
                assert_eq!(memory, expected, "{len} bytes at {offset}");
            }
        }
    }

    #[test]
    fn eventfds_count_and_time_out() {
        let fd = eventfd().unwrap();
        assert_eq!(take_count(&fd).unwrap(), 0);
        let soon = || Some(Instant::now() + Duration::from_millis(2));
        assert!(!readable(fd.as_fd(), soon()).unwrap());
        // SAFETY: eight bytes that are there.
        assert_eq!(unsafe { libc::write(fd.as_raw_fd(), std::ptr::from_ref(&3u64).cast(), 8) }, 8);
        assert!(readable(fd.as_fd(), None).unwrap());
        assert_eq!((take_count(&fd).unwrap(), take_count(&fd).unwrap()), (3, 0));
    }
}
