// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A TPC's configuration block (`tpc0_cfg_regs.h`): what starts, stalls and ends a kernel.
//!
//! Registers from 0xA00 on are the queue's copy of the descriptor at 0x400: a launch by the queue takes it over, so that the
//! next descriptor can be written while the kernel runs.

use goya_tpc_isa::dis;

use super::Completion;
use super::bus::Bus;
use crate::access::Origin;
use crate::chip::Chip;
use crate::events;
use crate::queue::QueueId;
use crate::regs::{TPC_CFG, TPC_COUNT, TPC_STRIDE};
use crate::tpc::{Cause, Core, Profile, Progress, Stop};

pub(super) const DESCRIPTOR: u32 = 0x400;
pub(super) const KERNEL_BASE: u32 = 0x660;
pub(super) const SYNC_MESSAGE: u32 = 0x714;
/// From a register of the descriptor to its queue's copy.
pub(super) const QUEUE_COPY: u32 = 0x600;
const SEMAPHORE: u32 = 0x808;
pub(super) const STATUS: u32 = 0x81C;
pub(super) const SM_BASE: u32 = 0x828;
pub(super) const TPC_CMD: u32 = 0x830;
pub(super) const EXECUTE: u32 = 0x838;
pub(super) const STALL: u32 = 0x83C;
pub(super) const INTR_CAUSE: u32 = 0x858;
pub(super) const INTR_MASK: u32 = 0x85C;
pub(super) const ARUSER: u32 = 0xD18;
pub(super) const AWUSER: u32 = 0xD1C;
const MBIST_CNTRL: u32 = 0xE00;
/// Scalar and vector pipe and instruction queue empty, no access in flight.
pub(super) const IDLE: u32 = 0x1E;
/// What the cores together may take before others have their turn, and what a word takes beside its accesses; in
/// bytes of DMA.
const TURN: u64 = 256 << 10;
const WORD_COST: u64 = 256;
/// Words between two looks at what they took.
const WORDS: u64 = 16;

/// Where the registers of core `n` begin.
pub(super) fn base(n: u8) -> u32 {
    TPC_CFG + u32::from(n) * TPC_STRIDE
}

/// The register that starts a kernel of core `n`.
pub(crate) fn execute_register(n: u8) -> u32 {
    base(n) + EXECUTE
}

/// A core and what it is at.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    /// Made when it is first used: its local memories are large.
    core: Option<Box<Core>>,
    running: bool,
}

/// All cores.
#[derive(Debug, Default)]
pub(crate) struct Units([Unit; TPC_COUNT as usize]);

impl Units {
    fn get(&self, n: u8) -> &Unit {
        &self.0[usize::from(n % TPC_COUNT)]
    }

    fn get_mut(&mut self, n: u8) -> &mut Unit {
        &mut self.0[usize::from(n % TPC_COUNT)]
    }

    /// How many execute a kernel, stalled or not.
    fn running(&self) -> u64 {
        self.0.iter().filter(|unit| unit.running).count() as u64
    }

    /// Words that core `n` has executed since its last start.
    #[cfg(test)]
    pub(super) fn words(&self, n: u8) -> u64 {
        self.get(n).core.as_ref().map_or(0, |core| core.words)
    }

    /// Whether core `n` executes a kernel, stalled or not.
    pub(crate) fn is_running(&self, n: u8) -> bool {
        self.get(n).running
    }
}

/// Tells of word `word`, which core `n` has executed.
fn tell_of_word(n: u8, word: u32, core: &Core) {
    // The page that it is from is gone after a jump to another.
    let text = core.bits_of(word).map_or_else(String::new, |bits| dis::text(&bits));
    tracing::trace!(target: "goya::word", queue = %QueueId::TpcCmdq(n), word, text, "executes");
}

impl Chip {
    /// Reads a register of TPC `n`.
    pub(crate) fn tpc_register_read(&mut self, n: u8, offset: u32) -> u32 {
        let unit = self.queues.cores.get(n);
        match offset - base(n) {
            STATUS if unit.running => 0,
            STATUS => IDLE,
            SEMAPHORE => {
                unit.core.as_ref().map_or_else(|| self.regs.get(offset), |core| core.around.semaphore)
            }
            _ => self.regs.get(offset),
        }
    }

    /// Writes a register of TPC `n`.
    pub(crate) fn tpc_register_write(&mut self, n: u8, offset: u32, value: u32, origin: Origin) {
        match offset - base(n) {
            // Starting the memory self test is having done it.
            MBIST_CNTRL => self.regs.set(offset, value | (value & 1) << 1),
            SEMAPHORE => {
                self.regs.set(offset, value);
                if let Some(core) = &mut self.queues.cores.get_mut(n).core {
                    core.around.semaphore = value;
                }
            }
            // Bit 0 drops cached code, also that of a kernel that runs.
            TPC_CMD => {
                self.regs.set(offset, value);
                if let Some(core) = self.queues.cores.get_mut(n).core.as_mut().filter(|_| value & 1 != 0) {
                    core.invalidate_code();
                }
            }
            // It reads as zero.
            EXECUTE if value & 1 != 0 => self.launch(n, origin),
            STATUS | EXECUTE => {}
            _ => self.regs.set(offset, value),
        }
    }

