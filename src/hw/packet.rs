// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The packets that Goya's queue managers execute, read from and written as little-endian bytes.
//!
//! Facts: upstream's `include/goya/goya_packets.h`; what the driver itself sends is in `goya/goya.c`
//! (`goya_add_end_of_cb_packets()`, `goya_memset_device_memory()`).

use kernel::{
    bitfield,
    prelude::*, //
};

use crate::hw::{
    map,
    regs::pcie::DBI_MSIX_DOORBELL_OFF,
    Offset, //
};

/// A write to this address raises the MSI-X vector that is written.
const MSIX_DOORBELL: u64 = map::register(Offset::of::<DBI_MSIX_DOORBELL_OFF>());

/// Bits of a MSI-X vector number that the doorbell takes.
const VECTOR_MASK: u32 = 0x7FF;

/// Bytes after a user's packets for those that announce the end of the job, see [`tail`].
pub(crate) const TAIL_SIZE: usize = 2 * MESSAGE_SIZE;

/// Bytes of a [`message`].
pub(crate) const MESSAGE_SIZE: usize = Opcode::MessageProtected.size();

/// The same in words of eight.
pub(crate) const MESSAGE_WORDS: usize = MESSAGE_SIZE / 8;

/// What a packet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    /// WREG_32: writes a register of the engine or of its queue.
    WriteRegister = 1,
    /// WREG_BULK: writes registers that follow each other.
    WriteRegisters = 2,
    /// MSG_LONG: writes 32 bits to an address.
    MessageLong = 3,
    /// MSG_SHORT: writes 32 bits to an offset from one of four bases.
    MessageShort = 4,
    /// CP_DMA: fetches more packets from memory.
    CommandDma = 5,
    /// MSG_PROT: MSG_LONG with the queue manager's own rights.
    MessageProtected = 7,
    /// FENCE: waits for a counter.
    Fence = 8,
    /// LIN_DMA: copies or fills memory.
    LinearDma = 9,
    /// NOP: does nothing.
    Nop = 10,
    /// STOP: stops the queue manager.
    Stop = 11,
}

impl Opcode {
    /// The opcode with number `raw`, if there is one.
    pub(crate) const fn from_raw(raw: u8) -> Option<Self> {
        Some(match raw {
            1 => Self::WriteRegister,
            2 => Self::WriteRegisters,
            3 => Self::MessageLong,
            4 => Self::MessageShort,
            5 => Self::CommandDma,
            7 => Self::MessageProtected,
            8 => Self::Fence,
            9 => Self::LinearDma,
            10 => Self::Nop,
            11 => Self::Stop,
            _ => return None,
        })
    }

    /// Size of the packet in bytes, without the values that follow a WREG_BULK.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::WriteRegister
            | Self::WriteRegisters
            | Self::MessageShort
            | Self::Fence
            | Self::Nop
            | Self::Stop => 8,
            Self::MessageLong | Self::MessageProtected | Self::CommandDma => 16,
            Self::LinearDma => 24,
        }
    }
}

bitfield! {
    /// What the second word of every packet has in common.
    pub(crate) struct Control(u32) {
        /// Waits for what was sent by messages before.
        31:31 message_barrier => bool;
        /// Waits for what was written to registers before.
        30:30 register_barrier => bool;
        /// Waits for the engine.
        29:29 engine_barrier => bool;
        /// Number of the [`Opcode`].
        28:24 opcode;
    }
}

bitfield! {
    /// The second word of a WREG_32.
    pub(crate) struct RegisterControl(u32) {
        /// In the block of the command queue, not in that of the engine.
        23:23 command_queue => bool;
        /// Offset of the register in its block.
        15:0 offset;
    }
}

bitfield! {
    /// The second word of a LIN_DMA.
    pub(crate) struct DmaControl(u32) {
        /// A [`Direction`], for the driver only.
        22:20 direction;
        /// Fills with the source's value instead of copying from it.
        6:6 fill => bool;
        /// Sends a message once all is written.
        2:2 write_completion => bool;
        /// Sends a message once all is read.
        1:1 read_completion => bool;
        /// Weakly ordered; the card demands it.
        0:0 weak_order => bool;
    }
}

