// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Where the window to DRAM is.

use kernel::prelude::*;

/// What the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// DRAM from this device address on.
    At(u64),
    /// Nobody knows.
    Lost,
}

impl Place {
    /// Moves the window to `address` by `go`.
    pub(super) fn go_to(&mut self, address: u64, go: impl FnOnce() -> Result) -> Result {
        *self = Self::Lost;
        go()?;
        *self = Self::At(address);
        Ok(())
    }

    /// The offset of `len` bytes at device address `address` in a window of `size` bytes.
    ///
    /// Errors: `EIO`: nobody knows what it shows; `EFAULT`: they are not in it.
    pub(super) fn offset(self, size: u64, address: u64, len: usize) -> Result<usize> {
        let Self::At(base) = self else {
            return Err(EIO);
        };
        let offset = address.checked_sub(base).ok_or(EFAULT)?;
        match offset.checked_add(len as u64) {
            Some(end) if end <= size => Ok(usize::try_from(offset)?),
            _ => Err(EFAULT),
        }
    }
}

#[kunit_tests(goya_window)]
mod tests {
    use super::*;

    const SIZE: u64 = 1 << 29;

    #[test]
    fn offsets() {
        let place = Place::At(SIZE);
        assert_eq!(place.offset(SIZE, SIZE + 8, 4), Ok(8));
        assert_eq!(place.offset(SIZE, 2 * SIZE - 4, 4), Ok(SIZE as usize - 4));
        for (address, len) in [(SIZE - 4, 4), (2 * SIZE - 4, 8), (u64::MAX, 8)] {
            assert_eq!(place.offset(SIZE, address, len), Err(EFAULT));
        }
    }

    /// Nothing goes through a window after a move that failed, until one succeeds.
    #[test]
    fn lost() {
        let mut place = Place::At(0);
        assert_eq!(place.go_to(SIZE, || Err(EIO)), Err(EIO));
        for address in [0, SIZE] {
            assert_eq!(place.offset(SIZE, address, 4), Err(EIO));
        }
        assert_eq!(place.go_to(SIZE, || Ok(())), Ok(()));
        assert_eq!(place.offset(SIZE, SIZE, 4), Ok(0));
        assert_eq!(place.offset(SIZE, 0, 4), Err(EFAULT));
    }
}
