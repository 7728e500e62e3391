// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Address space numbers (upstream `asid.c`).

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_spinlock, Arc, SpinLock};

/// Address spaces that the card can tell apart (`MAX_ASID`, `mmu_general.h`).
pub(crate) const ASIDS: u32 = 2;
/// The driver's own.
pub(crate) const KERNEL: u32 = 0;

/// The numbers that are in use.
#[pin_data]
pub(crate) struct Asids {
    /// Bit n stands for number n.
    #[pin]
    used: SpinLock<u32>,
}

/// The bit of a number, which is less than [`ASIDS`].
fn bit(number: u32) -> u32 {
    1u32.wrapping_shl(number)
}

/// A number that belongs to its holder, until he gives it back.
pub(crate) struct Asid {
    number: u32,
    given_back: Atomic<bool>,
    of: Arc<Asids>,
}

impl Asids {
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { used <- new_spinlock!(1 << KERNEL) }),
            GFP_KERNEL,
        )
    }

    /// The lowest number that nobody has; `ENOMEM` if there is none.
    pub(crate) fn allocate(self: &Arc<Self>) -> Result<Asid> {
        let mut used = self.used.lock();
        let number = used.trailing_ones();
        if number >= ASIDS {
            return Err(ENOMEM);
        }
        *used |= bit(number);
        Ok(Asid {
            number,
            given_back: Atomic::new(false),
            of: self.clone(),
        })
    }

    /// Whether somebody has a number, besides the driver.
    pub(crate) fn any(&self) -> bool {
        *self.used.lock() & !(1 << KERNEL) != 0
    }
}

impl Asid {
    /// The number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// From now on it may be somebody else's.
    pub(crate) fn give_back(&self) {
        if !self.given_back.xchg(true, Relaxed) {
            *self.of.used.lock() &= !bit(self.number);
        }
    }
}

impl Drop for Asid {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[kunit_tests(goya_asid)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_out_once() -> Result {
        let asids = Asids::new()?;
        let first = asids.allocate()?;
        assert_eq!(first.number(), 1);
        assert!(asids.allocate().is_err());
        assert!(asids.any());
        first.give_back();
        assert!(!asids.any());
        let second = asids.allocate()?;
        assert_eq!(second.number(), 1);
        // Whose it was does not take it from whose it is.
        drop(first);
        assert!(asids.any());
        Ok(())
    }
}
