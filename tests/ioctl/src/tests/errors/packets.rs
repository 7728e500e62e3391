// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets that users may not send (`goya_validate_cb()`).
//!
//! A packet that is allowed is followed by one that is not: that it was allowed shows in the error, and
//! nothing runs.

use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::Packets;
use goya_tests::sys::errno;
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use libc::{EFAULT, EINVAL, EPERM};

use super::{Before, Drops, expect};
use crate::tests::submit::EXTERNAL;

/// Where mapped host memory begins, and ends.
const HOST: u64 = 0x1_0000_0000_0000;
const HOST_END: u64 = 0x3_FF80_0000_0000;

fn new() -> Packets {
    Packets::default()
}

/// The header of a packet with nothing behind it.
fn header(opcode: u32) -> Packets {
    new().raw(0, opcode << 24)
}

struct Refusals<'a> {
    card: &'a Card,
    count: u64,
}

impl Refusals<'_> {
    /// `packets` are refused on a queue.
    fn check(&mut self, queue: u32, packets: &Packets, error: i32, what: &str) -> Result {
        self.cut(queue, packets, packets.bytes().len(), error, what)
    }

    /// The first `size` bytes of `packets` are.
    fn cut(&mut self, queue: u32, packets: &Packets, size: usize, error: i32, what: &str) -> Result {
        let mut job = self.card.job(queue, packets)?;
        job.chunk.__bindgen_anon_2.cb_size = size as u32;
        check_eq!(errno(self.card.submit(&[job.chunk], 0, 0)), error, format!("queue {queue}: {what}"));
        self.count += 1;
        Ok(())
    }

    /// `packets` are not refused, but what is behind them is.
    fn allowed(&mut self, queue: u32, packets: &Packets, what: &str) -> Result {
        self.check(queue, &packets.clone().stop(), EPERM, &format!("{what}, then STOP"))?;
        // What is refused by the same number would look the same.
        self.check(queue, &packets.clone().undefined(), EINVAL, &format!("{what}, then nonsense"))
    }
}

pub fn all() -> Result {
    let card = Card::open()?;
    expect(&[
        "Invalid packet id",
        "is out of CB boundary",
        "User not allowed to use",
        "WREG32 packet with illegal address",
        "Can't DMA from host on queue other then 1",
        "Got DMA with size 0",
        "Failed to parse JOB",
    ])?;
    let mut before = Before::new(&card)?;
    let mut refusals = Refusals { card: &card, count: 0 };
    for queue in EXTERNAL {
        forbidden(&mut refusals, queue)?;
    }
    unknown(&mut refusals)?;
    truncated(&mut refusals)?;
    registers(&mut refusals)?;
    copies(&mut refusals)?;
    places(&mut refusals)?;
    let count = refusals.count;
    before.counted(Drops::parsing(count), "packets")?;
    before.unchanged()
}

/// Packets of the driver's.
fn forbidden(refusals: &mut Refusals<'_>, queue: u32) -> Result {
    for (what, packets) in [
        ("WREG_BULK", new().wreg_bulk(0x1020, &[1, 2])),
        ("WREG_BULK of nothing", new().wreg_bulk(0x1020, &[])),
        ("CP_DMA", new().cp_dma(SRAM, 8)),
        ("MSG_PROT", new().msg_prot(SRAM, 1)),
        ("STOP", new().stop()),
        ("STOP behind a NOP", new().nop().stop()),
        ("STOP before nonsense", new().stop().undefined()),
    ] {
        refusals.check(queue, &packets, EPERM, what)?;
    }
    refusals.check(queue, &new().undefined().stop(), EINVAL, "nonsense before STOP")
}

/// Numbers without a packet.
fn unknown(refusals: &mut Refusals<'_>) -> Result {
    for opcode in [0, 6].into_iter().chain(12..32) {
        refusals.check(2, &header(opcode), EINVAL, &format!("opcode {opcode}"))?;
    }
    // The other bits of the header say nothing of the number.
    refusals.check(2, &new().raw(u32::MAX, 0xE0FF_FFFF), EINVAL, "opcode 0 with all other bits")?;
    let all = new().nop().msg_long(SRAM, 1).msg_short(1, 0, 1).fence(0, 1, 1);
    refusals.allowed(3, &all, "packets that are the user's")
}

