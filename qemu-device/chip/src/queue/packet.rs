// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets: what a command processor executes (`goya_packets.h`, Documentation/card-packets.rst).

use std::fmt;

/// Opcode and barriers: the same in every packet's second word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header(pub u64);

impl Header {
    /// First word: the meaning depends on the opcode.
    pub fn first(self) -> u32 {
        self.0 as u32
    }

    /// Control word.
    pub fn ctl(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Whether the packet waits until the engine is idle (bit 29).
    pub fn engine_barrier(self) -> bool {
        self.ctl() & 1 << 29 != 0
    }

    fn opcode(self) -> u32 {
        self.ctl() >> 24 & 0x1F
    }

    /// Bytes in the whole packet; `None` for an undefined opcode.
    pub fn size(self) -> Option<usize> {
        Some(match self.opcode() {
            1 | 4 | 8 | 10 | 11 => 8,
            3 | 5 | 7 => 16,
            9 => 24,
            2 => 8 + 8 * (self.first() & 0xFFFF) as usize,
            _ => return None,
        })
    }
}

/// What a message writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// This value.
    Value(u32),
    /// The low word of the time stamp counter.
    TimeStamp,
}

/// A linear transfer, as the packet and the channel's commit register describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinDma {
    /// Bytes.
    pub size: u32,
    /// Bits 15:0 of the control word, which the channel's commit register shares.
    pub flags: u32,
    /// Direction as software sees it; the card does not care.
    pub direction: u8,
    /// Source address, or the value to fill with.
    pub source: u64,
    /// Destination address.
    pub destination: u64,
}

/// A decoded packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Writes one register of the engine, or (`local`) of the queue itself.
    Wreg32 { offset: u32, local: bool, value: u32 },
    /// Writes registers one after the other.
    WregBulk { offset: u32, local: bool, values: Vec<u32> },
    /// Writes a word anywhere; `protected` carries a trusted queue's secure attribute.
    Message { address: u64, payload: Payload, protected: bool },
    /// Writes a word at an offset from one of four bases.
    MessageShort { base: usize, offset: u16, payload: Payload },
    /// Gives the command queue a buffer.
    CpDma { size: u32, source: u64 },
    /// Waits until a fence counter has reached the gate, then takes from it.
    Fence { id: usize, gate: u8, decrement: u8 },
    /// Moves or fills memory.
    LinDma(LinDma),
    /// Does nothing.
    Nop,
    /// Stops the queue.
    Stop,
}

impl Packet {
    /// Decodes a packet of [`Header::size`] bytes; `None` for an undefined opcode or a short slice.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| {
            let chunk = bytes.get(at..at + 8)?.first_chunk::<8>()?;
            Some(u64::from_le_bytes(*chunk))
        };
        let header = Header(word(0)?);
        let (first, ctl) = (header.first(), header.ctl());
        let offset = ctl & 0xFFFF;
        let local = ctl & 1 << 23 != 0;
        let payload = if ctl >> 20 & 3 == 1 { Payload::TimeStamp } else { Payload::Value(first) };
        Some(match header.opcode() {
            1 => Self::Wreg32 { offset, local, value: first },
            2 => {
                let words = bytes.get(8..header.size()?)?.chunks_exact(4);
                let values = words.map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
                Self::WregBulk { offset, local, values }
            }
            op @ (3 | 7) => Self::Message { address: word(8)?, payload, protected: op == 7 },
            4 => {
                let base = (ctl >> 22 & 3) as usize;
                Self::MessageShort { base, offset: ctl as u16, payload }
            }
            5 => Self::CpDma { size: first, source: word(8)? },
            8 => Self::Fence {
                id: (first >> 30) as usize,
                gate: (first >> 16) as u8,
                decrement: (first & 0xF) as u8,
            },
            9 => Self::LinDma(LinDma {
                size: first,
                flags: ctl & 0xFFFF,
                direction: (ctl >> 20 & 7) as u8,
                source: word(8)?,
                destination: word(16)?,
            }),
            10 => Self::Nop,
            11 => Self::Stop,
            _ => return None,
        })
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value:#x}"),
            Self::TimeStamp => f.write_str("time stamp"),
        }
    }
}

