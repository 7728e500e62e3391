// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The card as a whole: its parts, and the time they are given.

use crate::busy::BusyTimes;
use crate::config::{ChipConfig, ConfigError};
use crate::counters::Counters;
use crate::cpu::DeviceCpu;
use crate::fault::Faults;
use crate::host::Host;
use crate::map::SRAM_SIZE;
use crate::memory::{MemoryError, SparseMemory};
use crate::mmu::Mmu;
use crate::pci::Pci;
use crate::protect::Protection;
use crate::psoc::{NON_RESET_FLOPS, Psoc};
use crate::queue::Queues;
use crate::registers::RegisterFile;
use crate::sync::SyncManager;

/// A Goya card.
pub struct Chip {
    pub(crate) config: ChipConfig,
    pub(crate) host: Box<dyn Host>,
    pub(crate) dram: SparseMemory,
    pub(crate) sram: SparseMemory,
    pub(crate) regs: RegisterFile,
    pub(crate) pci: Pci,
    pub(crate) psoc: Psoc,
    pub(crate) cpu: DeviceCpu,
    pub(crate) mmu: Mmu,
    pub(crate) protection: Protection,
    pub(crate) sync: SyncManager,
    pub(crate) queues: Queues,
    pub(crate) faults: Faults,
    pub(crate) counters: Counters,
    pub(crate) busy: BusyTimes,
}

/// Why a card could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ChipError {
    /// The configuration is impossible.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The machine has no memory for it.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// What is left to do after a [`Chip::run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing: wait for the next access.
    Idle,
    /// More work is ready now.
    Busy,
    /// Something happens at this moment of [`Host::now_ns`]; nothing before, unless accessed.
    WaitUntil(u64),
}

/// Kinds of reset, from the gentlest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reset {
    /// DMA, MME and TPC only (`DMA_MME_TPC_RESET`, `goya_masks.h`).
    Soft,
    /// Everything but the PCI function (`RESET_ALL`, `goya_masks.h`).
    Hard,
    /// The PCI function and all behind it: FLR or bus reset.
    Function,
}

impl Chip {
    /// Builds a card that has just been switched on.
    pub fn new(config: ChipConfig, host: Box<dyn Host>) -> Result<Self, ChipError> {
        config.check()?;
        let mut chip = Self {
            dram: SparseMemory::new("goya-dram", config.dram_size)?,
            sram: SparseMemory::new("goya-sram", SRAM_SIZE)?,
            regs: RegisterFile::default(),
            pci: Pci::new(&config),
            psoc: Psoc::default(),
            cpu: DeviceCpu::new(&config),
            mmu: Mmu::default(),
            protection: Protection::default(),
            sync: SyncManager::default(),
            queues: Queues::default(),
            faults: Faults::default(),
            counters: Counters::default(),
            busy: BusyTimes::default(),
            config,
            host,
        };
        chip.cpu_power_on();
        Ok(chip)
    }

    /// Lets the card work for a while: at most about `bytes` bytes of DMA, and a bounded number of
    /// packets. Call it after accesses, and again while it says [`Progress::Busy`].
    pub fn run(&mut self, bytes: u64) -> Progress {
        if self.faults.unplugged() {
            return Progress::Idle;
        }
        let engines = self.engines_run(bytes);
        self.busy_look();
        let cpu = self.cpu_run();
        engines.and(cpu)
    }

    /// What the card has done since power-on.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &ChipConfig {
        &self.config
    }

    /// The machine around the card.
    pub fn host_mut(&mut self) -> &mut dyn Host {
        self.host.as_mut()
    }

    /// Switches the card off and on again: memories are empty, injected faults gone, sensors as new.
    pub fn power_cycle(&mut self) {
        self.faults = Faults::default();
        self.cpu = DeviceCpu::new(&self.config);
        self.regs.reset(|_| true);
        self.dram.clear();
        self.reset(Reset::Function);
    }

    /// The memory behind BAR `bar` that a client may map.
    pub fn mappable(&self, bar: u8) -> Option<&SparseMemory> {
        match bar {
            crate::pci::SRAM_CFG_BAR if self.config.mmap => Some(&self.sram),
            crate::pci::DRAM_BAR if self.config.mmap => Some(&self.dram),
            _ => None,
        }
    }

    /// Bytes of DRAM and SRAM in use now.
    pub fn resident(&self) -> u64 {
        self.dram.resident() + self.sram.resident()
    }

    /// Injects a fault; fails when it names an event that does not exist.
    pub fn inject(&mut self, fault: &crate::fault::Fault) -> Result<(), String> {
        use crate::fault::Fault;
        let id = match fault {
            Fault::Event { event } | Fault::EventStorm { event } => {
                Some(event.resolve().ok_or_else(|| format!("no event {event}"))?)
            }
            _ => None,
        };
        self.faults.inject(fault);
        id.into_iter().for_each(|id| self.raise_event(id));
        Ok(())
    }

    /// Takes every injected fault back; queues that hung, and firmware that was mute or stuck in preboot, go on.
    pub fn clear_faults(&mut self) {
        let stuck = self.faults.boot_fails(crate::fault::BootStage::Preboot);
        let mute = self.faults.heartbeat_stopped();
        self.faults.clear();
        self.posted_arrive();
        self.queues.wake_all();
        if stuck {
            self.cpu_power_on();
        } else if mute {
            self.cpu_queue_resume();
        }
    }

    /// Resets the card as far as `kind` reaches.
    pub fn reset(&mut self, kind: Reset) {
        tracing::debug!(target: "goya::reset", ?kind);
        self.counters.resets += 1;
        self.queues = Queues::default();
        self.busy_look();
        self.posted_arrive();
        if kind == Reset::Soft {
            self.regs.reset(crate::psoc::lost_by_soft_reset);
            return;
        }
        // Four registers outlive everything but the power.
        let flops = [0, 4, 8, 12].map(|at| (NON_RESET_FLOPS + at, self.regs.get(NON_RESET_FLOPS + at)));
        self.regs.reset(|_| true);
        for (register, value) in flops {
            self.regs.set(register, value);
        }
        self.sync = SyncManager::default();
        self.mmu = Mmu::default();
        self.protection = Protection::default();
        self.psoc = Psoc::default();
        self.sram.clear();
        if kind == Reset::Function {
            self.pci.function_reset();
        }
        self.cpu_power_on();
    }
}

impl Progress {
    /// What is left when two parts have `self` and `other` left.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Busy, _) | (_, Self::Busy) => Self::Busy,
            (Self::WaitUntil(a), Self::WaitUntil(b)) => Self::WaitUntil(a.min(b)),
            (Self::WaitUntil(t), Self::Idle) | (Self::Idle, Self::WaitUntil(t)) => Self::WaitUntil(t),
            (Self::Idle, Self::Idle) => Self::Idle,
        }
    }
}
