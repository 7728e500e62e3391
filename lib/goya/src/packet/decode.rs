// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets from bytes.

use super::{Barriers, CommandDmaFlags, Direction, DmaFlags, Kind, MessageFlags, Packet};

/// Why bytes are no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Less than the smallest packet.
    #[error("less than a packet is left")]
    Short,
    /// No packet has this number.
    #[error("no packet has the opcode {0}")]
    Unknown(u8),
    /// It ends after the bytes.
    #[error("the packet is longer than what is left")]
    Cut,
    /// Bits are set that mean nothing, so that it would not be the same once encoded.
    #[error("bits are set that mean nothing")]
    Reserved,
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.chunks_exact(8).map(|word| word.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

/// The packet at the beginning of `bytes`, and its length.
///
/// # Errors
/// If there is none that would be encoded as these bytes.
pub fn decode(bytes: &[u8]) -> Result<(Packet, usize), DecodeError> {
    let mut words = words(bytes);
    let head = words.next().ok_or(DecodeError::Short)?;
    let mut word = || words.next().ok_or(DecodeError::Cut);
    let (first, control) = (head as u32, (head >> 32) as u32);
    let kind = match control >> 24 & 0x1F {
        1 => Kind::WriteRegister {
            register: control as u16,
            value: first,
            command_queue: control & 1 << 23 != 0,
        },
        2 => Kind::WriteRegisters {
            register: control as u16,
            values: (0..first & 0xFFFF).map(|_| word()).collect::<Result<_, _>>()?,
        },
        number @ (3 | 7) => {
            let (address, value) = (word()?, first);
            let flags = MessageFlags::from_bits_truncate(control);
            match number {
                3 => Kind::MessageLong { address, value, flags },
                _ => Kind::MessageProtected { address, value, flags },
            }
        }
        4 => Kind::MessageShort {
            base: (control >> 22 & 3) as u8,
            offset: control as u16,
            value: first,
            flags: MessageFlags::from_bits_truncate(control),
        },
        5 => Kind::CommandDma {
            source: word()?,
            size: first,
            flags: CommandDmaFlags::from_bits_truncate(control),
        },
        8 => {
            Kind::Fence { id: (first >> 30) as u8, gate: (first >> 16) as u8, decrement: (first & 15) as u8 }
        }
        9 => Kind::LinearDma {
            source: word()?,
            destination: word()?,
            size: first,
            direction: Direction::ALL[(control >> 20 & 7) as usize],
            flags: DmaFlags::from_bits_truncate(control),
            control: (control >> 8 & 0xFFF) as u16,
        },
        10 => Kind::Nop,
        11 => Kind::Stop,
        other => return Err(DecodeError::Unknown(other as u8)),
    };
    let packet = Packet { kind, barriers: Barriers::from_bits_truncate(control) };
    let again = packet.to_bytes();
    if !bytes.starts_with(&again) {
        return Err(DecodeError::Reserved);
    }
    Ok((packet, again.len()))
}

/// The packets of a command buffer, until its end or the first that cannot be decoded; with the offset of each.
pub fn packets(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<Packet, DecodeError>)> + '_ {
    let mut at = 0;
    let mut going = true;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| going && !rest.is_empty())?;
        let start = at;
        match decode(rest) {
            Ok((packet, len)) => {
                at += len;
                Some((start, Ok(packet)))
            }
            Err(error) => {
                going = false;
                Some((start, Err(error)))
            }
        }
    })
}
