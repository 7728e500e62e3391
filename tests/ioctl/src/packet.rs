// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets by numbers, right or wrong: tests say things that the library's types cannot.

use goya::packet::{CommandDmaFlags, Direction, DmaFlags, Kind, MessageFlags, Packet};

/// A command buffer under construction: packets of the library's, and what is none.
#[derive(Debug, Default, Clone)]
pub struct Packets(Vec<u8>);

/// First byte of the configuration space in device addresses.
pub const CFG: u64 = 0x7F_FC00_0000;
/// First sync object.
pub const SYNC_OBJECT: u64 = CFG + 0x11_2000;
/// Added to a sync object's value instead of replacing it.
pub const ADD: u32 = 1 << 31;

/// Bit 15 of an arm register: equal, instead of greater or equal.
const EQUAL: u32 = 1 << 15;

/// The register that counts fence `fence` up, of DMA queue `n`.
pub fn dma_fence(n: u64, fence: u64) -> u64 {
    CFG + 0x40_0158 + n * 0x8000 + fence * 4
}

/// The same of TPC `n`'s queue manager.
pub fn tpc_fence(n: u64, fence: u64) -> u64 {
    CFG + 0xE0_8158 + n * 0x4_0000 + fence * 4
}

impl Packets {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that somebody else has made.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// These, and `others` behind them.
    pub fn then(mut self, others: &Self) -> Self {
        self.0.extend_from_slice(&others.0);
        self
    }

    fn words(mut self, words: &[u32]) -> Self {
        self.0.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        self
    }

    fn packet(mut self, kind: Kind) -> Self {
        Packet::from(kind).encode(&mut self.0);
        self
    }

    /// Anything: two words.
    pub fn raw(self, first: u32, ctl: u32) -> Self {
        self.words(&[first, ctl])
    }

    /// A packet with an opcode that there is not.
    pub fn undefined(self) -> Self {
        self.words(&[0, 0x1F << 24])
    }

    /// Does nothing.
    pub fn nop(self) -> Self {
        self.packet(Kind::Nop)
    }

    /// Stops the queue.
    pub fn stop(self) -> Self {
        self.packet(Kind::Stop)
    }

    /// Writes a word anywhere.
    pub fn msg_long(self, address: u64, value: u32) -> Self {
        self.packet(Kind::MessageLong { address, value, flags: MessageFlags::empty() })
    }

    /// A message that only a trusted queue may send.
    pub fn msg_prot(self, address: u64, value: u32) -> Self {
        self.packet(Kind::MessageProtected { address, value, flags: MessageFlags::empty() })
    }

    /// Writes a word at an offset from a base: 0 the monitors, 1 the sync objects.
    pub fn msg_short(self, base: u32, offset: u32, value: u32) -> Self {
        let (base, offset) = (base as u8, offset as u16);
        self.packet(Kind::MessageShort { base, offset, value, flags: MessageFlags::empty() })
    }

    /// Sets a sync object, or adds with [`ADD`].
    pub fn sync_object(self, object: u32, value: u32) -> Self {
        self.msg_short(1, object * 4, value)
    }

    fn monitor_of(self, monitor: u32, arm: u32, address: u64, data: u32) -> Self {
        let at = monitor * 4;
        self.msg_short(0, at, address as u32)
            .msg_short(0, 0x400 + at, (address >> 32) as u32)
            .msg_short(0, 0x800 + at, data)
            .msg_short(0, 0xC00 + at, arm)
    }

    /// Has `monitor` write `data` to `address` once `object` is at least `value`.
    pub fn monitor(self, monitor: u32, object: u32, value: u32, address: u64, data: u32) -> Self {
        self.monitor_of(monitor, (value << 16) | object, address, data)
    }

    /// Has `monitor` write `data` to `address` once `object` is exactly `value`.
    pub fn monitor_equal(self, monitor: u32, object: u32, value: u32, address: u64, data: u32) -> Self {
        self.monitor_of(monitor, (value << 16) | EQUAL | object, address, data)
    }

    /// Waits until fence `id` is at least `gate`, then takes `decrement` from it.
    pub fn fence(self, id: u32, gate: u32, decrement: u32) -> Self {
        self.packet(Kind::Fence { id: id as u8, gate: gate as u8, decrement: decrement as u8 })
    }

    /// Writes a register of the engine.
    pub fn wreg32(self, offset: u32, value: u32) -> Self {
        self.packet(Kind::WriteRegister { register: offset as u16, value, command_queue: false })
    }

