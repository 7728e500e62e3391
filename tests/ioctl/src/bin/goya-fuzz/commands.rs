// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What command buffers hold: packets of all kinds, most of which make sense.

use goya_tests::device::SRAM;
use goya_tests::packet::{self, ADD, CFG, Packets};

use crate::random::Random;
use crate::user::Range;

/// How many queues of external DMA there are, from the first.
pub const EXTERNAL: u64 = 4;
/// SRAM that copies use.
pub const SRAM_SIZE: u64 = 4 << 20;
/// The most bytes of a copy.
const COPIED: u64 = 256 << 10;

/// Memory that packets use.
#[derive(Debug, Clone, Copy)]
pub struct Targets {
    pub host: Option<Range>,
    pub device: Option<Range>,
}

/// Packets for queue `queue`; if `rough`, also such as nobody ends, or that stop it.
pub fn packets(random: &mut Random, targets: Targets, queue: u64, rough: bool) -> Vec<u8> {
    let mut packets = Packets::default();
    for _ in 0..=random.below(8) {
        packets = one(random, packets, targets, queue, rough);
    }
    let mut bytes = packets.bytes().to_vec();
    if rough && random.once_in(8) {
        let at = random.below(bytes.len() as u64) as usize;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
    bytes
}

fn one(random: &mut Random, packets: Packets, targets: Targets, queue: u64, rough: bool) -> Packets {
    let object = random.below(1024) as u32;
    match random.below(if rough { 16 } else { 11 }) {
        0..=2 => packets.nop(),
        3..=6 => copy(random, packets, targets),
        7 => {
            let to = place(random, targets);
            let size = random.size(COPIED) as u32;
            packets.fill(random.below(8) as u32, random.next(), to.start, random.near32(size))
        }
        8 => packets.sync_object(object, random.near32(ADD | 1) & 0x8000_FFFF),
        9 => {
            // A fence that opens, sooner or later.
            let (monitor, fence) = (random.below(256) as u32, random.below(4));
            let opens = packet::dma_fence(queue, fence);
            packets.monitor(monitor, object, 1, opens, 1).sync_object(object, 1).fence(fence as u32, 1, 1)
        }
        10 => packets.msg_long(random.near(packet::SYNC_OBJECT + u64::from(object) * 4), 1),
        11 => packets.fence(random.below(4) as u32, random.below(256) as u32, random.below(16) as u32),
        12 => packets.wreg32(random.below(0x1_0000) as u32, random.number() as u32),
        13 => packets.cp_dma(place(random, targets).start, random.size(4096) as u32),
        14 => match random.below(4) {
            0 => packets.stop(),
            1 => packets.undefined(),
            2 => packets.msg_prot(CFG + random.below(1 << 26), random.number() as u32),
            _ => packets.msg_long(random.number(), random.number() as u32),
        },
        _ => packets.raw(random.next() as u32, random.next() as u32),
    }
}

fn copy(random: &mut Random, packets: Packets, targets: Targets) -> Packets {
    let (from, to) = (place(random, targets), place(random, targets));
    let size = random.size(from.size.min(to.size).min(COPIED)) as u32;
    let size = random.near32(size);
    let direction = random.near32(direction(from.kind, to.kind));
    let (from, to) = (random.near(from.start), random.near(to.start));
    packets.copy(direction & 7, from, to, size)
}

/// Where something is.
#[derive(Clone, Copy, PartialEq)]
enum PlaceKind {
    Host,
    Dram,
    Sram,
}

struct Place {
    kind: PlaceKind,
    start: u64,
    size: u64,
}

/// `hl_goya_dma_direction`.
fn direction(from: PlaceKind, to: PlaceKind) -> u32 {
    use PlaceKind::{Dram, Host, Sram};
    use goya_uapi::hl_goya_dma_direction as direction;
    match (from, to) {
        (Host, Dram) => direction::HL_DMA_HOST_TO_DRAM,
        (Host, _) => direction::HL_DMA_HOST_TO_SRAM,
        (Dram, Sram) => direction::HL_DMA_DRAM_TO_SRAM,
        (Sram, Dram) => direction::HL_DMA_SRAM_TO_DRAM,
        (Dram, Host) => direction::HL_DMA_DRAM_TO_HOST,
        (Sram, Host) => direction::HL_DMA_SRAM_TO_HOST,
        (Dram, Dram) => direction::HL_DMA_DRAM_TO_DRAM,
        (Sram, Sram) => direction::HL_DMA_SRAM_TO_SRAM,
    }
}

fn place(random: &mut Random, targets: Targets) -> Place {
    let (kind, range) = match random.below(3) {
        0 => (PlaceKind::Host, targets.host),
        1 => (PlaceKind::Dram, targets.device),
        _ => (PlaceKind::Sram, None),
    };
    match range {
        Some(range) => Place { kind, start: range.start, size: range.size },
        None => Place { kind: PlaceKind::Sram, start: SRAM + random.below(16) * 4096, size: SRAM_SIZE },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_whole_words_and_repeat() {
        let targets = Targets { host: Some(Range { start: 1 << 48, size: 4096 }), device: None };
        for seed in 0..200 {
            let make = || packets(&mut Random::new(seed, 8), targets, 1, seed % 2 == 0);
            assert_eq!((make().len() % 4, make()), (0, make()));
        }
    }
}