/// Packets whose ends lie behind the end of the job; then they may be forbidden as well.
fn truncated(refusals: &mut Refusals<'_>) -> Result {
    for (what, packets) in [
        ("MSG_LONG", new().msg_long(SRAM, 1)),
        ("CP_DMA", new().cp_dma(SRAM, 8)),
        ("MSG_PROT", new().msg_prot(SRAM, 1)),
        ("LIN_DMA", new().copy(6, SRAM, SRAM + 64, 0)),
    ] {
        let len = packets.bytes().len();
        for size in (8..len).step_by(8).chain([len - 1, len - 4]) {
            refusals.cut(2, &packets, size, EINVAL, &format!("{size} bytes of {what}"))?;
        }
    }
    for size in 9..16 {
        refusals.cut(2, &new().nop().nop(), size, EINVAL, &format!("{size} bytes of two NOPs"))?;
        // Such a header is none, whatever it would be.
        refusals.cut(2, &new().nop().stop(), size, EINVAL, &format!("{size} bytes of NOP and STOP"))?;
    }
    Ok(())
}

/// Registers but the one that is the user's.
fn registers(refusals: &mut Refusals<'_>) -> Result {
    let offsets = (0x1000..0x1040).step_by(4).chain([0, 4, 0x20, 0x1021, 0x1022, 0x1FFC, 0x3020, 0xFFFF]);
    for offset in offsets.filter(|offset| *offset != 0x1020) {
        refusals.check(2, &new().wreg32(offset, 1), EPERM, &format!("WREG_32 of {offset:#x}"))?;
    }
    for value in [0, 1, u32::MAX] {
        refusals.allowed(2, &new().wreg32(0x1020, value), &format!("WREG_32 with {value:#x}"))?;
    }
    // Bits above the offset's are not the offset's.
    refusals.allowed(2, &new().raw(1, 1 << 24 | 0x1_1020), "WREG_32 with another bit")
}

/// Copies of nothing, and from host memory.
fn copies(refusals: &mut Refusals<'_>) -> Result {
    for direction in 0..8 {
        let empty = new().copy(direction, SRAM, SRAM + 64, 0);
        refusals.check(2, &empty, EINVAL, &format!("a copy of nothing, direction {direction}"))?;
    }
    for queue in EXTERNAL {
        // Nothing is copied from the host, either.
        refusals.check(queue, &new().copy(0, HOST, SRAM, 0), EINVAL, "a copy of nothing from the host")?;
        let size = 64;
        for (what, packets) in [
            ("the first bytes of the host", new().copy(0, HOST, SRAM, size)),
            ("as if within the card", new().copy(6, HOST + 4096, SRAM, size)),
            ("the host's last bytes but one", new().copy(2, HOST_END - 65, SRAM, size)),
            ("all that a copy can have", new().copy(2, HOST, SRAM, u32::MAX)),
            // A value to fill with is no address, but is taken for one.
            ("a fill with such a value", new().fill(0, HOST, SRAM, size)),
        ] {
            if queue == goya_queue_id::GOYA_QUEUE_ID_DMA_1 {
                refusals.allowed(queue, &packets, what)?;
            } else {
                // The first error counts, whatever comes behind it.
                refusals.check(queue, &packets.clone().stop(), EFAULT, what)?;
            }
        }
    }
    for (what, packets) in [
        ("a copy to the host", new().copy(1, SRAM, HOST, 64)),
        ("what begins before the host", new().copy(0, HOST - 1, SRAM, 64)),
        ("what ends behind the host", new().copy(0, HOST_END - 63, SRAM, 64)),
        ("what is behind the host", new().copy(0, HOST_END, SRAM, 64)),
        ("what wraps round", new().copy(0, u64::MAX - 10, SRAM, 64)),
        ("memory that is not mapped", new().copy(6, 0x8_0000_0000, SRAM, 64)),
        ("no memory at all", new().copy(6, 0, 0x10, 64)),
    ] {
        refusals.allowed(2, &packets, what)?;
    }
    Ok(())
}

/// A packet is found wherever it is: the driver may look at parts of a buffer.
fn places(refusals: &mut Refusals<'_>) -> Result {
    let nops = |count: usize| (0..count).fold(new(), |packets, _| packets.nop());
    for count in [126, 127, 128, 511, 512, 1500] {
        refusals.check(1, &nops(count).stop(), EPERM, &format!("STOP behind {count} NOPs"))?;
        let packets = nops(count).copy(6, SRAM, SRAM + 64, 64);
        refusals.check(1, &packets.clone().stop(), EPERM, &format!("a copy and STOP behind {count} NOPs"))?;
        let end = packets.bytes().len() - 8;
        refusals.cut(1, &packets, end, EINVAL, &format!("a cut copy behind {count} NOPs"))?;
    }
    Ok(())
}