/// What a LIN_DMA says of its two sides (`enum hl_goya_dma_direction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From host memory to DRAM.
    HostToDram = 0,
    /// From host memory to SRAM.
    HostToSram = 1,
}

/// A WREG_32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WriteRegister {
    /// What is written.
    pub(crate) value: u32,
    /// Where to.
    pub(crate) control: RegisterControl,
}

/// A LIN_DMA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LinearDma {
    /// Bytes to copy or to fill.
    pub(crate) size: u32,
    /// How.
    pub(crate) control: DmaControl,
    /// Address in the card's view, or the value to fill with.
    pub(crate) source: u64,
    /// Address in the card's view.
    pub(crate) destination: u64,
}

/// A packet, as far as somebody looks into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Packet {
    /// WREG_32.
    WriteRegister(WriteRegister),
    /// LIN_DMA.
    LinearDma(LinearDma),
    /// Any other kind.
    Other(Opcode),
}

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// Fewer bytes than any packet has.
    TooShort,
    /// No packet has this number.
    Unknown(u8),
    /// The packet is longer than the bytes.
    Truncated(Opcode),
}

impl Packet {
    /// Reads the packet at the beginning of `bytes`; what follows it there doesn't matter.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (&first, rest) = bytes.split_first_chunk().ok_or(DecodeError::TooShort)?;
        let [value, control] = halves(first);
        let raw = Control::from(control).opcode().cast::<u8>().get();
        let opcode = Opcode::from_raw(raw).ok_or(DecodeError::Unknown(raw))?;
        if bytes.len() < opcode.size() {
            return Err(DecodeError::Truncated(opcode));
        }
        Ok(match opcode {
            Opcode::WriteRegister => Self::WriteRegister(WriteRegister {
                value,
                control: control.into(),
            }),
            Opcode::LinearDma => {
                let short = DecodeError::Truncated(opcode);
                let (&source, rest) = rest.split_first_chunk().ok_or(short)?;
                let (&destination, _) = rest.split_first_chunk().ok_or(short)?;
                Self::LinearDma(LinearDma {
                    size: value,
                    control: control.into(),
                    source: u64::from_le_bytes(source),
                    destination: u64::from_le_bytes(destination),
                })
            }
            other => Self::Other(other),
        })
    }

    /// What the packet does.
    pub(crate) const fn opcode(&self) -> Opcode {
        match self {
            Self::WriteRegister(_) => Opcode::WriteRegister,
            Self::LinearDma(_) => Opcode::LinearDma,
            Self::Other(opcode) => *opcode,
        }
    }
}

impl WriteRegister {
    /// The packet's bytes; it waits for registers written before, as the card demands. For tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn to_bytes(self) -> [u8; 8] {
        let control = header(Opcode::WriteRegister).with_register_barrier(true);
        join(&[word(
            self.value,
            self.control.into_raw() | control.into_raw(),
        )])
    }
}

impl LinearDma {
    /// The packet's bytes, with the barriers of `barriers`.
    pub(crate) fn to_bytes(self, barriers: Control) -> [u8; 24] {
        let control = header(Opcode::LinearDma).into_raw() | barriers.into_raw();
        let first = word(self.size, self.control.into_raw() | control);
        join(&[first, self.source, self.destination])
    }
}

/// A NOP, for tests.
#[cfg(CONFIG_KUNIT = "y")]
pub(crate) fn nop() -> [u8; 8] {
    join(&[word(0, header(Opcode::Nop).into_raw())])
}

/// A MSG_PROT that writes `value` to `address` after all that was sent by messages before, and after
/// the engine has done its work if `engine` says so.
pub(crate) fn message(address: u64, value: u32, engine: bool) -> [u8; 16] {
    join(&message_words(address, value, engine))
}

fn message_words(address: u64, value: u32, engine: bool) -> [u64; MESSAGE_WORDS] {
    let control = header(Opcode::MessageProtected)
        .with_message_barrier(true)
        .with_engine_barrier(engine);
    [word(value, control.into_raw()), address]
}