    /// Writes registers of the engine one after the other; an even number of them.
    pub fn wreg_bulk(self, offset: u32, values: &[u32]) -> Self {
        let values = values.chunks_exact(2).map(|two| u64::from(two[1]) << 32 | u64::from(two[0])).collect();
        self.packet(Kind::WriteRegisters { register: offset as u16, values })
    }

    /// Hands a buffer to the command queue.
    pub fn cp_dma(self, source: u64, size: u32) -> Self {
        self.packet(Kind::CommandDma { source, size, flags: CommandDmaFlags::empty() })
    }

    fn lin_dma(self, flags: DmaFlags, direction: u32, source: u64, destination: u64, size: u32) -> Self {
        let (flags, direction) = (flags | DmaFlags::default(), Direction::ALL[direction as usize]);
        self.packet(Kind::LinearDma { source, destination, size, direction, flags, control: 0 })
    }

    /// Copies `size` bytes; `direction` is one of `hl_goya_dma_direction`.
    pub fn copy(self, direction: u32, source: u64, destination: u64, size: u32) -> Self {
        self.lin_dma(DmaFlags::empty(), direction, source, destination, size)
    }

    /// Fills memory with a value of eight bytes.
    pub fn fill(self, direction: u32, value: u64, destination: u64, size: u32) -> Self {
        self.lin_dma(DmaFlags::FILL, direction, value, destination, size)
    }

    /// A copy that sends the channel's completion message at its end.
    pub fn copy_and_tell(self, direction: u32, source: u64, destination: u64, size: u32) -> Self {
        self.lin_dma(DmaFlags::WRITE_COMPLETION, direction, source, destination, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(packets: &Packets) -> Vec<u32> {
        let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        packets.bytes().chunks_exact(4).map(word).collect()
    }

    fn new() -> Packets {
        Packets::default()
    }

    #[test]
    fn sizes_are_those_of_the_card() {
        for (packets, size) in [
            (new().nop(), 8),
            (new().stop(), 8),
            (new().msg_short(0, 0, 0), 8),
            (new().wreg32(0, 0), 8),
            (new().fence(0, 0, 0), 8),
            (new().msg_long(0, 0), 16),
            (new().msg_prot(0, 0), 16),
            (new().cp_dma(0, 0), 16),
            (new().copy(0, 0, 0, 1), 24),
            (new().wreg_bulk(0, &[1, 2]), 16),
            (new().monitor(0, 0, 0, 0, 0), 32),
        ] {
            assert_eq!(packets.bytes().len(), size, "{packets:?}");
        }
    }

    /// Against literal values, worked out by hand from the field masks of `goya_packets.h`.
    #[test]
    fn fields_are_where_the_card_looks() {
        assert_eq!(words(&new().nop()), [0, 0xEA00_0000]);
        assert_eq!(words(&new().stop()), [0, 0x0B00_0000]);
        assert_eq!(words(&new().fence(3, 2, 1)), [0xC002_0001, 0xE800_0000]);
        assert_eq!(words(&new().wreg32(0x1020, 7)), [7, 0x4100_1020]);
        assert_eq!(words(&new().wreg_bulk(8, &[1, 2, 3, 4])), [2, 0x4200_0008, 1, 2, 3, 4]);
        assert_eq!(words(&new().sync_object(5, ADD | 3)), [0x8000_0003, 0xE440_0014]);
        assert_eq!(words(&new().msg_long(0x12_3456_7890, 9)), [9, 0xE300_0000, 0x3456_7890, 0x12]);
        assert_eq!(words(&new().msg_prot(4, 9)), [9, 0xE700_0000, 4, 0]);
        assert_eq!(words(&new().cp_dma(0x7F_F000_8000, 64)), [64, 0xE500_0000, 0xF000_8000, 0x7F]);
        assert_eq!(words(&new().copy(7, 1, 2, 3)), [3, 0xE970_0001, 1, 0, 2, 0]);
        assert_eq!(words(&new().fill(1, 5, 6, 7)), [7, 0xE910_0041, 5, 0, 6, 0]);
        assert_eq!(words(&new().copy_and_tell(7, 1, 2, 3))[1], 0xE970_0005);
    }

    #[test]
    fn monitors_are_set_up_before_they_are_armed() {
        let all = words(&new().monitor_equal(2, 9, 4, 0x7F_FC40_8158, 1));
        assert_eq!(
            all,
            [0xFC40_8158, 0xE400_0008, 0x7F, 0xE400_0408, 1, 0xE400_0808, 0x0004_8009, 0xE400_0C08]
        );
    }

    #[test]
    fn fence_registers() {
        assert_eq!(dma_fence(1, 3), 0x7F_FC40_8164);
        assert_eq!(tpc_fence(7, 0), 0x7F_FCFC_8158);
    }
}