const DIRECTIONS: [&str; 8] =
    ["host>dram", "host>sram", "dram>sram", "sram>dram", "sram>host", "dram>host", "dram>dram", "sram>sram"];

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |local: &bool| if *local { "queue" } else { "engine" };
        match self {
            Self::Wreg32 { offset, local, value } => {
                write!(f, "WREG_32 {}+{offset:#x} = {value:#x}", place(local))
            }
            Self::WregBulk { offset, local, values } => {
                write!(f, "WREG_BULK {}+{offset:#x}, {} registers", place(local), values.len())
            }
            Self::Message { address, payload, protected } => {
                let name = if *protected { "MSG_PROT" } else { "MSG_LONG" };
                write!(f, "{name} [{address:#x}] = {payload}")
            }
            Self::MessageShort { base, offset, payload } => {
                write!(f, "MSG_SHORT base{base}+{offset:#x} = {payload}")
            }
            Self::CpDma { size, source } => write!(f, "CP_DMA {source:#x}, {size} bytes"),
            Self::Fence { id, gate, decrement } => write!(f, "FENCE {id} >= {gate}, then -{decrement}"),
            Self::LinDma(d) => {
                let what = if d.flags & 1 << 6 != 0 { "fill with" } else { "copy" };
                write!(f, "LIN_DMA {} {what} {:#x}", DIRECTIONS[usize::from(d.direction & 7)], d.source)?;
                write!(f, " to {:#x}, {} bytes, flags {:#x}", d.destination, d.size, d.flags)
            }
            Self::Nop => f.write_str("NOP"),
            Self::Stop => f.write_str("STOP"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_le_bytes()).collect()
    }

    #[test]
    fn every_packet_decodes() {
        let cases: &[(&[u32], &str)] = &[
            (&[7, 1 << 24 | 0x1020], "WREG_32 engine+0x1020 = 0x7"),
            (&[7, 1 << 24 | 1 << 23 | 0x20], "WREG_32 queue+0x20 = 0x7"),
            (&[1, 2 << 24 | 0x10, 5, 6], "WREG_BULK engine+0x10, 2 registers"),
            (&[9, 3 << 24, 0x10, 0x80], "MSG_LONG [0x8000000010] = 0x9"),
            (&[9, 7 << 24 | 1 << 20, 0x10, 0], "MSG_PROT [0x10] = time stamp"),
            (&[9, 4 << 24 | 1 << 22 | 0xFA0], "MSG_SHORT base1+0xfa0 = 0x9"),
            (&[64, 5 << 24, 0x1000, 0], "CP_DMA 0x1000, 64 bytes"),
            (&[3 << 30 | 2 << 16 | 1, 8 << 24], "FENCE 3 >= 2, then -1"),
            (
                &[4096, 9 << 24 | 5 << 20 | 5, 0, 8, 0x1000, 0],
                "LIN_DMA dram>host copy 0x800000000 to 0x1000, 4096 bytes, flags 0x5",
            ),
            (&[0, 10 << 24], "NOP"),
            (&[0, 11 << 24], "STOP"),
        ];
        for (words, text) in cases {
            let bytes = bytes(words);
            let header = Header(u64::from(words[0]) | u64::from(words[1]) << 32);
            assert_eq!(header.size(), Some(bytes.len()), "{text}");
            assert_eq!(Packet::decode(&bytes).unwrap().to_string(), *text);
            assert_eq!(Packet::decode(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(Header(6 << 56).size(), None);
        assert_eq!(Packet::decode(&bytes(&[0, 0x1F << 24])), None);
    }
}
