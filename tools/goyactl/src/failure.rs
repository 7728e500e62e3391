// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What can go wrong, with exit codes for scripts.

use std::io;
use std::path::Path;

use goya::{Call, Error};

/// Result of whatever a command does.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// Why a command failed. The numbers are the exit codes, which scripts know; 2 is a wrong command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Anything else; what was checked is not as it should be.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// There is no such card.
    NoCard = 3,
    /// Somebody else may, but not this user.
    NoPermission = 4,
    /// Somebody else has the card.
    Busy = 5,
    /// The card is out of order, being reset, or gone.
    NotReady = 6,
    /// A signal has ended it.
    Interrupted = 130,
}

/// A failure: its kind, and what a person can do.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    text: String,
    pipe: bool,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), pipe: false }
    }

    /// Something is not as it should be.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::new(Kind::Failed, text)
    }

    /// The command line makes no sense.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Kind::Usage, text)
    }

    /// A file is not to be read or written.
    pub fn file(path: &Path, error: io::Error) -> Self {
        Self::from(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// The answer cannot be written to standard output. What else breaks (a file, a socket) is a failure like any other.
    pub fn output(error: io::Error) -> Self {
        Self { pipe: error.kind() == io::ErrorKind::BrokenPipe, ..error.into() }
    }

    /// What it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The exit code.
    pub const fn code(&self) -> u8 {
        self.kind as u8
    }

    /// What a person can do.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nobody reads the answer.
    pub const fn is_broken_pipe(&self) -> bool {
        self.pipe
    }

    /// The same with more to say.
    pub fn with(mut self, more: &str) -> Self {
        if !more.is_empty() {
            self.text = format!("{}. {more}", self.text);
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NoCard(_) => Kind::NoCard,
            Error::Overdue { .. } | Error::Aborted { .. } | Error::NotOperational { .. } => Kind::NotReady,
            Error::System { what, .. } => match (what, error.errno()) {
                (Call::Open, libc::EACCES) => Kind::NoPermission,
                (Call::Open, libc::EBUSY) => Kind::Busy,
                (Call::Open, libc::EPERM | libc::EAGAIN) => Kind::NotReady,
                (Call::Open, libc::ENOENT | libc::ENXIO) => Kind::NoCard,
                (_, libc::ENODEV | libc::EBUSY | libc::ETIMEDOUT) => Kind::NotReady,
                _ => Kind::Failed,
            },
            _ => Kind::Failed,
        };
        // What the library tells a program to do is not always what a person can.
        let text = match &error {
            Error::Overdue { seq } => {
                format!(
                    "submission {seq} ran longer than it may, and the driver resets the card for that; dmesg says more"
                )
            }
            Error::Aborted { seq } => {
                format!("submission {seq} was ended by a reset of the card; dmesg says why there was one")
            }
            Error::System { doing, what: Call::Open, source }
                if source.raw_os_error() == Some(libc::EAGAIN) =>
            {
                format!("{doing}: the card is being reset, or its last user has just gone: try again")
            }
            _ => error.to_string(),
        };
        Self::new(kind, text)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => Kind::NoPermission,
            _ => Kind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(what: Call, errno: i32) -> Failure {
        let source = io::Error::from_raw_os_error(errno);
        Error::System { doing: "open it".into(), what, source }.into()
    }

    #[test]
    fn scripts_can_tell_what_is_wrong() {
        assert_eq!(Failure::from(Error::NoCard("none".into())).code(), 3);
        assert_eq!(system(Call::Open, libc::EACCES).code(), 4);
        assert!(system(Call::Open, libc::EACCES).text().contains("render"));
        assert_eq!(system(Call::Open, libc::EBUSY).code(), 5);
        assert_eq!(system(Call::Open, libc::EPERM).code(), 6);
        assert_eq!(system(Call::Info, libc::EBUSY).code(), 6);
        assert_eq!(system(Call::Map, libc::ENOMEM).code(), 1);
        assert_eq!(Failure::from(Error::Aborted { seq: 1 }).code(), 6);
        assert!(system(Call::Open, libc::EAGAIN).text().ends_with("try again"));
        assert_eq!(Failure::usage("no").with("more").text(), "no. more");
    }

    #[test]
    fn an_answer_that_nobody_reads_is_no_failure() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(Failure::output(broken()).is_broken_pipe());
        assert!(!Failure::output(io::Error::from(io::ErrorKind::NotFound)).is_broken_pipe());
        // A file that is a pipe, and the card's control socket, are not the answer.
        assert!(!Failure::file(Path::new("/x"), broken()).is_broken_pipe());
        assert!(!Failure::from(broken()).is_broken_pipe());
    }
}
