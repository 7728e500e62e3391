// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The compute engines: how they are told to work, and how they say that they have.
//!
//! | file | question it answers |
//! |---|---|
//! | [`launch`] | how a TPC's registers start, stall and end a kernel |
//! | [`bus`] | what a TPC's kernel reaches |
//! | [`windows`] | what it has reached a moment ago |
//! | [`mme`] | the matrix engine, whose arithmetic is not modelled |

mod bus;
pub(crate) mod launch;
mod mme;
#[cfg(test)]
mod tests;
mod windows;

use crate::access::Origin;
use crate::chip::Chip;
use crate::queue::QueueId;
use crate::registers::RegisterFile;

/// The message of an engine that has executed (`SYNC_OBJECT` of TPC and MME).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Completion {
    /// To a sync object; nowhere without a sync manager's base.
    address: Option<u64>,
    value: u32,
}

impl Completion {
    /// Value 15:0 and operation 31 go to the sync object at the byte offset in 30:16 from the engine's sync manager base.
    fn new(regs: &RegisterFile, message: u32, base: u32) -> Self {
        let message = regs.get(message);
        let base = regs.pair(base);
        let address = base.wrapping_add(u64::from(message >> 16 & 0x7FFF));
        Self { address: (base != 0).then_some(address), value: message & 0x8000_FFFF }
    }
}

impl Chip {
    /// Sends the message of the engine of queue `id`, which has executed.
    fn complete(&mut self, id: QueueId, Completion { address, value }: Completion) {
        tracing::debug!(target: "goya::packet", queue = %id, "execution done");
        let Some(address) = address else { return };
        let allowed = self.protection_check(id, address, 4, true);
        if allowed.and_then(|()| self.message(address, value, Origin::Queue { id, secure: false })).is_err() {
            self.counters.faults += 1;
        }
    }
}
