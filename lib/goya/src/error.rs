// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What can go wrong, and what to do about it.

use std::io;

use crate::Status;

/// A result of this library.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// What went wrong. The text says what to do next, where there is something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no card to open.
    #[error("no Goya card: {0}")]
    NoCard(String),
    /// The kernel refused something.
    #[error("{doing}: {source}{}", .what.advice(.source.raw_os_error().unwrap_or(0)))]
    System {
        /// What was tried.
        doing: String,
        /// Which kind of call it was.
        what: Call,
        /// What the kernel said.
        source: io::Error,
    },
    /// A submission ran longer than it may.
    #[error(
        "submission {seq} ran longer than its time-out, and the card is reset for it: close the device and open it anew; \
         \"goyactl info\" tells the first one that was late"
    )]
    Overdue {
        /// Its number.
        seq: u64,
    },
    /// A submission was ended by a reset that others, or the card, are the cause of.
    #[error(
        "submission {seq} was ended by a reset of the card: submit it again, on a device that is opened anew if it says so"
    )]
    Aborted {
        /// Its number.
        seq: u64,
    },
    /// Too much is in flight.
    #[error("no room for another submission: wait for the oldest fence, and try again")]
    NoRoom,
    /// No more of something that a card has few of.
    #[error("all {0} are in use: free some")]
    AllInUse(&'static str),
    /// The card has not become operational in time.
    #[error("the card has not become operational in time: it is {status}")]
    NotOperational {
        /// What it is instead.
        status: Status,
    },
    /// A range outside of what it is a range of.
    #[error("{what}: {len} bytes at {offset} are not inside of its {size} bytes")]
    Range {
        /// What it is a range of.
        what: &'static str,
        /// Where the range begins.
        offset: u64,
        /// Its length.
        len: u64,
        /// How much there is.
        size: u64,
    },
    /// Something that the card or its driver do not take.
    #[error("{0}")]
    Invalid(String),
    /// A text that is no command buffer.
    #[error("line {line}: {what}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// The calls of the driver, as far as their errors mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// Opening a node.
    Open,
    /// A question about the card.
    Info,
    /// Anything about command buffers.
    CommandBuffer,
    /// Allocating device memory.
    Allocate,
    /// Mapping memory for the card, or taking a mapping away.
    Map,
    /// Exporting memory.
    Export,
    /// Submitting.
    Submit,
    /// Waiting for a submission.
    Wait,
    /// Being told of events.
    Events,
    /// Tracing.
    Debug,
    /// Memory and files of the process itself.
    Process,
}

impl Call {
    /// What may help against an error, as the end of a sentence.
    fn advice(self, errno: i32) -> &'static str {
        match (self, errno) {
            (Self::Open, libc::EACCES) => {
                ". Nodes belong to the group render: \"adduser NAME render\" as root, and log in anew"
            }
            (Self::Open, libc::EBUSY) => ". Another program has the card open; one at a time can",
            (Self::Open, libc::EAGAIN) => {
                ". The card is being reset, or its last user has just gone: try again in a moment"
            }
            (Self::Open, libc::EPERM) => {
                ". The card is out of order: write 1 to hard_reset in its sysfs directory, or load the driver anew"
            }
            (_, libc::ENODEV) => ". The card was removed or reset: close the device, and open it anew",
            (Self::Info, libc::EAGAIN | libc::ETIMEDOUT) => {
                ". The card's firmware does not answer; dmesg says more"
            }
            (Self::Info, libc::EIO) => ". The card's firmware does not know the question",
            (Self::Map, libc::ENOMEM) => {
                ". Memory may be short, or this process may not pin so much: see \"ulimit -l\" and dmesg"
            }
            (Self::Map, libc::EOPNOTSUPP) => {
                ". The card would get a copy of this memory (swiotlb): device memory and submissions still work"
            }
            (Self::Map, libc::EFAULT) => ". This memory is not the process's own, or cannot be written",
            (Self::Allocate, libc::ENOMEM) => ". Less device memory is free: \"goyactl list\" says how much",
            (Self::Submit, libc::EINVAL) => {
                ". A job is not right, or none is of a DMA queue (only these tell when they are done); dmesg says which"
            }
            (Self::Submit, libc::EPERM) => {
                ". A packet is not for users (dmesg says which), or a reset came in between"
            }
            (Self::Submit, libc::EFAULT) => ". Only DMA queue 1 may read host memory",
            (Self::Submit, libc::ENOEXEC) => ". The jobs to restore the card's state have failed",
            (Self::Events, libc::EINVAL) => {
                ". This device has an event listener already: there is one at a time"
            }
            (_, libc::EBUSY) => ". The card is not operational: \"goyactl list\" says what it is in",
            _ => "",
        }
    }

    /// Makes an error of what the kernel said.
    pub(crate) fn failed(self, doing: impl Into<String>, source: io::Error) -> Error {
        Error::System { doing: doing.into(), what: self, source }
    }

    /// Makes an error of a number.
    pub(crate) fn errno(self, doing: impl Into<String>, errno: i32) -> Error {
        self.failed(doing, io::Error::from_raw_os_error(errno))
    }
}