/// The [`TAIL_SIZE`] bytes that end a job of an external queue, two packets: `entry` is written to the completion
/// queue's entry at `address` (as the card sees it), then MSI-X vector `vector` is raised. In words, of the host's order.
pub(crate) fn tail(address: u64, entry: u32, vector: u32) -> [[u64; MESSAGE_WORDS]; 2] {
    [
        message_words(address, entry, true),
        message_words(MSIX_DOORBELL, vector & VECTOR_MASK, false),
    ]
}

/// The packet that copies `size` bytes of host memory at `source`, as the card sees it, to DRAM at `destination`.
pub(crate) fn copy_to_dram(source: u64, destination: u64, size: u32) -> [u8; 24] {
    transfer(size, false, source, destination, Direction::HostToDram)
}

/// The packet that fills `size` bytes at `address` with `value`. `direction` tells DRAM ([`Direction::HostToDram`])
/// from SRAM ([`Direction::HostToSram`]).
pub(crate) fn fill(address: u64, size: u32, value: u64, direction: Direction) -> [u8; 24] {
    transfer(size, true, value, address, direction)
}

/// A LIN_DMA of the driver's own.
fn transfer(
    size: u32,
    fill: bool,
    source: u64,
    destination: u64,
    direction: Direction,
) -> [u8; 24] {
    let control = DmaControl::zeroed()
        .with_fill(fill)
        .with_weak_order(true)
        .into_raw()
        | ((direction as u32) << DmaControl::DIRECTION_SHIFT);
    let barriers = Control::zeroed()
        .with_register_barrier(true)
        .with_message_barrier(true);
    LinearDma {
        size,
        control: control.into(),
        source,
        destination,
    }
    .to_bytes(barriers)
}

/// The beginning of a second word.
fn header(opcode: Opcode) -> Control {
    Control::from((opcode as u32) << Control::OPCODE_SHIFT)
}

/// Two words as the card's memory has them.
fn word(first: u32, second: u32) -> u64 {
    u64::from(first) | u64::from(second) << 32
}

/// The reverse of [`word`].
fn halves(bytes: [u8; 8]) -> [u32; 2] {
    let both = u64::from_le_bytes(bytes);
    [both as u32, (both >> 32) as u32]
}

/// The bytes of `words`, which are to be `N / 8`.
fn join<const N: usize>(words: &[u64]) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[kunit_tests(goya_packet)]
mod tests {
    use super::*;

    #[test]
    fn tail_is_upstreams() {
        assert_eq!(
            tail(0x80_1234_5678, 0xC000_0001, 0x803),
            [
                [0xA700_0000_C000_0001, 0x80_1234_5678],
                [0x8700_0000_0000_0003, 0x7F_FCC0_2948],
            ]
        );
    }

    #[test]
    fn transfers_are_upstreams() {
        let decoded = |control: u32, source, destination| {
            Ok(Packet::LinearDma(LinearDma {
                size: 4096,
                control: control.into(),
                source,
                destination,
            }))
        };
        let bytes = fill(0x1000_0000, 4096, 7, Direction::HostToSram);
        let expected = decoded(0xC910_0041, 7, 0x1000_0000);
        assert_eq!(Packet::decode(&bytes), expected);
        let bytes = copy_to_dram(0x80_0000_1000, 0x1000_0000, 4096);
        let expected = decoded(0xC900_0001, 0x80_0000_1000, 0x1000_0000);
        assert_eq!(Packet::decode(&bytes), expected);
    }

    #[test]
    fn decode_what_is_no_packet() {
        assert_eq!(Packet::decode(&[0; 7]), Err(DecodeError::TooShort));
        assert_eq!(Packet::decode(&[0; 8]), Err(DecodeError::Unknown(0)));
        let bytes = message(0, 0, false);
        let prefix = bytes.get(..15).unwrap_or_default();
        assert_eq!(
            Packet::decode(prefix),
            Err(DecodeError::Truncated(Opcode::MessageProtected))
        );
        // The barriers are no part of the number.
        assert_eq!(
            Packet::decode(&[0, 0, 0, 0, 0, 0, 0, 0xEA]),
            Ok(Packet::Other(Opcode::Nop))
        );
    }
}
