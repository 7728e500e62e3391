// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The CPU queue: messages from the driver to the firmware (`hl_fw_send_cpu_message()`).
//!
//! A ring of 16-byte descriptors in host memory, reached through the MMU; indices run modulo twice
//! its length. Only one message is under way at a time: the driver waits for the fence.

use super::event_queue::Payload;
use super::message::Reply;
use super::{PI_UPDATE, SETSPI};
use crate::chip::Chip;
use crate::events::PKT_QUEUE_OUT_SYNC;
use crate::psoc::SCRATCHPAD;
use crate::regs::CPU_IF;

const PQ_BASE_LOW: u32 = SCRATCHPAD;
const PQ_LENGTH: u32 = SCRATCHPAD + 4 * 5;
const INIT_STATUS: u32 = SCRATCHPAD + 4 * 7;
const PQ_PI: u32 = CPU_IF + 0x100;
/// `enum pq_init_status` (`cpucp_if.h`).
const READY_FOR_CP: u32 = 1;
const READY_FOR_HOST: u32 = 2;
const LENGTH_NOT_POWER_OF_TWO: u32 = 4;
const ILLEGAL_ADDRESS: u32 = 5;

/// `CPUCP_PACKET_FENCE_VAL`: the answer is complete.
pub(super) const FENCE: u32 = 0xFE8C_E7A5;
/// Bytes of a message without an array behind it.
pub(super) const PACKET: usize = 24;
/// The longest message.
const MESSAGE_MAX: u32 = 64 << 10;
const RC_SHIFT: u32 = 12;

/// State of the CPU queue.
#[derive(Debug, Default)]
pub(crate) struct CpuQueue {
    /// Descriptors in the ring; zero before the driver has set it up.
    entries: u32,
    ci: u32,
}

impl Chip {
    /// The driver has written the producer index, or wants the queues set up.
    pub(super) fn cpu_queue_serve(&mut self) {
        if self.regs.get(INIT_STATUS) == READY_FOR_CP {
            let status = self.cpu_queue_set_up();
            self.regs.set(INIT_STATUS, status);
            return;
        }
        if self.faults.heartbeat_stopped() || self.cpu.queue.entries == 0 {
            return;
        }
        let indices = 2 * self.cpu.queue.entries - 1;
        let pi = self.regs.get(PQ_PI) & indices;
        while self.cpu.queue.ci != pi {
            let ci = self.cpu.queue.ci;
            let next = (ci + 1) & indices;
            self.cpu.queue.ci = next;
            match self.cpu_descriptor(ci) {
                // Software notes the index in the control word: both sides must agree on it.
                Some((_, _, ctl)) if ctl != next => {
                    tracing::debug!(target: "goya::cpucp", pi, ci, ctl, "out of sync");
                    self.cpu.queue.ci = pi;
                    self.raise_event_with(PKT_QUEUE_OUT_SYNC, Payload::SyncError { pi, ci });
                    return;
                }
                Some((pointer, length, _)) => self.cpu_message(pointer, length),
                None => {
                    self.raise_event_with(PKT_QUEUE_OUT_SYNC, Payload::SyncError { pi, ci });
                    return;
                }
            }
        }
    }

    /// Serves what came while the firmware was mute.
    pub(crate) fn cpu_queue_resume(&mut self) {
        self.gic_register_write(SETSPI, PI_UPDATE);
    }

    fn cpu_queue_set_up(&mut self) -> u32 {
        let entries = self.regs.get(PQ_LENGTH) / 16;
        if !entries.is_power_of_two() || entries > 1 << 20 {
            return LENGTH_NOT_POWER_OF_TWO;
        }
        let base = self.cpu_queue_base();
        if self.cpu_read(base, &mut [0; 16]).is_err() || !self.events_set_up() {
            return ILLEGAL_ADDRESS;
        }
        self.cpu.queue = CpuQueue { entries, ci: 0 };
        tracing::debug!(target: "goya::cpucp", entries, base = %format_args!("{base:#x}"), "queues set up");
        READY_FOR_HOST
    }

    fn cpu_queue_base(&self) -> u64 {
        self.regs.pair(PQ_BASE_LOW)
    }

    /// Pointer, length and control word of descriptor `ci`.
    fn cpu_descriptor(&mut self, ci: u32) -> Option<(u64, u32, u32)> {
        let at = self.cpu_queue_base().checked_add(u64::from(ci & (self.cpu.queue.entries - 1)) * 16)?;
        let mut bytes = [0; 16];
        self.cpu_read(at, &mut bytes).ok()?;
        let word = |i: usize| u32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        Some((u64::from(word(0)) | u64::from(word(4)) << 32, word(8), word(12)))
    }

    /// Serves the message at `pointer`: reads it once, then writes result, control word with return
    /// code, and the fence last.
    fn cpu_message(&mut self, pointer: u64, length: u32) {
        let mut message = vec![0; length.clamp(PACKET as u32, MESSAGE_MAX) as usize];
        if self.cpu_read(pointer, &mut message).is_err() {
            tracing::debug!(target: "goya::cpucp", pointer = %format_args!("{pointer:#x}"), "message cannot be read");
            return;
        }
        let ctl = u32::from_le_bytes([message[8], message[9], message[10], message[11]]);
        let reply = self.message_serve(&message);
        self.counters.cpu_messages += 1;
        let (result, rc) = match reply {
            Reply::Ok(result) => (result, 0),
            Reply::Error(rc) => (0, rc as u32),
        };
        tracing::debug!(target: "goya::cpucp", opcode = ctl >> 16 & 0x1FFF, result = %format_args!("{result:#x}"), rc, "message");
        let ctl = ctl & !(0xF << RC_SHIFT) | rc << RC_SHIFT;
        let answered = self
            .cpu_write(pointer, &result.to_le_bytes())
            .and_then(|()| self.cpu_write(pointer + 8, &ctl.to_le_bytes()))
            .and_then(|()| self.cpu_write(pointer + 12, &FENCE.to_le_bytes()));
        if answered.is_err() {
            tracing::debug!(target: "goya::cpucp", pointer = %format_args!("{pointer:#x}"), "answer cannot be written");
        }
    }
}
