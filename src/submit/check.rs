// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The check of a user's command buffer, made while it is copied into memory of the driver's own.
//!
//! The user can change the buffer at any time, so every byte is read once, into a window on the stack;
//! what is checked there is what the card gets.
//!
//! Facts: upstream's `goya/goya.c`, `goya_cs_parser()` and what it calls. Texts and errors are
//! upstream's, and so is the order of the checks.

use core::ops::Range;

use kernel::{
    error::code::*,
    fmt,
    prelude::*, //
};

use super::packet::{
    DecodeError,
    Direction,
    LinearDma,
    Opcode,
    Packet,
    WriteRegister,
    SYNC_OBJECTS,
    TAIL_SIZE, //
};

/// Fewest bytes of a job: one packet.
const MIN_JOB_SIZE: u32 = 8;

/// The external queue that may read host memory.
const HOST_QUEUE: u32 = 1;

/// The only register that users may write: the low word of the address of their channel's write
/// completions, as an offset in the block of the channel and its queue.
const WRITE_COMPLETION: u16 = 0x1020;

/// Bytes that are copied at a time. More than the longest packet, few enough for the stack.
const WINDOW: usize = 1024;
/// Bytes of the longest packet that users may send.
const LONGEST: usize = Opcode::LinearDma.size();

/// Where a user's bytes come from.
pub(crate) trait Source {
    /// Fills `into` with the bytes at `offset`. Every byte is asked for once, in rising order.
    fn read(&mut self, offset: usize, into: &mut [u8]) -> Result;
}

/// Where checked bytes go to.
pub(crate) trait Sink {
    /// Takes the bytes at `offset`. Every byte comes once, in rising order.
    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result;
}

impl<F: FnMut(usize, &mut [u8]) -> Result> Source for F {
    fn read(&mut self, offset: usize, into: &mut [u8]) -> Result {
        self(offset, into)
    }
}

impl Sink for [u8] {
    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result {
        let end = offset.checked_add(bytes.len()).ok_or(EINVAL)?;
        let to = self.get_mut(offset..end).ok_or(EINVAL)?;
        to.copy_from_slice(bytes);
        Ok(())
    }
}

/// Address ranges that the checks know. Ends are exclusive.
pub(crate) struct Limits {
    /// SRAM without what the driver keeps, as the card addresses it.
    pub(crate) sram_user: Range<u64>,
    /// DRAM without what the driver keeps, as the card addresses it.
    pub(crate) dram_user: Range<u64>,
    /// Virtual addresses of mapped host memory.
    pub(crate) host_virtual: Range<u64>,
}

/// What a buffer is checked for.
pub(crate) struct Rules<'a> {
    /// Number of the queue that gets it.
    pub(crate) queue: u32,
    /// Whether the card's MMU translates the addresses of users' packets.
    pub(crate) translated: bool,
    /// The card's address ranges.
    pub(crate) limits: &'a Limits,
}

/// Why a command buffer is refused. [`fmt::Display`] gives upstream's text for the kernel log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CheckError {
    /// The job is shorter than a packet or longer than its buffer.
    Size(u32),
    /// No packet has this number.
    UnknownPacket(u8),
    /// The packet's end lies behind the job's.
    OutOfBounds(Opcode),
    /// A packet that only the driver may send.
    Forbidden(&'static str),
    /// A register that users may not write.
    Register(u16),
    /// An address for write completions that users may not name.
    Completion(u32),
    /// A DMA from host memory on a queue that may not.
    HostRead,
    /// A DMA of nothing, which can hang the engine.
    EmptyDma,
    /// A direction that there is not.
    Direction(Direction),
    /// The area is not in the users' SRAM.
    Sram(u64, u32),
    /// The area is not in the users' DRAM.
    Dram(u64, u32),
    /// Host memory by its physical address: nothing is pinned for a job.
    Host(u64, u32),
    /// The buffer of an internal queue is in none of the users' memories.
    Internal(u64, u32),
    /// The bytes could not be read or written.
    Copy(Error),
}

impl CheckError {
    /// What the user gets.
    pub(crate) fn errno(self) -> Error {
        match self {
            Self::Size(_) | Self::UnknownPacket(_) | Self::OutOfBounds(_) | Self::EmptyDma => {
                EINVAL
            }
            Self::Forbidden(_) | Self::Register(_) | Self::Completion(_) => EPERM,
            Self::HostRead
            | Self::Direction(_)
            | Self::Sram(..)
            | Self::Dram(..)
            | Self::Host(..)
            | Self::Internal(..) => EFAULT,
            Self::Copy(error) => error,
        }
    }
}

