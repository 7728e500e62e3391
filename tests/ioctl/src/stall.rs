// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory that does not come: who touches it sleeps for as long as we like, in the kernel, too (`userfaultfd(2)`).

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use crate::events::{adopt, readable};
use crate::sys::Mapping;
use crate::{Result, check};

/// `UFFDIO_API`, `UFFDIO_REGISTER`, `UFFDIO_COPY` and `UFFDIO_ZEROPAGE`.
const API: u64 = 0xC018_AA3F;
const REGISTER: u64 = 0xC020_AA00;
const COPY: u64 = 0xC028_AA03;
const ZERO_PAGE: u64 = 0xC020_AA04;
/// The version of the interface.
const VERSION: u64 = 0xAA;
/// Tell of pages that are not there (`UFFDIO_REGISTER_MODE_MISSING`).
const MISSING: u64 = 1;
const PAGE: usize = 4096;
/// Bytes of a message (`struct uffd_msg`).
const MESSAGE: usize = 32;

/// A page that is not there until this is let go.
#[derive(Debug)]
pub struct Stall {
    page: Mapping,
    faults: File,
}

impl Stall {
    /// A page that nobody has touched.
    pub fn new() -> Result<Self> {
        Self::make().map_err(|e| format!("userfaultfd: {e}"))
    }

    fn make() -> io::Result<Self> {
        // SAFETY: no pointers.
        let fd = unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | libc::O_NONBLOCK) };
        let faults = match i32::try_from(fd) {
            Ok(fd) if fd >= 0 => adopt(fd)?,
            _ => return Err(io::Error::last_os_error()),
        };
        let page = Mapping::untouched(PAGE)?;
        control(&faults, API, [VERSION, 0, 0])?;
        control(&faults, REGISTER, [page.address(), PAGE as u64, MISSING, 0])?;
        Ok(Self { page, faults })
    }

    /// The page.
    pub fn page(&self) -> &Mapping {
        &self.page
    }

    /// Waits until somebody waits for the page.
    pub fn touched(&self, patience: Duration) -> Result {
        let touched = readable(self.faults.as_fd(), patience).map_err(|e| e.to_string())?;
        check!(touched, "nobody has touched the page");
        Ok(())
    }

    /// Waits a little for somebody to wait for the page; how many there are who were not told of before.
    pub fn waiting(&self, patience: Duration) -> Result<usize> {
        let some = readable(self.faults.as_fd(), patience).map_err(|e| e.to_string())?;
        let mut messages = [0; 64 * MESSAGE];
        let read = if some { (&self.faults).read(&mut messages) } else { Ok(0) };
        read.map(|bytes| bytes / MESSAGE).map_err(|e| format!("userfaultfd: {e}"))
    }

    /// Lets all go on that wait for it: they find zeros.
    pub fn release(&self) {
        // That it is there already is no harm.
        let _ = control(&self.faults, ZERO_PAGE, [self.page.address(), PAGE as u64, 0, 0]);
    }

    /// Lets all go on that wait for it: they find `bytes`, and zeros behind them.
    pub fn fill(&self, bytes: &[u8]) -> Result {
        let content = Mapping::anonymous(PAGE).map_err(|e| e.to_string())?;
        content.write(0, bytes);
        control(&self.faults, COPY, [self.page.address(), content.address(), PAGE as u64, 0, 0])
            .map_err(|e| format!("userfaultfd: {e}"))
    }
}

/// Does an ioctl whose argument is `N` double words.
fn control<const N: usize>(faults: &File, request: u64, mut words: [u64; N]) -> io::Result<()> {
    // SAFETY: the kernel stays inside of the bytes that the number says, which are those of `words`.
    match unsafe { libc::ioctl(faults.as_raw_fd(), request as _, words.as_mut_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
