// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What all units have in common: a place, a lock, and time to settle.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::time::Delta;

use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::{self, Io, Offset};

/// How long a unit may take to settle (`CORESIGHT_TIMEOUT_USEC`).
const SETTLE: Delta = Delta::from_millis(100);
/// Lock access register of a CoreSight unit, and what unlocks it (`CORESIGHT_UNLOCK`).
const LOCK_ACCESS: Offset = Offset::new(0xfb0);
const UNLOCK: u32 = 0xc5ac_ce55;

/// Offsets of registers of a kind. The compiler evaluates this.
pub(super) const fn offsets<const N: usize>(bytes: [u32; N]) -> [Offset; N] {
    let mut offsets = [Offset::new(0); N];
    let mut n = 0;
    while n < N {
        offsets[n] = Offset::new(bytes[n]);
        n += 1;
    }
    offsets
}

/// The registers of a unit, by their offsets into it.
pub(super) struct Unit<'a, I> {
    io: &'a I,
    base: Offset,
}

impl<I: Io> Io for Unit<'_, I> {
    fn read32(&self, offset: Offset) -> u32 {
        self.io.read32(self.at(offset))
    }

    fn write32(&self, offset: Offset, value: u32) {
        self.io.write32(self.at(offset), value);
    }
}

impl<'a, I: Io> Unit<'a, I> {
    /// The unit at `base`.
    pub(super) fn new(io: &'a I, base: u32) -> Self {
        Self {
            io,
            base: Offset::new(base),
        }
    }

    /// Unit `index` of a table; `kind` is for the message. `EINVAL` if there is none.
    pub(super) fn find(
        dev: &Device,
        io: &'a I,
        table: &[u32],
        index: u32,
        kind: &str,
    ) -> Result<Self> {
        let place = usize::try_from(index).ok().and_then(|n| table.get(n));
        place.map(|&base| Self::new(io, base)).ok_or_else(|| {
            dev_err_ratelimited!(dev, "Invalid register index in {}\n", kind);
            EINVAL
        })
    }

    /// Where a register is. Units end before the configuration space does.
    fn at(&self, offset: Offset) -> Offset {
        self.base.plus(offset)
    }

    /// Allows writes to its registers.
    pub(super) fn unlock(&self) {
        self.write(LOCK_ACCESS, UNLOCK);
    }

    /// Writes to registers, in order: offset and value.
    pub(super) fn program(&self, writes: &[(Offset, u32)]) {
        for &(offset, value) in writes {
            self.write(offset, value);
        }
    }

    /// Waits until bit `bit` of a register is set (`up`) or clear. `EFAULT` if that does not happen in time.
    pub(super) fn settle(&self, dev: &Device, register: Offset, bit: u32, up: bool) -> Result {
        let settled = |value: u32| (value.wrapping_shr(bit) & 1 != 0) == up;
        hw::poll(self, register, SETTLE, settled).map_err(|_| {
            dev_err_ratelimited!(
                dev,
                "Timeout while waiting for coresight, addr: {:#x}, position: {}, up: {}\n",
                self.at(register).bytes(),
                bit,
                u32::from(up)
            );
            EFAULT
        })?;
        Ok(())
    }
}
