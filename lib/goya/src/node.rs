// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! An open node.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use goya_uapi::{HL_IOCTL_INFO, hl_info_args};

use crate::error::Call;
use crate::undo::{Undo, Undone, is_for_later};
use crate::{Result, sys};

/// An open node, compute or control.
#[derive(Debug)]
pub(crate) struct Node {
    // Closed first: that takes all from the card, so that memory can go which is still to be taken from it.
    file: File,
    path: PathBuf,
    /// The process that has opened it.
    process: u32,
    /// Work may be in flight that nobody waits for any more: what it uses is taken away by the end of the file.
    closing: AtomicBool,
    undone: Undone,
}

/// That the process is another than the one that has opened the node: a child of `fork(2)`.
#[derive(Debug)]
pub(crate) struct Forked {
    process: u32,
}

impl fmt::Display for Forked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the device is process {}'s, of which this is a fork: open one of its own", self.process)
    }
}

impl std::error::Error for Forked {}

impl Node {
    /// Opens a node; tries again for so long, while the card is being reset or its last user is just leaving.
    pub(crate) fn open(path: &Path, patience: Duration) -> Result<Self> {
        let end = Instant::now().checked_add(patience);
        loop {
            match OpenOptions::new().read(true).write(true).open(path) {
                Ok(file) => return Ok(Self::new(file, path)),
                Err(e)
                    if e.raw_os_error() == Some(libc::EAGAIN)
                        && end.is_none_or(|end| Instant::now() < end) =>
                {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(e) => return Err(Call::Open.failed(format!("open {}", path.display()), e)),
            }
        }
    }

    fn new(file: File, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
            process: std::process::id(),
            closing: AtomicBool::new(false),
            undone: Undone::default(),
        }
    }

    /// Any file, as a node that knows no ioctl.
    #[cfg(test)]
    pub(crate) fn of_file(path: &Path) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self::new(File::open(path).unwrap(), path))
    }

    /// Whether this is the process that has opened it. To a fork of it belongs nothing of the card.
    pub(crate) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// Leaves what is still to be taken from the card to the end of the file.
    pub(crate) fn close_soon(&self) {
        self.closing.store(true, Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    /// Takes something from the card: now, or later if that cannot be yet.
    pub(crate) fn undo(&self, undo: Undo) {
        if !self.is_ours() {
            undo.forget();
            return;
        }
        // In parallel with others, unless some come first.
        let first = self.undone.is_empty() && !self.closing.load(Relaxed);
        if !first || undo.try_on(self).is_err_and(|error| is_for_later(&error)) {
            self.undone.push(undo);
            self.undo_again();
        }
    }

    /// Tries again what could not be undone.
    pub(crate) fn undo_again(&self) {
        if self.is_ours() && !self.closing.load(Relaxed) {
            self.undone.again(|undo| undo.try_on(self));
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
        if !self.is_ours() {
            let forked = Forked { process: self.process };
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, forked));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_are_told() {
        let mut node = Node::new(File::open("/dev/null").unwrap(), Path::new("/dev/null"));
        assert!(node.is_ours());
        assert_eq!(node.ask(0, 0, &mut []).0.unwrap_err().raw_os_error(), Some(libc::ENOTTY));
        node.process += 1;
        let error = Call::Info.failed("ask", node.ask(0, 0, &mut []).0.unwrap_err());
        assert_eq!(error.errno(), libc::EPERM);
        assert!(error.to_string().contains("of which this is a fork"), "{error}");
        node.undo(Undo::Free { handle: 1 });
        assert_eq!(node.undone.len(), 0);
    }

    #[test]
    fn what_cannot_be_undone_any_more_waits_for_the_end() {
        let node = Node::of_file(Path::new("/dev/null"));
        // An errno that trying again does not help against.
        node.undo(Undo::Destroy { handle: 1 });
        assert_eq!(node.undone.len(), 0);
        node.close_soon();
        node.undo(Undo::Unmap { address: 1, _own: Some(sys::Mapping::anonymous(1).unwrap()) });
        node.undo_again();
        assert_eq!(node.undone.len(), 1);
    }

    #[test]
    fn patience_has_no_end() {
        let error = Node::open(Path::new("/nonexistent"), Duration::MAX).unwrap_err();
        assert_eq!(error.errno(), libc::ENOENT);
    }
}
