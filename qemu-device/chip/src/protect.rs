// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Protection: range registers in the routers and protection bits in each register block.

use crate::chip::Chip;
use crate::host::BusError;
use crate::queue::QueueId;

/// The ranges that non-secure accesses may not touch.
#[derive(Debug, Default)]
pub struct Protection {}

impl Chip {
    /// Checks a non-secure access of `len` bytes at `addr` (before translation) by queue `id`.
    pub(crate) fn protection_check(
        &mut self,
        id: QueueId,
        addr: u64,
        len: u64,
        write: bool,
    ) -> Result<(), BusError> {
        let _ = (id, addr, len, write);
        Ok(())
    }
}
