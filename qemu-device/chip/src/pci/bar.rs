// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Accesses through the BARs.
//!
//! Registers take 32-bit accesses; wider ones are split, narrower ones read the whole register, and
//! write it back with the other bytes as they were. While the command register has memory decoding off,
//! reads are all ones and writes are lost.

use super::{DRAM_BAR, MSIX_BAR, SRAM_CFG_BAR};
use crate::access::Origin;
use crate::chip::Chip;
use crate::map::Target;

impl Chip {
    /// Reads `buf.len()` bytes at `offset` of BAR `bar`. What nothing answers reads as all ones.
    pub fn bar_read(&mut self, bar: u8, offset: u64, buf: &mut [u8]) {
        if self.faults.unplugged() || !self.pci.config.memory_and_master().0 {
            return buf.fill(0xFF);
        }
        if bar == MSIX_BAR {
            for (at, byte) in super::addresses(offset).zip(buf.iter_mut()) {
                *byte = usize::try_from(at).map_or(0xFF, |at| self.pci.msix.read(at));
            }
            return;
        }
        if bar == DRAM_BAR {
            self.counters.window_reads += 1;
            self.posted_arrive();
        }
        let mut done = 0;
        while done < buf.len() {
            let target = self.bar_target(bar, offset.saturating_add(done as u64));
            let rest = &mut buf[done..];
            done += match target {
                Target::Cfg(register) => {
                    self.counters.register_reads += 1;
                    let word = self.register_read(register, Origin::Host).to_le_bytes();
                    let skip = (register & 3) as usize;
                    let n = rest.len().min(4 - skip);
                    rest[..n].copy_from_slice(&word[skip..skip + n]);
                    n
                }
                _ => {
                    self.counters.memory_accesses += 1;
                    match self.memory(target, rest.len()) {
                        Some(memory) => memory.copy_to(rest),
                        None => {
                            rest.fill(0xFF);
                            rest.len()
                        }
                    }
                }
            };
        }
    }

    /// Writes `data` at `offset` of BAR `bar`. What nothing answers is lost.
    pub fn bar_write(&mut self, bar: u8, offset: u64, data: &[u8]) {
        if self.faults.unplugged() || !self.pci.config.memory_and_master().0 {
            return;
        }
        if bar == MSIX_BAR {
            for (at, &byte) in super::addresses(offset).zip(data) {
                if let Ok(at) = usize::try_from(at) {
                    self.pci.msix.write(at, byte);
                }
            }
            return self.msix_flush();
        }
        let mut done = 0;
        while done < data.len() {
            let target = self.bar_target(bar, offset.saturating_add(done as u64));
            let rest = &data[done..];
            done += match target {
                Target::Cfg(register) => {
                    self.counters.register_writes += 1;
                    let skip = (register & 3) as usize;
                    let n = rest.len().min(4 - skip);
                    let mut word = [0; 4];
                    if n < 4 {
                        word = self.register_read(register, Origin::Host).to_le_bytes();
                    }
                    word[skip..skip + n].copy_from_slice(&rest[..n]);
                    self.register_write(register, u32::from_le_bytes(word), Origin::Host);
                    n
                }
                _ => {
                    self.counters.memory_accesses += 1;
                    match self.memory(target, rest.len()) {
                        Some(memory) if bar == DRAM_BAR && self.faults.writes_held() => {
                            let n = memory.len().min(rest.len());
                            self.post(target.address(), &rest[..n]);
                            n
                        }
                        Some(memory) => {
                            let n = memory.len().min(rest.len());
                            memory.copy_from(&rest[..n]);
                            self.boot_note_write(target.address(), n as u64);
                            n
                        }
                        None => rest.len(),
                    }
                }
            };
        }
    }

    /// What `offset` of a BAR shows. A BAR never shows the host to itself.
    fn bar_target(&self, bar: u8, offset: u64) -> Target {
        if ![SRAM_CFG_BAR, DRAM_BAR].contains(&bar) {
            return Target::None;
        }
        let Some(address) = self.pci.iatu.inbound(bar, self.pci.config.bar_base(bar), offset) else {
            return Target::None;
        };
        match self.target(address) {
            Target::Host(_) => Target::None,
            target => target,
        }
    }
}
