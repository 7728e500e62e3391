// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets, as a program writes them (Documentation/card-packets.rst).

/// A command buffer under construction.
#[derive(Debug, Default, Clone)]
pub struct Packets(Vec<u8>);

/// Waits until the engine is idle.
pub const ENGINE_BARRIER: u32 = 1 << 29;
/// Waits for earlier register writes.
pub const REGISTER_BARRIER: u32 = 1 << 30;
/// Waits for earlier messages.
pub const MESSAGE_BARRIER: u32 = 1 << 31;
const ALL: u32 = ENGINE_BARRIER | REGISTER_BARRIER | MESSAGE_BARRIER;
/// Completion message of a LIN_DMA.
pub const WRITE_COMPLETION: u32 = 1 << 2;
const MEMSET: u32 = 1 << 6;
/// First byte of the configuration space in device addresses.
pub const CFG: u64 = 0x7F_FC00_0000;
/// First sync object.
pub const SYNC_OBJECT: u64 = CFG + 0x11_2000;
/// Added to a sync object's value instead of replacing it.
pub const ADD: u32 = 1 << 31;

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

    fn words(mut self, words: &[u32]) -> Self {
        self.0.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        self
    }

    fn long(self, first: u32, ctl: u32, addresses: &[u64]) -> Self {
        let mut new = self.words(&[first, ctl]);
        new.0.extend(addresses.iter().flat_map(|a| a.to_le_bytes()));
        new
    }

    /// Anything: two words.
    pub fn raw(self, first: u32, ctl: u32) -> Self {
        self.words(&[first, ctl])
    }

    /// Does nothing.
    pub fn nop(self) -> Self {
        self.words(&[0, 10 << 24 | ALL])
    }

    /// Stops the queue.
    pub fn stop(self) -> Self {
        self.words(&[0, 11 << 24])
    }

    /// Writes a word anywhere.
    pub fn msg_long(self, address: u64, value: u32) -> Self {
        self.long(value, 3 << 24 | ALL, &[address])
    }

    /// A message that only a trusted queue may send.
    pub fn msg_prot(self, address: u64, value: u32) -> Self {
        self.long(value, 7 << 24 | ALL, &[address])
    }

    /// Writes a word at an offset from a base: 0 the monitors, 1 the sync objects.
    pub fn msg_short(self, base: u32, offset: u32, value: u32) -> Self {
        self.words(&[value, 4 << 24 | ALL | base << 22 | offset])
    }

    /// Sets a sync object, or adds with [`ADD`].
    pub fn sync_object(self, object: u32, value: u32) -> Self {
        self.msg_short(1, object * 4, value)
    }

    /// Has `monitor` write `data` to `address` once `object` is at least `value`.
    pub fn monitor(self, monitor: u32, object: u32, value: u32, address: u64, data: u32) -> Self {
        let at = monitor * 4;
        self.msg_short(0, at, address as u32)
            .msg_short(0, 0x400 + at, (address >> 32) as u32)
            .msg_short(0, 0x800 + at, data)
            .msg_short(0, 0xC00 + at, value << 16 | object)
    }

    /// Waits until fence `id` is at least `gate`, then takes `decrement` from it.
    pub fn fence(self, id: u32, gate: u32, decrement: u32) -> Self {
        self.words(&[id << 30 | gate << 16 | decrement, 8 << 24 | ALL])
    }

    /// Writes a register of the engine.
    pub fn wreg32(self, offset: u32, value: u32) -> Self {
        self.words(&[value, 1 << 24 | REGISTER_BARRIER | offset])
    }

    /// Writes registers of the engine one after the other; an even number of them.
    pub fn wreg_bulk(self, offset: u32, values: &[u32]) -> Self {
        self.words(&[values.len() as u32 / 2, 2 << 24 | REGISTER_BARRIER | offset]).words(values)
    }

    /// Hands a buffer to the command queue.
    pub fn cp_dma(self, source: u64, size: u32) -> Self {
        self.long(size, 5 << 24 | ALL, &[source])
    }

    /// Copies `size` bytes; `direction` is one of `hl_goya_dma_direction`.
    pub fn copy(self, direction: u32, source: u64, destination: u64, size: u32) -> Self {
        self.long(size, 9 << 24 | ALL | direction << 20 | 1, &[source, destination])
    }

    /// Fills memory with a value of eight bytes.
    pub fn fill(self, direction: u32, value: u64, destination: u64, size: u32) -> Self {
        self.long(size, 9 << 24 | ALL | direction << 20 | 1 | MEMSET, &[value, destination])
    }

    /// A copy that sends the channel's completion message at its end.
    pub fn copy_and_tell(self, direction: u32, source: u64, destination: u64, size: u32) -> Self {
        self.long(size, 9 << 24 | ALL | direction << 20 | 1 | WRITE_COMPLETION, &[source, destination])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_card() {
        let p = |p: Packets| p.bytes().len();
        let new = Packets::default;
        assert_eq!(p(new().nop()), 8);
        assert_eq!(p(new().msg_long(0, 0)), 16);
        assert_eq!(p(new().copy(0, 0, 0, 1)), 24);
        assert_eq!(p(new().wreg_bulk(0, &[1, 2])), 16);
        assert_eq!(p(new().monitor(0, 0, 0, 0, 0)), 32);
    }

    #[test]
    fn fields_are_where_the_card_looks() {
        assert_eq!(Packets::default().fence(3, 2, 1).bytes()[..4], (3u32 << 30 | 2 << 16 | 1).to_le_bytes());
        assert_eq!(dma_fence(1, 3), 0x7F_FC40_8164);
    }
}
