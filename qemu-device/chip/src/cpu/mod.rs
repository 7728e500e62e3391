// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The device CPU and its firmware: boot, the CPU queue, sensors and events.
//!
//! Nothing runs by itself: interrupts to the CPU are noted when they come and served by
//! [`Chip::cpu_run`].

mod boot;
mod event_queue;
mod info;
mod message;
mod queue;
mod sensors;

use std::collections::VecDeque;

pub use boot::{BootView, Image, Stage};
pub use sensors::{Kind, SensorView};

use crate::chip::{Chip, Progress};
use crate::config::ChipConfig;
use crate::regs::GIC;
use boot::Boot;
use event_queue::EventQueue;
use message::Settings;
use queue::CpuQueue;
use sensors::Sensors;

/// `GICD_SETSPI_NSR`: the interrupt to raise.
const SETSPI: u32 = GIC + 0x40;
/// Interrupts that are commands to the firmware, not events (`goya_async_events.h`).
const PI_UPDATE: u32 = 484;
const HALT_MACHINE: u32 = 485;
const INTS_REGISTER: u32 = 486;
const SOFT_RESET: u32 = 487;
/// Interrupts noted and not yet served; more are lost, as in hardware a second edge is.
const PENDING_MAX: usize = 64;

/// State of the device CPU.
#[derive(Debug)]
pub struct DeviceCpu {
    boot: Boot,
    queue: CpuQueue,
    events: EventQueue,
    sensors: Sensors,
    settings: Settings,
    pending: VecDeque<u32>,
}

impl DeviceCpu {
    pub(crate) fn new(config: &ChipConfig) -> Self {
        Self {
            boot: Boot::default(),
            queue: CpuQueue::default(),
            events: EventQueue::default(),
            sensors: Sensors::default(),
            settings: Settings::new(config),
            pending: VecDeque::new(),
        }
    }
}

impl Chip {
    /// Starts the boot ROM: after power-on, hard reset and function reset. Sensors keep their values, and what is on
    /// the board's buses; the firmware forgets what it was told.
    pub(crate) fn cpu_power_on(&mut self) {
        self.cpu.queue = CpuQueue::default();
        self.cpu.events = EventQueue::default();
        self.cpu.pending.clear();
        self.cpu.settings.forget();
        self.faults.firmware_started();
        self.psoc_power_on();
        self.boot_start();
    }

    /// Lets the firmware do what is pending.
    pub(crate) fn cpu_run(&mut self) -> Progress {
        while let Some(interrupt) = self.cpu.pending.pop_front() {
            match interrupt {
                HALT_MACHINE => self.boot_halt(),
                _ if self.cpu.boot.stage() != Stage::Linux => {}
                PI_UPDATE => self.cpu_queue_serve(),
                INTS_REGISTER => {
                    tracing::debug!(target: "goya::event", "interrupts registered");
                    self.events_send();
                }
                // The engines were reset behind the firmware's back: what it masked has gone.
                SOFT_RESET => self.events_unmask_all(),
                event => self.raise_event(u16::try_from(event).unwrap_or(u16::MAX)),
            }
        }
        Progress::Idle
    }

    /// A write to the interrupt distributor: a command from the driver, or a block that reports an error.
    pub(crate) fn gic_register_write(&mut self, offset: u32, value: u32) {
        if offset == SETSPI {
            if self.cpu.pending.len() < PENDING_MAX {
                self.cpu.pending.push_back(value);
            }
            return;
        }
        self.regs.set(offset, value);
    }
}

#[cfg(test)]
mod tests;
