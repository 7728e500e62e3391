// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets: what the card's queues execute.
//!
//! [`Packet`] is one, to and from bytes; [`text`] is the form for people, both ways. Facts: `Documentation/card-packets.rst`.

mod decode;
mod encode;
pub mod text;

use bitflags::bitflags;

pub use decode::{DecodeError, decode, packets};

/// What a packet is (bits 28:24 of its second word).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    WriteRegister = 1,
    WriteRegisters = 2,
    MessageLong = 3,
    MessageShort = 4,
    CommandDma = 5,
    MessageProtected = 7,
    Fence = 8,
    LinearDma = 9,
    Nop = 10,
    Stop = 11,
}

bitflags! {
    /// What a packet waits for before it is executed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Barriers: u32 {
        /// The engine.
        const ENGINE = 1 << 29;
        /// Registers that were written before.
        const REGISTER = 1 << 30;
        /// Messages that were sent before.
        const MESSAGE = 1 << 31;
    }

    /// How a message is sent.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct MessageFlags: u32 {
        /// It may overtake others.
        const WEAKLY_ORDERED = 1 << 16;
        /// Caches of the host are not asked.
        const NO_SNOOP = 1 << 17;
        /// The time is sent instead of the value.
        const TIME_STAMP = 1 << 20;
    }

    /// How memory is copied.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct DmaFlags: u32 {
        /// The card wants it set.
        const WEAKLY_ORDERED = 1;
        /// Sends the channel's message once all is read.
        const READ_COMPLETION = 1 << 1;
        /// Sends the channel's message once all is written.
        const WRITE_COMPLETION = 1 << 2;
        /// Caches of the host are not asked.
        const NO_SNOOP = 1 << 3;
        /// The source's address stays what it is.
        const HOLD_SOURCE = 1 << 4;
        /// The destination's address stays what it is.
        const HOLD_DESTINATION = 1 << 5;
        /// The source is the value of eight bytes to fill with.
        const FILL = 1 << 6;
    }

    /// How more packets are fetched.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct CommandDmaFlags: u32 {
        /// It may overtake others.
        const WEAKLY_ORDERED = 1;
        /// Caches of the host are not asked.
        const NO_SNOOP = 1 << 1;
    }
}

impl Default for DmaFlags {
    fn default() -> Self {
        Self::WEAKLY_ORDERED
    }
}

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// What it does.
    pub kind: Kind,
    /// What it waits for.
    pub barriers: Barriers,
}

/// What a packet does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// WREG_32: writes a register of the engine, or of its command queue.
    WriteRegister {
        /// Offset of the register in its block.
        register: u16,
        /// What is written.
        value: u32,
        /// In the command queue's block instead of the engine's.
        command_queue: bool,
    },
    /// WREG_BULK: writes registers of the engine that follow each other, two by each value.
    WriteRegisters {
        /// Offset of the first register.
        register: u16,
        /// What is written: 65535 values at most.
        values: Vec<u64>,
    },
    /// MSG_LONG: writes a word to an address.
    MessageLong {
        /// Where to.
        address: u64,
        /// What is written.
        value: u32,
        /// How.
        flags: MessageFlags,
    },
    /// MSG_PROT: the same with the rights of the queue. None of a user's may.
    MessageProtected {
        /// Where to.
        address: u64,
        /// What is written.
        value: u32,
        /// How.
        flags: MessageFlags,
    },
    /// MSG_SHORT: writes a word at an offset from a base.
    MessageShort {
        /// Which base, of four: 0 the monitors, 1 the sync objects.
        base: u8,
        /// Offset from there.
        offset: u16,
        /// What is written.
        value: u32,
        /// How.
        flags: MessageFlags,
    },
    /// CP_DMA: hands packets to the command queue.
    CommandDma {
        /// Where they are.
        source: u64,
        /// Bytes.
        size: u32,
        /// How.
        flags: CommandDmaFlags,
    },
    /// FENCE: waits for a counter of the queue.
    Fence {
        /// Which, of four.
        id: u8,
        /// The counter has to be this at least.
        gate: u8,
        /// What is taken from it then, 15 at most.
        decrement: u8,
    },
    /// LIN_DMA: copies or fills memory.
    LinearDma {
        /// Where from, or what to fill with.
        source: u64,
        /// Where to.
        destination: u64,
        /// Bytes.
        size: u32,
        /// What is copied where: software's note.
        direction: Direction,
        /// How.
        flags: DmaFlags,
        /// Control bits of the channel, 12 of them.
        control: u16,
    },
    /// NOP: does nothing.
    Nop,
    /// STOP: stops the queue.
    Stop,
}

/// What a LIN_DMA copies where (`hl_goya_dma_direction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    HostToDram = 0,
    HostToSram = 1,
    DramToSram = 2,
    SramToDram = 3,
    SramToHost = 4,
    DramToHost = 5,
    DramToDram = 6,
    SramToSram = 7,
}

impl Direction {
    /// All of them, by their numbers.
    pub const ALL: [Self; 8] = [
        Self::HostToDram,
        Self::HostToSram,
        Self::DramToSram,
        Self::SramToDram,
        Self::SramToHost,
        Self::DramToHost,
        Self::DramToDram,
        Self::SramToSram,
    ];

    /// That of a copy between two addresses. What is neither host memory nor device memory is told as SRAM; what is copied
    /// within host memory, as to SRAM.
    #[must_use]
    pub fn between(source: u64, destination: u64) -> Self {
        use crate::place::{DRAM, HOST};
        let (from_host, to_host) = (HOST.contains(&source), HOST.contains(&destination));
        let (from_dram, to_dram) = (DRAM.contains(&source), DRAM.contains(&destination));
        match (from_host, from_dram, to_host, to_dram) {
            (true, _, _, true) => Self::HostToDram,
            (true, ..) => Self::HostToSram,
            (_, true, true, _) => Self::DramToHost,
            (_, true, _, true) => Self::DramToDram,
            (_, true, ..) => Self::DramToSram,
            (_, _, true, _) => Self::SramToHost,
            (_, _, _, true) => Self::SramToDram,
            _ => Self::SramToSram,
        }
    }
}

impl Kind {
    pub(crate) const fn opcode(&self) -> Opcode {
        match self {
            Self::WriteRegister { .. } => Opcode::WriteRegister,
            Self::WriteRegisters { .. } => Opcode::WriteRegisters,
            Self::MessageLong { .. } => Opcode::MessageLong,
            Self::MessageProtected { .. } => Opcode::MessageProtected,
            Self::MessageShort { .. } => Opcode::MessageShort,
            Self::CommandDma { .. } => Opcode::CommandDma,
            Self::Fence { .. } => Opcode::Fence,
            Self::LinearDma { .. } => Opcode::LinearDma,
            Self::Nop => Opcode::Nop,
            Self::Stop => Opcode::Stop,
        }
    }

    /// The barriers that a packet of this kind has unless it is told otherwise: all, but only that of registers for those
    /// that write some, and none for STOP.
    #[must_use]
    pub const fn usual_barriers(&self) -> Barriers {
        match self {
            Self::WriteRegister { .. } | Self::WriteRegisters { .. } => Barriers::REGISTER,
            Self::Stop => Barriers::empty(),
            _ => Barriers::all(),
        }
    }
}

impl From<Kind> for Packet {
    fn from(kind: Kind) -> Self {
        let barriers = kind.usual_barriers();
        Self { kind, barriers }
    }
}
