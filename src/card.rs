// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a card has (upstream `struct hl_device`). It names nobody who acts on it.

use core::fmt;

use kernel::device::{Bound, Device};
use kernel::pci;
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_mutex, Arc, Mutex};

use crate::abstractions::accel;
use crate::abstractions::msix::Vectors;
use crate::abstractions::task::{Run, Task};
use crate::context::counters::DropCounters;
use crate::context::open_files::Users;
use crate::coresight::{self, Trace};
use crate::fw::capabilities::Capabilities;
use crate::fw::clocks::Numbering;
use crate::fw::info::CpuInfo;
use crate::fw::power::Power;
use crate::fw::text::Text;
use crate::history::History;
use crate::hw::bars::Bars;
use crate::hw::idle::{self, IdleReport};
use crate::hw::pll::PciPll;
use crate::mem::memory::Memory;
use crate::params::{Params, Settings};
use crate::queue::budget::Budget;
use crate::queue::cpu::CpuQueue;
use crate::queue::event_queue::EventQueue;
use crate::queue::job_copy::CopyPool;
use crate::queue::Queues;
use crate::state::resets::Resets;
use crate::state::status::Status;

/// The device of a card's accel node, which knows whether the card is bound.
pub(crate) type Node = accel::Device<Arc<Card>>;
/// The way to a card that is still bound.
pub(crate) type BoundCard = accel::BoundDevice<Arc<Card>>;

/// What firmware says of itself and of the card.
pub(crate) struct Firmware {
    pub(crate) preboot: Text,
    pub(crate) loader: Text,
    pub(crate) capabilities: Capabilities,
    pub(crate) info: CpuInfo,
    pub(crate) dram_size: u64,
    /// How it numbers PLLs.
    pub(crate) numbering: Numbering,
}

/// A card.
#[pin_data]
pub(crate) struct Card {
    pub(crate) dev: ARef<Device>,
    pub(crate) params: Params,
    pub(crate) settings: Settings,
    pub(crate) bars: Arc<Bars>,
    pub(crate) queues: Queues,
    pub(crate) cpu: Arc<CpuQueue>,
    pub(crate) events: Arc<EventQueue>,
    /// What address spaces share.
    pub(crate) memory: Arc<Memory>,
    /// Overwrites what users leave in DRAM.
    pub(crate) scrubber: Pin<KBox<Task>>,
    pub(crate) copies: Arc<CopyPool>,
    /// What the machine's memory has to spare for answers.
    pub(crate) answers: Arc<Budget>,
    /// Its past, and who wants to know.
    pub(crate) history: Arc<History>,
    /// Who has it open.
    #[pin]
    pub(crate) users: Users,
    /// Its status, and who wants it reset.
    pub(crate) resets: Arc<Resets>,
    pub(crate) watchdog: Pin<KBox<Task>>,
    pub(crate) heartbeat: Pin<KBox<Task>>,
    /// Refused submissions of all contexts.
    pub(crate) drops: DropCounters,
    /// Where DRAM ends; known once firmware has said so.
    pub(crate) dram_end: Atomic<u64>,
    pub(crate) hard_resets: Atomic<u32>,
    pub(crate) soft_resets: Atomic<u32>,
    #[pin]
    pub(crate) power: Power,
    #[pin]
    pub(crate) trace: Trace,
    /// There once the card has come up.
    #[pin]
    pub(crate) firmware: Mutex<Option<Firmware>>,
    /// The clock of the time stamp counter, as it was when the card came up.
    #[pin]
    pub(crate) pci_pll: Mutex<PciPll>,
    /// Held while the function's power state changes.
    #[pin]
    pub(crate) power_steps: Mutex<()>,
    /// There while interrupts are on.
    #[pin]
    pub(crate) vectors: Mutex<Option<Vectors>>,
}

/// What is done for a card by tasks of its own. A card knows when, `driver.rs` what.
pub(crate) struct Handlers {
    /// Does the resets that somebody wants.
    pub(crate) reset: Arc<dyn Run>,
    /// Ends the time that a user was given to go.
    pub(crate) release: Arc<dyn Run>,
    /// Looks at submissions.
    pub(crate) watchdog: Arc<dyn Run>,
    /// Asks the firmware for a sign of life.
    pub(crate) heartbeat: Arc<dyn Run>,
    /// Overwrites device memory that others have used.
    pub(crate) scrubber: Arc<dyn Run>,
}