    /// Starts the kernel that the registers describe. One that is told to start while another runs does not: the
    /// queue waits for it before.
    fn launch(&mut self, n: u8, origin: Origin) {
        let (base, id) = (base(n), QueueId::TpcCmdq(n));
        if self.queues.cores.is_running(n) {
            tracing::debug!(target: "goya::tpc", queue = %id, "launch lost: a kernel is running");
            return;
        }
        // The host describes a kernel itself, unless it has only written what is the queue's.
        let described = self.regs.pair(base + KERNEL_BASE) != 0;
        if matches!(origin, Origin::Queue { .. }) || !described {
            for at in (DESCRIPTOR..=SYNC_MESSAGE).step_by(4) {
                let value = self.regs.get(base + QUEUE_COPY + at);
                self.regs.set(base + at, value);
            }
        }
        let unit = self.queues.cores.get_mut(n);
        unit.running = true;
        let core = unit.core.get_or_insert_with(Box::default);
        core.start(|at| self.regs.get(base + at));
        self.counters.kernels += 1;
        let code = self.regs.pair(base + KERNEL_BASE);
        tracing::debug!(target: "goya::tpc", queue = %id, code = %format_args!("{code:#x}"), "kernel starts");
    }

    /// Lets each core that runs execute some words, all together about as many as take `bytes` bytes of DMA: what that took, or
    /// `None` when none could.
    pub(crate) fn cores_run(&mut self, bytes: u64) -> Option<u64> {
        let running = self.queues.cores.running();
        // Each has its own share, so that none waits for others, or for DMA.
        let share = TURN.min(bytes) / running.max(1);
        (0..TPC_COUNT).filter_map(|n| self.core_run(n, share)).reduce(u64::saturating_add)
    }

    /// Lets core `n` execute words that take about `share` bytes of DMA: what they took, or `None` when it had nothing to do
    /// or may not.
    fn core_run(&mut self, n: u8, share: u64) -> Option<u64> {
        let stalled = self.regs.get(base(n) + STALL) & 1 != 0;
        let unit = self.queues.cores.get_mut(n);
        if !unit.running || stalled {
            return None;
        }
        let Some(mut core) = unit.core.take() else {
            unit.running = false;
            return None;
        };
        let before = core.words;
        // Whoever wants to see each word has them executed one by one.
        let watched = tracing::enabled!(target: "goya::word", tracing::Level::TRACE);
        let mut bus = Bus::new(self, n);
        let (progress, took) = loop {
            let word = core.word();
            let progress = core.run(&mut bus, if watched { 1 } else { WORDS });
            if watched {
                tell_of_word(n, word, &core);
            }
            let took = bus.cost + (core.words - before) * WORD_COST;
            if progress != Progress::Running || took >= share {
                break (progress, took);
            }
        };
        let (words, all, profile) = (core.words - before, core.words, core.profile);
        self.add_causes(n, std::mem::take(&mut core.causes));
        self.counters.tpc_words += words;
        self.queues.cores.get_mut(n).core = Some(core);
        match progress {
            Progress::Running => {}
            Progress::Halted => {
                let Profile { loads, stores, stalls } = profile;
                tracing::debug!(target: "goya::tpc", queue = %QueueId::TpcCmdq(n), words = all, loads, stores, stalls, "kernel ends");
                self.end(n);
                self.message_of_end(n);
            }
            Progress::Stopped(stop) => {
                self.end(n);
                self.stopped(n, &stop, all, profile);
            }
        }
        Some(took)
    }

    /// Adds causes that do not stop a kernel. Each raises an event once, until its register is cleared, unless it is masked.
    fn add_causes(&mut self, n: u8, causes: u32) {
        let (cause, mask) = (base(n) + INTR_CAUSE, self.regs.get(base(n) + INTR_MASK));
        let before = self.regs.get(cause);
        self.regs.set(cause, before | causes);
        if causes & !before & !mask != 0 {
            self.raise_event(events::tpc_kernel_error(n));
        }
    }

    /// The kernel of core `n` is over: its queues may go on.
    fn end(&mut self, n: u8) {
        self.queues.cores.get_mut(n).running = false;
        self.queues.wake(QueueId::Tpc(n));
        self.queues.wake(QueueId::TpcCmdq(n));
    }

    /// Says that the kernel of core `n` has ended, if it is to be said.
    fn message_of_end(&mut self, n: u8) {
        let base = base(n);
        // Streams without a message leave the register zero.
        if self.regs.get(base + SYNC_MESSAGE) != 0 {
            let completion = Completion::new(&self.regs, base + SYNC_MESSAGE, base + SM_BASE);
            self.complete(QueueId::TpcCmdq(n), completion);
        }
    }

    /// The kernel of core `n` cannot go on: nobody is told that it has ended, but an event is raised. A word that is none
    /// raises it in any case, so that nothing passes in silence; other causes can be masked.
    fn stopped(&mut self, n: u8, stop: &Stop, words: u64, profile: Profile) {
        let (base, id) = (base(n), QueueId::TpcCmdq(n));
        let bit = stop.cause.bit();
        self.regs.set(base + INTR_CAUSE, self.regs.get(base + INTR_CAUSE) | bit);
        self.counters.faults += 1;
        let Profile { loads, stores, stalls } = profile;
        tracing::debug!(target: "goya::tpc", queue = %id, %stop, words, loads, stores, stalls, "kernel fails");
        if stop.cause == Cause::IllegalInstruction || self.regs.get(base + INTR_MASK) & bit == 0 {
            self.raise_event(events::tpc_kernel_error(n));
        }
    }
}
