// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The check of a user's command buffer for an external queue, made while it is copied into memory of the driver's own. Those
//! for internal queues are not looked at: MMU and register protection confine them.
//!
//! The user can change the buffer at any time, so every byte is read once, into a window on the stack;
//! what is checked there is what the card gets.
//!
//! Facts: upstream's `goya/goya.c`, `goya_cs_parser()` and what it calls. Texts and errors are
//! upstream's, and so is the order of the checks, those of a card whose MMU is on.

use core::ops::Range;

use kernel::{
    error::code::*,
    fmt,
    prelude::*, //
};

use crate::hw::map::HOST_VIRTUAL;
use crate::hw::packet::{
    DecodeError,
    LinearDma,
    Opcode,
    Packet,
    WriteRegister,
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
/// The same for jobs that are no longer than this: to clear a window takes longer than to check a few packets.
const SMALL_WINDOW: usize = 64;
const _: () = assert!(SMALL_WINDOW > LONGEST && WINDOW > LONGEST);
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

/// Why a command buffer is refused. [`fmt::Display`] gives upstream's text for the kernel log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CheckError {
    /// The job is shorter than a packet or longer than its buffer.
    Size(u32),
    /// No packet has this number.
    UnknownPacket(u8),
    /// The packet's end lies after the job's.
    OutOfBounds(Opcode),
    /// A packet that only the driver may send.
    Forbidden(&'static str),
    /// A register that users may not write.
    Register(u16),
    /// A DMA from host memory on a queue that may not.
    HostRead,
    /// A DMA of nothing, which can hang the engine.
    EmptyDma,
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
            Self::Forbidden(_) | Self::Register(_) => EPERM,
            Self::HostRead => EFAULT,
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
            Self::HostRead => f.write_str("Can't DMA from host on queue other then 1"),
            Self::EmptyDma => f.write_str("Got DMA with size 0, might reset the device"),
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
/// [`tail`](crate::hw::packet::tail) follow the user's. `EINVAL` if there is no such number.
pub(crate) fn copy_size(size: u32) -> Result<u32> {
    size.checked_add(TAIL_SIZE as u32).ok_or(EINVAL)
}

/// Copies the `size` bytes of a user's job for external queue `queue` from `source` to `sink` and checks
/// them on the way. After an error the sink has an unknown part of them, and no card may get it.
///
/// Returns the number of packets.
pub(crate) fn copy_checked(
    source: &mut (impl Source + ?Sized),
    size: u32,
    sink: &mut (impl Sink + ?Sized),
    queue: u32,
) -> Result<u32, CheckError> {
    if size as usize <= SMALL_WINDOW {
        copy_through::<SMALL_WINDOW>(source, size, sink, queue)
    } else {
        copy_through::<WINDOW>(source, size, sink, queue)
    }
}

/// The same through a window of `N` bytes.
fn copy_through<const N: usize>(
    source: &mut (impl Source + ?Sized),
    size: u32,
    sink: &mut (impl Sink + ?Sized),
    queue: u32,
) -> Result<u32, CheckError> {
    let size = size as usize;
    let mut window = [0; N];
    // The window begins at `offset`; its first `held` bytes are the beginning of a packet whose end was
    // not in the window before.
    let (mut offset, mut held) = (0, 0);
    let mut packets = 0u32;
    while offset < size {
        let filled = N.min(size.saturating_sub(offset));
        let fresh = window.get_mut(held..filled).unwrap_or_default();
        source
            .read(offset.saturating_add(held), fresh)
            .map_err(CheckError::Copy)?;
        let bytes = window.get(..filled).unwrap_or_default();
        let (count, checked) = check_packets(bytes, offset.saturating_add(filled) == size, queue)?;
        sink.write(offset, bytes.get(..checked).unwrap_or_default())
            .map_err(CheckError::Copy)?;
        packets = count.saturating_add(packets);
        offset = offset.saturating_add(checked);
        held = filled.saturating_sub(checked);
        if held == 0 {
            continue;
        }
        // A packet's beginning is shorter than the longest; what lies after it is read anew.
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
fn check_packets(bytes: &[u8], last: bool, queue: u32) -> Result<(u32, usize), CheckError> {
    let (mut count, mut rest) = (0u32, bytes);
    while !rest.is_empty() {
        let packet = match Packet::decode(rest) {
            Ok(packet) => packet,
            Err(DecodeError::TooShort | DecodeError::Truncated(_)) if !last => break,
            // Upstream reads the number after the job's end, where zeros are.
            Err(DecodeError::TooShort) => return Err(CheckError::UnknownPacket(0)),
            Err(DecodeError::Unknown(id)) => return Err(CheckError::UnknownPacket(id)),
            Err(DecodeError::Truncated(opcode)) => return Err(CheckError::OutOfBounds(opcode)),
        };
        check(&packet, queue)?;
        count = count.saturating_add(1);
        rest = rest.get(packet.opcode().size()..).unwrap_or_default();
    }
    Ok((count, bytes.len().saturating_sub(rest.len())))
}

fn check(packet: &Packet, queue: u32) -> Result<(), CheckError> {
    match packet {
        Packet::WriteRegister(write) => check_register(write),
        Packet::LinearDma(dma) => check_dma(dma, queue),
        Packet::Other(opcode) => match opcode {
            Opcode::WriteRegisters => Err(CheckError::Forbidden("WREG_BULK")),
            Opcode::MessageProtected => Err(CheckError::Forbidden("MSG_PROT")),
            Opcode::CommandDma => Err(CheckError::Forbidden("CP_DMA")),
            Opcode::Stop => Err(CheckError::Forbidden("STOP")),
            Opcode::MessageLong | Opcode::MessageShort | Opcode::Fence | Opcode::Nop => Ok(()),
            // Never: they are decoded as such.
            Opcode::WriteRegister | Opcode::LinearDma => {
                Err(CheckError::UnknownPacket(*opcode as u8))
            }
        },
    }
}

fn check_register(write: &WriteRegister) -> Result<(), CheckError> {
    let offset = write.control.offset().cast::<u16>().get();
    // Completions go out with the user's rights, by the MMU, so any address will do.
    if offset == WRITE_COMPLETION {
        Ok(())
    } else {
        Err(CheckError::Register(offset))
    }
}

fn check_dma(dma: &LinearDma, queue: u32) -> Result<(), CheckError> {
    // Upstream's workaround of hardware bug 23: reading host memory by another queue can hang the card.
    if queue != HOST_QUEUE && inside(dma.source, dma.size, &HOST_VIRTUAL) {
        return Err(CheckError::HostRead);
    }
    if dma.size == 0 {
        return Err(CheckError::EmptyDma);
    }
    Ok(())
}

/// Whether all of a non-empty area lies in `range`.
fn inside(address: u64, size: u32, range: &Range<u64>) -> bool {
    let end = address.checked_add(size.into());
    size > 0 && range.start <= address && end.is_some_and(|end| end <= range.end)
}
