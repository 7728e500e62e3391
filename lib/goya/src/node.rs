// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! An open node.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use goya_uapi::{HL_IOCTL_INFO, hl_info_args};

use crate::error::Call;
use crate::{Result, sys};

/// An open node, compute or control.
#[derive(Debug)]
pub(crate) struct Node {
    file: File,
    path: PathBuf,
}

impl Node {
    /// Opens a node; tries again for so long, while the card is being reset or its last user is just leaving.
    pub(crate) fn open(path: &Path, patience: Duration) -> Result<Self> {
        let end = Instant::now() + patience;
        loop {
            match OpenOptions::new().read(true).write(true).open(path) {
                Ok(file) => return Ok(Self { file, path: path.to_owned() }),
                Err(e) if e.raw_os_error() == Some(libc::EAGAIN) && Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(e) => return Err(Call::Open.failed(format!("open {}", path.display()), e)),
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Does an ioctl that reads and writes `args`.
    pub(crate) fn ioctl<T>(&self, command: u32, args: &mut T) -> io::Result<()> {
        sys::ioctl(&self.file, command, args)
    }

    /// Asks question `op` with a parameter. The answer goes to `buffer`; what the driver says beside it is returned.
    pub(crate) fn ask(&self, op: u32, parameter: u32, buffer: &mut [u8]) -> (io::Result<()>, u32) {
        let mut args = hl_info_args {
            return_pointer: buffer.as_mut_ptr() as u64,
            return_size: u32::try_from(buffer.len()).unwrap_or(u32::MAX),
            op,
            ..Default::default()
        };
        args.__bindgen_anon_1.ctx_id = parameter;
        let result = self.ioctl(HL_IOCTL_INFO, &mut args);
        // SAFETY: all readings of the union are the same number.
        (result, unsafe { args.__bindgen_anon_1.ctx_id })
    }
}

impl AsFd for Node {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl AsRawFd for Node {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}