impl From<CheckError> for Error {
    fn from(error: CheckError) -> Self {
        error.errno()
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Size(size) => write!(f, "CB size {size} invalid"),
            Self::UnknownPacket(id) => write!(f, "Invalid packet id {id}"),
            Self::OutOfBounds(opcode) => {
                write!(f, "packet {:#x} is out of CB boundary", opcode as u8)
            }
            Self::Forbidden(name) => write!(f, "User not allowed to use {name}"),
            Self::Register(offset) => {
                write!(f, "WREG32 packet with illegal address {offset:#x}")
            }
            Self::Completion(value) => {
                write!(f, "WREG32 packet with illegal value {value:#x}")
            }
            Self::HostRead => f.write_str("Can't DMA from host on queue other then 1"),
            Self::EmptyDma => f.write_str("Got DMA with size 0, might reset the device"),
            Self::Direction(direction) => write!(
                f,
                "DMA direction {} is unsupported/undefined",
                direction as u8
            ),
            Self::Sram(address, size) => {
                write!(f, "SRAM address {address:#x} + {size:#x} is invalid")
            }
            Self::Dram(address, size) => {
                write!(f, "DRAM address {address:#x} + {size:#x} is invalid")
            }
            Self::Host(address, size) => {
                write!(f, "Userptr {address:#x} + {size:#x} NOT mapped")
            }
            Self::Internal(address, size) => write!(
                f,
                "Internal CB address {address:#x} + {size:#x} is not in SRAM nor in DRAM"
            ),
            Self::Copy(_) => f.write_str("Failed to copy CB"),
        }
    }
}

/// Checks that `size`, the bytes of a job, suits a buffer of `buffer_size` bytes.
pub(crate) fn check_size(size: u32, buffer_size: u32) -> Result<(), CheckError> {
    if (MIN_JOB_SIZE..=buffer_size).contains(&size) {
        Ok(())
    } else {
        Err(CheckError::Size(size))
    }
}

/// Bytes that the driver needs for its copy of a job of `size` bytes: the packets of
/// [`tail`](super::packet::tail) follow the user's. `EINVAL` if there is no such number.
pub(crate) fn copy_size(size: u32) -> Result<u32> {
    size.checked_add(TAIL_SIZE as u32).ok_or(EINVAL)
}

/// Copies the `size` bytes of a user's job for an external queue from `source` to `sink` and checks
/// them on the way. After an error the sink has an unknown part of them, and no card may get it.
///
/// Returns the number of packets.
pub(crate) fn copy_checked<S, D>(
    source: &mut S,
    size: u32,
    sink: &mut D,
    rules: &Rules<'_>,
) -> Result<u32, CheckError>
where
    S: Source + ?Sized,
    D: Sink + ?Sized,
{
    let size = size as usize;
    let mut window = [0; WINDOW];
    // The window begins at `offset`; its first `held` bytes are the beginning of a packet whose end was
    // not in the window before.
    let (mut offset, mut held) = (0, 0);
    let mut packets = 0u32;
    while offset < size {
        let filled = WINDOW.min(size.saturating_sub(offset));
        let fresh = window.get_mut(held..filled).unwrap_or_default();
        source
            .read(offset.saturating_add(held), fresh)
            .map_err(CheckError::Copy)?;
        let bytes = window.get(..filled).unwrap_or_default();
        let (count, checked) = check_packets(bytes, offset.saturating_add(filled) == size, rules)?;
        sink.write(offset, bytes.get(..checked).unwrap_or_default())
            .map_err(CheckError::Copy)?;
        packets = count.saturating_add(packets);
        offset = offset.saturating_add(checked);
        held = filled.saturating_sub(checked);
        // A packet's beginning is shorter than the longest; what lies behind it is read anew.
        let mut begun = [0; LONGEST];
        let rest = window.get(checked..filled).unwrap_or_default();
        begun
            .iter_mut()
            .zip(rest)
            .for_each(|(to, from)| *to = *from);
        window
            .iter_mut()
            .zip(begun)
            .for_each(|(to, from)| *to = from);
    }
    Ok(packets)
}

/// Checks the packets in `bytes`; the last one may be cut off, unless these are the job's `last` bytes.
///
/// Returns the number of whole packets and of their bytes.
fn check_packets(bytes: &[u8], last: bool, rules: &Rules<'_>) -> Result<(u32, usize), CheckError> {
    let (mut count, mut rest) = (0u32, bytes);
    while !rest.is_empty() {
        let packet = match Packet::decode(rest) {
            Ok(packet) => packet,
            Err(DecodeError::TooShort | DecodeError::Truncated(_)) if !last => break,
            // Upstream reads the number behind the job's end, where zeros are.
            Err(DecodeError::TooShort) => return Err(CheckError::UnknownPacket(0)),
            Err(DecodeError::Unknown(id)) => return Err(CheckError::UnknownPacket(id)),
            Err(DecodeError::Truncated(opcode)) => return Err(CheckError::OutOfBounds(opcode)),
        };
        rules.check(&packet)?;
        count = count.saturating_add(1);
        rest = rest.get(packet.opcode().size()..).unwrap_or_default();
    }
    Ok((count, bytes.len().saturating_sub(rest.len())))
}

