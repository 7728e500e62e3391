// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a card is, and its states (upstream `struct hl_device`, `hl_device_status()`).

use core::fmt;

use kernel::device::{Bound, Device};
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{ordering::Acquire, ordering::Release, Atomic, Relaxed};
use kernel::sync::{new_mutex, Arc, Mutex};

use crate::abstractions::dmabuf::Exports;
use crate::abstractions::msix::{Handler, Line, Runs, Vectors};
use crate::abstractions::pinned::DmaMappings;
use crate::context::asid::Asids;
use crate::context::counters::DropCounters;
use crate::context::users::Users;
use crate::context::Context;
use crate::fw::capabilities::Capabilities;
use crate::fw::clocks::Numbering;
use crate::fw::info::CpuInfo;
use crate::fw::text::Text;
use crate::heartbeat::Heartbeat;
use crate::hw::bars::Bars;
use crate::hw::idle::{self, IdleReport};
use crate::hw::pll::PciPll;
use crate::link::Link;
use crate::mem::card_memory::{self, CardMemory};
use crate::mem::dram::Dram;
use crate::mem::export::ExportedMemory;
use crate::mem::scrub::Scrubber;
use crate::mem::tables::Tables;
use crate::observe::coresight::Trace;
use crate::observe::power::Power;
use crate::observe::Observed;
use crate::params::{Params, Settings};
use crate::queue::cpu::CpuQueue;
use crate::queue::event::EventQueue;
use crate::queue::Queues;
use crate::reset::{self, Request, Resets};
use crate::submit::buffer::CopyPool;
use crate::watchdog::Watchdog;

/// A card's state, as programs see it (`enum hl_device_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Status {
    Operational = 0,
    InReset = 1,
    Malfunction = 2,
    NeedsReset = 3,
    InCreation = 4,
    InResetAfterRelease = 5,
}

impl Status {
    /// Whether the card takes work.
    pub(crate) fn operational(self) -> bool {
        matches!(self, Self::Operational | Self::InCreation)
    }

    /// For messages, as upstream.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::InReset => "in reset",
            Self::Malfunction => "disabled",
            Self::NeedsReset => "needs reset",
            Self::InCreation => "in device creation",
            Self::InResetAfterRelease => "in reset after device release",
        }
    }
}

/// What makes up the status. Each is set by one thread at a time: probe, or whoever resets.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) disabled: Flag,
    pub(crate) in_reset: Flag,
    pub(crate) in_soft_reset: Flag,
    pub(crate) needs_reset: Flag,
    pub(crate) initialised: Flag,
    /// It is being taken down.
    pub(crate) removing: Flag,
}

/// Something that is so or not.
pub(crate) struct Flag(Atomic<bool>);

impl Default for Flag {
    fn default() -> Self {
        Self(Atomic::new(false))
    }
}

impl Flag {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Acquire)
    }

    pub(crate) fn set(&self, value: bool) {
        self.0.store(value, Release);
    }
}

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
    pub(crate) state: State,
    pub(crate) queues: Queues,
    pub(crate) cpu: Arc<CpuQueue>,
    pub(crate) events: Arc<EventQueue>,
    pub(crate) tables: Arc<Tables>,
    /// Users' DRAM.
    pub(crate) dram: Arc<Dram>,
    /// Overwrites what they leave there.
    pub(crate) scrubber: Scrubber,
    /// Users' pages that the card can reach.
    pub(crate) dma: DmaMappings,
    /// DRAM that other devices can reach.
    pub(crate) exports: Arc<Exports<ExportedMemory>>,
    pub(crate) asids: Arc<Asids>,
    pub(crate) copies: Arc<CopyPool>,
    /// Its past, and who wants to know.
    pub(crate) observed: Arc<Observed>,
    /// Who has it open.
    #[pin]
    pub(crate) users: Users,
    #[pin]
    pub(crate) resets: Resets,
    #[pin]
    pub(crate) watchdog: Watchdog,
    pub(crate) heartbeat: Heartbeat,
    /// How tasks reach it.
    pub(crate) link: Arc<Link>,
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
    vectors: Mutex<Option<Vectors<Interrupts>>>,
}

/// The vectors with handlers (`goya_irq_name`). A completion wakes its waiter in the interrupt; events take
/// their time.
const VECTORS: [Line; 6] = [
    completions(c"goya cq 0"),
    completions(c"goya cq 1"),
    completions(c"goya cq 2"),
    completions(c"goya cq 3"),
    completions(c"goya cq 4"),
    Line {
        name: c"goya cpu eq",
        runs: Runs::InThread,
    },
];

const fn completions(name: &'static CStr) -> Line {
    Line {
        name,
        runs: Runs::InInterrupt,
    }
}

