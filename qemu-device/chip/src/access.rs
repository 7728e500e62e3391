// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Accesses inside the card: who asks, what they reach, and which block answers a register.

use std::fmt;

use crate::chip::Chip;
use crate::host::BusError;
use crate::map::{CFG_BASE, Target};
use crate::queue::QueueId;
use crate::regs::{self, Block};

/// Who makes an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The host, through a BAR, the ELBI window or the control socket.
    Host,
    /// The device CPU's firmware.
    Cpu,
    /// A queue manager, its command queue or its DMA channel.
    Queue {
        /// Which queue.
        id: QueueId,
        /// Whether the access carries the secure attribute, which protection lets pass.
        secure: bool,
    },
    /// The kernel that a TPC executes.
    Core(u8),
    /// The sync manager, on behalf of a monitor.
    Monitor(u16),
}

/// A plus marks a secure access.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Cpu => f.write_str("cpu"),
            Self::Queue { id, secure } => write!(f, "{id}{}", if *secure { "+" } else { "" }),
            Self::Core(n) => write!(f, "tpc{n} kernel"),
            Self::Monitor(n) => write!(f, "monitor {n}"),
        }
    }
}

impl Chip {
    /// Reads the register at `offset` of the configuration space.
    pub(crate) fn register_read(&mut self, offset: u32, origin: Origin) -> u32 {
        let offset = offset & !3;
        let value = match regs::block(offset) {
            Block::Queue(id, reg) => self.queue_register_read(id, reg),
            Block::DmaChannel(n, reg) => self.channel_register_read(n, reg),
            Block::SyncManager => self.sync.register_read(offset),
            Block::Mmu | Block::Stlb => self.mmu_register_read(offset),
            Block::Tpc(n) => self.tpc_register_read(n, offset),
            Block::Mme => self.mme_register_read(offset),
            Block::PsocGlobalConf | Block::PsocTimestamp => self.psoc_register_read(offset),
            Block::PcieDbi => self.dbi_register_read(offset),
            _ => self.regs.get(offset),
        };
        self.trace_register("read", offset, value, origin);
        value
    }

    /// Writes the register at `offset` of the configuration space.
    pub(crate) fn register_write(&mut self, offset: u32, value: u32, origin: Origin) {
        let offset = offset & !3;
        self.trace_register("write", offset, value, origin);
        match regs::block(offset) {
            Block::Queue(id, reg) => self.queue_register_write(id, reg, value),
            Block::DmaChannel(n, reg) => self.channel_register_write(n, reg, value),
            Block::SyncManager => self.sync_register_write(offset, value),
            Block::Mmu | Block::Stlb => self.mmu_register_write(offset, value),
            Block::Tpc(n) => self.tpc_register_write(n, offset, value, origin),
            Block::Mme => self.mme_register_write(offset, value),
            Block::PsocGlobalConf | Block::PsocTimestamp => self.psoc_register_write(offset, value),
            Block::Gic => self.gic_register_write(offset, value),
            Block::PcieDbi => self.dbi_register_write(offset, value),
            _ => {
                self.protection.register_written(offset);
                self.regs.set(offset, value);
            }
        }
    }

    /// Reads device-side physical memory at `addr`; registers in whole words only.
    pub(crate) fn physical_read(
        &mut self,
        addr: u64,
        buf: &mut [u8],
        origin: Origin,
    ) -> Result<(), BusError> {
        let mut done = 0;
        while done < buf.len() {
            let at = addr.checked_add(done as u64).ok_or(BusError::Unmapped(addr))?;
            let rest = &mut buf[done..];
            done += match self.target(at) {
                Target::Cfg(offset) => {
                    let word = self.register_read(offset, origin).to_le_bytes();
                    let skip = (offset & 3) as usize;
                    let n = rest.len().min(4 - skip);
                    rest[..n].copy_from_slice(&word[skip..skip + n]);
                    n
                }
                target => {
                    let slice = self.memory(target, rest.len()).ok_or(BusError::Unmapped(at))?;
                    slice.copy_to(rest)
                }
            };
        }
        Ok(())
    }

    /// Writes device-side physical memory at `addr`; a register takes whole aligned words only.
    pub(crate) fn physical_write(&mut self, addr: u64, buf: &[u8], origin: Origin) -> Result<(), BusError> {
        let mut done = 0;
        while done < buf.len() {
            let at = addr.checked_add(done as u64).ok_or(BusError::Unmapped(addr))?;
            let rest = &buf[done..];
            done += match self.target(at) {
                Target::Cfg(offset) => match rest.first_chunk::<4>() {
                    Some(word) if offset & 3 == 0 => {
                        self.register_write(offset, u32::from_le_bytes(*word), origin);
                        4
                    }
                    _ => return Err(BusError::Unmapped(at)),
                },
                target => {
                    let slice = self.memory(target, rest.len()).ok_or(BusError::Unmapped(at))?;
                    slice.copy_from(&rest[..slice.len().min(rest.len())]);
                    slice.len().min(rest.len())
                }
            };
        }
        Ok(())
    }

    /// The memory behind `target`: at least one byte, at most `len`, or `None`.
    #[inline]
    pub(crate) fn memory(&self, target: Target, len: usize) -> Option<vm_memory::VolatileSlice<'_>> {
        match target {
            Target::Dram(off) => self.dram.slice(off, len),
            Target::Sram(off) => self.sram.slice(off, len),
            Target::Host(offset) => self.host_memory(offset, len),
            Target::Cfg(_) | Target::None => None,
        }
    }

    /// What lies at physical device address `addr`.
    pub(crate) fn target(&self, addr: u64) -> Target {
        Target::decode(addr, self.dram.size())
    }

    /// Notes that a core works on the memory at `target`.
    pub(crate) fn memory_used(&self, target: Target) {
        match target {
            Target::Dram(off) => self.dram.used(off),
            Target::Sram(off) => self.sram.used(off),
            Target::Host(_) | Target::Cfg(_) | Target::None => false,
        };
    }

    /// Tells the processor that `len` bytes at `target` will be wanted soon, if they are of the card's own memory.
    #[inline]
    pub(crate) fn memory_prefetch(&self, target: Target, len: usize) {
        match target {
            Target::Dram(off) => self.dram.prefetch(off, len),
            Target::Sram(off) => self.sram.prefetch(off, len),
            Target::Host(_) | Target::Cfg(_) | Target::None => {}
        }
    }

    /// Sends a 32-bit message (a posted write) to a physical device address.
    pub(crate) fn message(&mut self, addr: u64, value: u32, origin: Origin) -> Result<(), BusError> {
        self.physical_write(addr, &value.to_le_bytes(), origin)
    }
}

/// The device address of the register at `offset`.
pub(crate) fn register_address(offset: u32) -> u64 {
    CFG_BASE + u64::from(offset)
}
