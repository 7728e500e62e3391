// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The compute engines: they take a configuration and "execute", which completes at once.
//!
//! Their arithmetic is not modelled: an execution has no effect but its completion message. The
//! registers are those of `tpc0_cfg_regs.h` and `mme_regs.h`.

use crate::access::Origin;
use crate::chip::Chip;
use crate::queue::QueueId;
use crate::regs::{MME, TPC_CFG, TPC_STRIDE};

const TPC_STATUS: u32 = 0x81C;
const TPC_SM_BASE: u32 = 0x828;
const TPC_EXECUTE: u32 = 0x838;
const TPC_STALL: u32 = 0x83C;
const TPC_SYNC_MESSAGE: u32 = 0xD14;
const TPC_MBIST_CNTRL: u32 = 0xE00;
/// Scalar and vector pipe and instruction queue empty, no access in flight.
const TPC_IDLE: u32 = 0x1E;

const MME_STATUS: u32 = 0x000;
const MME_SYNC_MESSAGE: u32 = 0x1A0;
const MME_CMD: u32 = 0x200;
const MME_STALL: u32 = 0x20C;
const MME_SM_BASE: u32 = 0x210;
/// All four input buffers empty.
const MME_IDLE: u32 = 0x780;

impl Chip {
    /// Reads a register of TPC `n`.
    pub(crate) fn tpc_register_read(&mut self, n: u8, offset: u32) -> u32 {
        let base = TPC_CFG + u32::from(n) * TPC_STRIDE;
        match offset - base {
            // A stalled TPC that was told to execute sits on it.
            TPC_STATUS if self.regs.get(base + TPC_STALL) & self.regs.get(base + TPC_EXECUTE) & 1 != 0 => 0,
            TPC_STATUS => TPC_IDLE,
            _ => self.regs.get(offset),
        }
    }

    /// Writes a register of TPC `n`.
    pub(crate) fn tpc_register_write(&mut self, n: u8, offset: u32, value: u32) {
        let base = TPC_CFG + u32::from(n) * TPC_STRIDE;
        match offset - base {
            // Starting the memory self test is having done it.
            TPC_MBIST_CNTRL => self.regs.set(offset, value | (value & 1) << 1),
            TPC_EXECUTE | TPC_STALL => {
                self.regs.set(offset, value);
                if self.regs.get(base + TPC_EXECUTE) & 1 != 0 && self.regs.get(base + TPC_STALL) & 1 == 0 {
                    self.regs.set(base + TPC_EXECUTE, 0);
                    self.complete(QueueId::TpcCmdq(n), base + TPC_SYNC_MESSAGE, base + TPC_SM_BASE);
                }
            }
            _ => self.regs.set(offset, value),
        }
    }

    /// Reads a register of the matrix engine.
    pub(crate) fn mme_register_read(&mut self, offset: u32) -> u32 {
        match offset - MME {
            MME_STATUS if self.mme_stalled() && self.regs.get(MME + MME_CMD) & 1 != 0 => 0,
            MME_STATUS => MME_IDLE,
            _ => self.regs.get(offset),
        }
    }

    /// Writes a register of the matrix engine.
    pub(crate) fn mme_register_write(&mut self, offset: u32, value: u32) {
        self.regs.set(offset, value);
        if matches!(offset - MME, MME_CMD | MME_STALL)
            && self.regs.get(MME + MME_CMD) & 1 != 0
            && !self.mme_stalled()
        {
            self.regs.set(MME + MME_CMD, 0);
            self.complete(QueueId::MmeCmdq, MME + MME_SYNC_MESSAGE, MME + MME_SM_BASE);
        }
    }

    fn mme_stalled(&self) -> bool {
        self.regs.get(MME + MME_STALL) != 0
    }

    /// Sends an engine's completion message: value 15:0 and operation 31 to the sync object at the
    /// byte offset in 30:16 from the engine's sync manager base. Without a base there is no message.
    fn complete(&mut self, id: QueueId, message: u32, base: u32) {
        tracing::debug!(target: "goya::packet", queue = %id, "execution done");
        let message = self.regs.get(message);
        let base = u64::from(self.regs.get(base)) | u64::from(self.regs.get(base + 4)) << 32;
        if base == 0 {
            return;
        }
        let address = base.wrapping_add(u64::from(message >> 16 & 0x7FFF));
        let allowed = self.protection_check(id, address, 4, true);
        let value = message & 0x8000_FFFF;
        if allowed.and_then(|()| self.message(address, value, Origin::Queue { id, secure: false })).is_err() {
            self.counters.faults += 1;
        }
    }
}