/// Time between two looks at submissions. Milliseconds.
const WATCHDOG_PERIOD: u32 = 250;

impl Card {
    pub(crate) fn new(
        pdev: &pci::Device<Bound>,
        params: Params,
        bars: Arc<Bars>,
        handlers: Handlers,
    ) -> Result<Arc<Self>> {
        let dev: &Device<Bound> = pdev.as_ref();
        let cpu = CpuQueue::new(dev, bars.clone())?;
        let events = EventQueue::new(cpu.clone())?;
        let resets = Resets::new(dev, handlers.reset, handlers.release)?;
        let watchdog = Task::new(handlers.watchdog, c"goya_watchdog", static_lock_class!())?;
        let heartbeat = Task::new(handlers.heartbeat, c"goya_heartbeat", static_lock_class!())?;
        let scrubber = Task::new(handlers.scrubber, c"goya_scrub", static_lock_class!())?;
        let (queues, copies) = (Queues::new(dev)?, CopyPool::new()?);
        let memory = Memory::new(dev, &bars, queues.kernel_queue(), &resets)?;
        let answers = Budget::for_answers()?;
        let history = History::new()?;
        Arc::pin_init(
            pin_init!(Self {
                dev: dev.into(),
                settings: Settings::new(&params),
                params,
                bars,
                queues,
                cpu,
                events,
                memory,
                scrubber,
                copies,
                answers,
                history,
                users <- Users::new(),
                resets,
                watchdog,
                heartbeat,
                drops: DropCounters::default(),
                dram_end: Atomic::new(0),
                hard_resets: Atomic::new(0),
                soft_resets: Atomic::new(0),
                power <- Power::new(),
                trace <- Trace::new(),
                firmware <- new_mutex!(None),
                pci_pll <- new_mutex!(PciPll::default()),
                power_steps <- new_mutex!(()),
                vectors <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    /// What it is doing.
    pub(crate) fn status(&self) -> Status {
        self.resets.status()
    }

    /// The end of DRAM, as the card addresses it.
    pub(crate) fn dram_end(&self) -> u64 {
        self.dram_end.load(Relaxed)
    }

    /// Something is in flight: the watchdog looks at it in a while.
    pub(crate) fn watch_submissions(&self) {
        self.watchdog.schedule(WATCHDOG_PERIOD);
    }

    /// Whether somebody uses the card, or something of his is left on it.
    pub(crate) fn in_use(&self) -> bool {
        self.users.any() || self.memory.asids.any()
    }

    /// There was one more hard reset.
    pub(crate) fn count_hard_reset(&self) {
        self.hard_resets.add(1u32, Relaxed);
    }

    /// There was one more soft reset.
    pub(crate) fn count_soft_reset(&self) {
        self.soft_resets.add(1u32, Relaxed);
    }

    /// What `of` says of the firmware; nothing if the card has not come up. No messages in there: others wait.
    pub(crate) fn with_firmware<R>(&self, of: impl FnOnce(&Firmware) -> R) -> Option<R> {
        self.firmware.lock().as_ref().map(of)
    }

    /// What the engines are at for users, and a table of it for people: see [`idle::engines`].
    pub(crate) fn engines(&self, table: Option<&mut dyn fmt::Write>) -> IdleReport {
        idle::engines(&*self.bars, || self.queues.kernel_queue().hold(), table)
    }

    /// Whether the firmware keeps the host from registers.
    pub(crate) fn is_secure(&self) -> bool {
        self.with_firmware(|firmware| firmware.capabilities.security())
            .unwrap_or(false)
    }

    /// What its trace units are reached with.
    pub(crate) fn trace_units(&self) -> coresight::UnitAccess<'_> {
        // One lock at a time.
        let timestamp_mhz = self.pci_pll.lock().frequency;
        coresight::UnitAccess {
            dev: &self.dev,
            bars: &self.bars,
            facts: coresight::Facts {
                timestamp_mhz,
                secure: self.is_secure(),
            },
            resets: &self.resets,
        }
    }

    /// Hard and soft resets so far.
    pub(crate) fn reset_counts(&self) -> (u32, u32) {
        (
            self.hard_resets.load(Relaxed),
            self.soft_resets.load(Relaxed),
        )
    }
}
