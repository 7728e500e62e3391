// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What programs are told of their commands.

use kernel::prelude::*;

/// What a program is told of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The result: 0 or an error.
    pub(crate) result: Result,
    /// The second result, for rings whose entries have room for it.
    pub(crate) second: u64,
}

impl Answer {
    /// The number that the program gets. Codes for a call that is made again (`ERESTARTSYS` and its kin) are none of them.
    pub(super) fn number(&self) -> i32 {
        number(self.result)
    }
}

/// The same of a result.
pub(super) fn number(result: Result) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) if error.to_errno() <= ERESTARTSYS.to_errno() => EINTR.to_errno(),
        Err(error) => error.to_errno(),
    }
}

#[kunit_tests(goya_uring_answer)]
mod tests {
    use super::*;

    /// A program never sees what means that a call is made again.
    #[test]
    fn numbers() {
        assert_eq!(number(Ok(())), 0);
        assert_eq!(number(Err(ETIMEDOUT)), ETIMEDOUT.to_errno());
        assert_eq!(number(Err(EAGAIN)), EAGAIN.to_errno());
        assert_eq!(number(Err(ERESTARTSYS)), EINTR.to_errno());
    }
}