impl Error {
    /// The number that the kernel has for it (`errno`), or that comes nearest.
    #[must_use]
    pub fn errno(&self) -> i32 {
        match self {
            Self::NoCard(_) => libc::ENOENT,
            Self::System { source, .. } => match source.kind() {
                // Of the library's own, without a number: a fork has no right to its parent's card.
                io::ErrorKind::PermissionDenied => source.raw_os_error().unwrap_or(libc::EPERM),
                _ => source.raw_os_error().unwrap_or(libc::EIO),
            },
            Self::Overdue { .. } => libc::ETIMEDOUT,
            Self::Aborted { .. } => libc::EIO,
            Self::NoRoom => libc::EAGAIN,
            Self::AllInUse(_) => libc::ENOSPC,
            Self::NotOperational { .. } => libc::ETIMEDOUT,
            Self::Range { .. } | Self::Invalid(_) | Self::Syntax { .. } => libc::EINVAL,
        }
    }

    /// Whether the device has to be opened anew, because its card was reset or removed.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.errno() == libc::ENODEV
    }
}

/// Fails unless `len` bytes at `offset` are inside of `size` bytes.
pub(crate) fn inside(what: &'static str, offset: u64, len: u64, size: u64) -> Result {
    match offset.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Error::Range { what, offset, len, size }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_do() {
        let text = |call: Call, errno| call.errno("it", errno).to_string();
        assert!(text(Call::Open, libc::EACCES).contains("group render"));
        assert!(text(Call::Open, libc::EAGAIN).contains("try again"));
        assert!(text(Call::Open, libc::EPERM).contains("hard_reset"));
        assert!(text(Call::Open, libc::EBUSY).contains("Another program"));
        assert!(text(Call::Info, libc::EBUSY).contains("not operational"));
        assert!(text(Call::Map, libc::ENOMEM).contains("ulimit -l"));
        assert!(text(Call::Wait, libc::ENODEV).contains("anew"));
        assert!(text(Call::Map, libc::EINVAL).ends_with("(os error 22)"));
    }

    /// Whoever reads it may write in C or Python, or be a user of goyactl.
    #[test]
    fn errors_speak_no_rust() {
        const CALLS: [Call; 11] = [
            Call::Open,
            Call::Info,
            Call::CommandBuffer,
            Call::Allocate,
            Call::Map,
            Call::Export,
            Call::Submit,
            Call::Wait,
            Call::Events,
            Call::Debug,
            Call::Process,
        ];
        let advice = CALLS.iter().flat_map(|call| (1..134).map(|errno| call.advice(errno).to_owned()));
        let others =
            [Error::Overdue { seq: 1 }, Error::Aborted { seq: 1 }, Error::NoRoom, Error::AllInUse("x")];
        for text in advice.chain(others.iter().map(Error::to_string)) {
            assert!(!["::", "()", "drop", "Device"].iter().any(|word| text.contains(word)), "{text}");
        }
    }

    #[test]
    fn ranges_do_not_wrap() {
        assert!(inside("x", 4, 4, 8).is_ok() && inside("x", 8, 0, 8).is_ok());
        assert!(inside("x", 5, 4, 8).is_err() && inside("x", u64::MAX, 2, 8).is_err());
        assert_eq!(Error::Overdue { seq: 1 }.errno(), libc::ETIMEDOUT);
        assert!(Call::Wait.errno("", libc::ENODEV).is_gone());
        assert_eq!(Error::NotOperational { status: Status::InReset }.errno(), libc::ETIMEDOUT);
    }
}