/// Checks the buffer of a job for an internal queue, which the card reads where the user put it: by the
/// MMU, which knows what is the user's, or else in the users' SRAM or DRAM.
pub(crate) fn check_internal(address: u64, size: u32, rules: &Rules<'_>) -> Result<(), CheckError> {
    let limits = rules.limits;
    if rules.translated
        || inside(address, size, &limits.sram_user)
        || inside(address, size, &limits.dram_user)
    {
        Ok(())
    } else {
        Err(CheckError::Internal(address, size))
    }
}

impl Rules<'_> {
    fn check(&self, packet: &Packet) -> Result<(), CheckError> {
        match packet {
            Packet::WriteRegister(write) => self.check_register(write),
            Packet::LinearDma(dma) if self.translated => self.check_translated(dma),
            Packet::LinearDma(dma) => self.check_physical(dma),
            Packet::Other(opcode) => match opcode {
                Opcode::WriteRegisters => Err(CheckError::Forbidden("WREG_BULK")),
                Opcode::MessageProtected => Err(CheckError::Forbidden("MSG_PROT")),
                Opcode::CommandDma => Err(CheckError::Forbidden("CP_DMA")),
                Opcode::Stop => Err(CheckError::Forbidden("STOP")),
                Opcode::MessageLong
                | Opcode::MessageShort
                | Opcode::Fence
                | Opcode::Nop
                | Opcode::WriteRegister
                | Opcode::LinearDma => Ok(()),
            },
        }
    }

    fn check_register(&self, write: &WriteRegister) -> Result<(), CheckError> {
        let offset = write.control.offset().cast::<u16>().get();
        if offset != WRITE_COMPLETION {
            return Err(CheckError::Register(offset));
        }
        // With translation, completions go out with the user's rights, so any address will do.
        if !self.translated && !SYNC_OBJECTS.contains(&write.value) {
            return Err(CheckError::Completion(write.value));
        }
        Ok(())
    }

    fn check_translated(&self, dma: &LinearDma) -> Result<(), CheckError> {
        // HW-23: reading host memory by another queue can hang the card.
        if self.queue != HOST_QUEUE && inside(dma.source, dma.size, &self.limits.host_virtual) {
            return Err(CheckError::HostRead);
        }
        if dma.size == 0 {
            return Err(CheckError::EmptyDma);
        }
        Ok(())
    }

    fn check_physical(&self, dma: &LinearDma) -> Result<(), CheckError> {
        use Direction::*;

        let &LinearDma {
            size,
            control,
            source,
            destination,
        } = dma;
        if size == 0 {
            return Err(CheckError::EmptyDma);
        }
        let direction = Direction::from(control);
        match direction {
            DramToSram => {
                self.check_sram(destination, size)?;
                self.check_dram(source, size)
            }
            SramToDram => {
                self.check_sram(source, size)?;
                self.check_dram(destination, size)
            }
            HostToDram | HostToSram => {
                if direction == HostToDram {
                    self.check_dram(destination, size)?;
                } else {
                    self.check_sram(destination, size)?;
                }
                if control.fill() {
                    Ok(())
                } else if self.queue > HOST_QUEUE {
                    Err(CheckError::HostRead)
                } else {
                    Err(CheckError::Host(source, size))
                }
            }
            DramToHost => {
                self.check_dram(source, size)?;
                Err(CheckError::Host(destination, size))
            }
            SramToHost => {
                self.check_sram(source, size)?;
                Err(CheckError::Host(destination, size))
            }
            DramToDram | SramToSram => Err(CheckError::Direction(direction)),
        }
    }

    fn check_sram(&self, address: u64, size: u32) -> Result<(), CheckError> {
        if inside(address, size, &self.limits.sram_user) {
            Ok(())
        } else {
            Err(CheckError::Sram(address, size))
        }
    }

    fn check_dram(&self, address: u64, size: u32) -> Result<(), CheckError> {
        if inside(address, size, &self.limits.dram_user) {
            Ok(())
        } else {
            Err(CheckError::Dram(address, size))
        }
    }
}

/// Whether all of a non-empty area lies in `range`.
fn inside(address: u64, size: u32, range: &Range<u64>) -> bool {
    let end = address.checked_add(size.into());
    size > 0 && range.start <= address && end.is_some_and(|end| end <= range.end)
}