/// Vectors that the card has; all are demanded.
const VECTOR_COUNT: u32 = 8;
/// The event queue's.
const EVENT_VECTOR: u32 = 5;

/// Handles the card's interrupts.
pub(crate) struct Interrupts(Arc<Card>);

impl Handler for Interrupts {
    fn interrupt(&self, vector: u32) {
        if vector == EVENT_VECTOR {
            crate::events::handle(&self.0);
        } else if let Some(queue) = self.0.queues.external(vector as usize) {
            queue.collect();
        }
    }
}

impl Card {
    pub(crate) fn new(
        pdev: &pci::Device<Bound>,
        params: Params,
        bars: Arc<Bars>,
    ) -> Result<Arc<Self>> {
        let dev: &Device<Bound> = pdev.as_ref();
        let cpu = CpuQueue::new(dev, bars.clone())?;
        let events = EventQueue::new(cpu.clone())?;
        let (dram, dma, exports) = (Dram::new()?, DmaMappings::new(dev)?, Exports::new()?);
        let link = Link::new()?;
        let (resets, watchdog) = (Resets::new(&link)?, Watchdog::new(&link)?);
        let (heartbeat, scrubber) = (Heartbeat::new(&link)?, Scrubber::new(&link)?);
        let (queues, asids, copies) = (Queues::new(dev)?, Asids::new()?, CopyPool::new()?);
        let observed = Observed::new()?;
        let access = card_memory::Card {
            bars: bars.clone(),
            queue: queues.trusted().clone(),
        };
        let tables = Tables::new(CardMemory::new(access)?)?;
        Arc::pin_init(
            pin_init!(Self {
                dev: dev.into(),
                settings: Settings::new(&params),
                params,
                bars,
                state: State::default(),
                queues,
                cpu,
                events,
                tables,
                dram,
                scrubber,
                dma,
                exports,
                asids,
                copies,
                observed,
                users <- Users::new(),
                resets <- resets,
                watchdog <- watchdog,
                heartbeat,
                link,
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
        let state = &self.state;
        if state.removing.get() {
            Status::Malfunction
        } else if state.in_reset.get() {
            if state.in_soft_reset.get() {
                Status::InResetAfterRelease
            } else {
                Status::InReset
            }
        } else if state.needs_reset.get() {
            Status::NeedsReset
        } else if state.disabled.get() {
            Status::Malfunction
        } else if !state.initialised.get() {
            Status::InCreation
        } else {
            Status::Operational
        }
    }

    /// The end of DRAM, as the card addresses it.
    pub(crate) fn dram_end(&self) -> u64 {
        self.dram_end.load(Relaxed)
    }

    /// `context` has something in flight now.
    pub(crate) fn submitted(&self, _context: &Arc<Context>) {
        self.watchdog.start();
    }

    /// The card has to be reset, all of it: until that is done it takes no work.
    pub(crate) fn request_hard_reset(&self) {
        reset::hard(self);
    }

    /// The card has to be reset, its engines only, by somebody who may sleep.
    pub(crate) fn request_soft_reset(&self) {
        reset::request(self, Request::SOFT);
    }

    /// A user was told to go, so that the card can be reset.
    pub(crate) fn release_awaited(&self) -> bool {
        self.resets.release_awaited()
    }

    /// Whether somebody uses the card, or something of his is left on it.
    pub(crate) fn in_use(&self) -> bool {
        self.users.any() || self.asids.in_use()
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
        idle::engines(&*self.bars, || self.queues.trusted().hold(), table)
    }

    /// Whether the firmware keeps the host from registers.
    pub(crate) fn is_secure(&self) -> bool {
        self.with_firmware(|firmware| firmware.capabilities.security())
            .unwrap_or(false)
    }

    /// Hard and soft resets so far.
    pub(crate) fn resets(&self) -> (u32, u32) {
        (
            self.hard_resets.load(Relaxed),
            self.soft_resets.load(Relaxed),
        )
    }

    /// Turns interrupts on.
    pub(crate) fn enable_interrupts(self: &Arc<Self>, pdev: &pci::Device<Bound>) -> Result {
        let mut vectors = self.vectors.lock();
        if vectors.is_none() {
            let handler = Arc::new(Interrupts(self.clone()), GFP_KERNEL)?;
            *vectors = Some(Vectors::new(pdev, VECTOR_COUNT, &VECTORS, handler)?);
        }
        Ok(())
    }

    /// Turns interrupts off, and waits for their handlers.
    pub(crate) fn disable_interrupts(&self) {
        // Outside of the lock: handlers may want it.
        let vectors = self.vectors.lock().take();
        drop(vectors);
    }

    /// Waits for the handlers of interrupts that have come.
    pub(crate) fn synchronize_interrupts(&self) {
        if let Some(vectors) = &*self.vectors.lock() {
            vectors.synchronize();
        }
    }
}
