// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Faults injected on purpose, so that a driver's error paths can be seen to work.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::queue::QueueId;

/// A boot stage that can be made to fail (`cpu_boot_status`, `hl_boot_if.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootStage {
    /// The preboot firmware never says that it is up.
    Preboot,
    /// The boot fit loads but reports an error (`CPU_BOOT_ERR0`).
    BootFit,
    /// The Linux image is taken but never comes up.
    Linux,
}

/// A fault to inject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum Fault {
    /// The queue's command processor executes nothing more until cleared or reset.
    HangQueue {
        /// Which queue, by its name (`dma1`, `mme`, `tpc3`, `tpc3-cmdq`, ...).
        queue: QueueId,
    },
    /// The queue's command processor hangs right behind its next completion (or other message of its own to the
    /// host): it fetches nothing more until cleared.
    StopAfterCompletion {
        /// Which queue.
        queue: QueueId,
    },
    /// The queue takes its time for each step: descriptors, a packet, a piece of a DMA transfer.
    SlowQueue {
        /// Which queue.
        queue: QueueId,
        /// Milliseconds from a step to the next.
        ms: u32,
    },
    /// The next `count` messages of an MSI-X vector are lost.
    LoseInterrupt {
        /// MSI-X vector: 0-4 completion queues, 5 event queue.
        vector: u16,
        /// How many; default one.
        #[serde(default = "one")]
        count: u32,
    },
    /// The firmware stops answering on the CPU queue, until cleared or started anew by a hard reset.
    StopHeartbeat,
    /// A boot stage fails from the next boot on, until cleared.
    FailBoot {
        /// Which stage.
        stage: BootStage,
    },
    /// The next `count` completions of a DMA queue carry a wrong value.
    CorruptCompletion {
        /// Which queue.
        queue: QueueId,
        /// How many; default one.
        #[serde(default = "one")]
        count: u32,
        /// Bits of the completion-queue entry to flip; by default the one that makes it valid.
        #[serde(default = "entry_ready")]
        mask: u32,
    },
    /// The firmware reports an asynchronous event.
    Event {
        /// The event's number (`goya_async_events.h`) or its name as [`crate::events`] spells it.
        event: crate::events::EventRef,
    },
    /// The firmware reports an event again and again, whenever the event queue has room, masked or not.
    EventStorm {
        /// As for [`Fault::Event`].
        event: crate::events::EventRef,
    },
    /// The next `count` resets by register are never over: nothing is reset, all goes on, and the boot manager says
    /// that it is at it.
    HangReset {
        /// How many; default all.
        #[serde(default = "all")]
        count: u32,
    },
    /// The next `count` resets by register are lost: nothing is reset, all goes on, and the boot manager is at rest.
    IgnoreReset {
        /// How many; default all.
        #[serde(default = "all")]
        count: u32,
    },
    /// What the function has begun on the bus is never over: it says so, and goes on even if it is no bus master any more.
    EndlessRequests,
    /// Invalidations of the MMU's caches are never over: the card keeps its translations.
    HangInvalidation,
    /// Preboot sets more bits of `CPU_BOOT_DEV_STS0` (`hl_boot_if.h`) from the next boot on, until cleared. With the one
    /// that says so, it also opens the iATU's windows.
    BootStatus {
        /// Which.
        bits: u32,
    },
    /// Writes to BAR 4 arrive no sooner than something there is read, as posted writes may.
    HoldWrites,
    /// After `after` more accesses through the ELBI window, the next `count` of them fail.
    FailElbi {
        /// How many work before; default none.
        #[serde(default)]
        after: u32,
        /// How many fail; default one.
        #[serde(default = "one")]
        count: u32,
    },
    /// The card falls off the bus: every read is all ones, every write is lost.
    Unplug,
}

fn one() -> u32 {
    1
}

fn all() -> u32 {
    u32::MAX
}

/// `CQ_ENTRY_READY` (`cpucp_if.h`).
fn entry_ready() -> u32 {
    1 << 31
}

/// How fast a queue is.
#[derive(Debug, Serialize)]
struct Pace {
    period_ns: u64,
    /// When it may make its next step.
    next_ns: u64,
}

/// The faults in force.
#[derive(Debug, Default, Serialize)]
pub struct Faults {
    hung: Vec<QueueId>,
    stopping: Vec<QueueId>,
    slow: BTreeMap<QueueId, Pace>,
    lost_interrupts: BTreeMap<u16, u32>,
    heartbeat_stopped: bool,
    boot_failures: Vec<BootStage>,
    /// How many completions, and which bits.
    corrupt: BTreeMap<QueueId, (u32, u32)>,
    event_storm: Option<u16>,
    hung_resets: u32,
    ignored_resets: u32,
    endless_requests: bool,
    hung_invalidation: bool,
    boot_status: u32,
    writes_held: bool,
    /// How many ELBI accesses work, and how many fail then.
    elbi: (u32, u32),
    unplugged: bool,
}

impl Faults {
    /// Puts `fault` in force; an event that comes once has no duration and is the caller's to raise.
    pub(crate) fn inject(&mut self, fault: &Fault) {
        match *fault {
            Fault::EventStorm { ref event } => self.event_storm = event.resolve(),
            Fault::HangQueue { queue } if !self.hung.contains(&queue) => self.hung.push(queue),
            Fault::HangQueue { .. } | Fault::Event { .. } => {}
            Fault::StopAfterCompletion { queue } => self.stopping.push(queue),
            Fault::SlowQueue { queue, ms } => {
                let period_ns = u64::from(ms) * 1_000_000;
                self.slow.insert(queue, Pace { period_ns, next_ns: 0 });
            }
            Fault::LoseInterrupt { vector, count } => {
                self.lost_interrupts.insert(vector, count);
            }
            Fault::StopHeartbeat => self.heartbeat_stopped = true,
            Fault::FailBoot { stage } if !self.boot_failures.contains(&stage) => {
                self.boot_failures.push(stage)
            }
            Fault::FailBoot { .. } => {}
            Fault::CorruptCompletion { queue, count, mask } => {
                self.corrupt.insert(queue, (count, mask));
            }
            Fault::HangReset { count } => self.hung_resets = count,
            Fault::IgnoreReset { count } => self.ignored_resets = count,
            Fault::EndlessRequests => self.endless_requests = true,
            Fault::HangInvalidation => self.hung_invalidation = true,
            Fault::BootStatus { bits } => self.boot_status = bits,
            Fault::HoldWrites => self.writes_held = true,
            Fault::FailElbi { after, count } => self.elbi = (after, count),
            Fault::Unplug => self.unplugged = true,
        }
    }

    /// Whether `queue` is hung.
    pub(crate) fn hung(&self, queue: QueueId) -> bool {
        self.hung.contains(&queue)
    }

    /// `queue` has sent a completion: hangs it if it is to stop there.
    pub(crate) fn completed(&mut self, queue: QueueId) {
        let before = self.stopping.len();
        self.stopping.retain(|id| *id != queue);
        if self.stopping.len() < before {
            self.inject(&Fault::HangQueue { queue });
        }
    }

    /// Whether `queue` is slow.
    pub(crate) fn slow(&self, queue: QueueId) -> bool {
        self.slow.contains_key(&queue)
    }

    /// Whether `queue` may make a step now.
    pub(crate) fn may_step(&self, queue: QueueId, now_ns: u64) -> bool {
        self.slow.get(&queue).is_none_or(|pace| pace.next_ns <= now_ns)
    }

    /// `queue` has made a step.
    pub(crate) fn stepped(&mut self, queue: QueueId, now_ns: u64) {
        if let Some(pace) = self.slow.get_mut(&queue) {
            pace.next_ns = now_ns.saturating_add(pace.period_ns);
        }
    }

    /// When the first slow queue that waits may make its next step.
    pub(crate) fn next_step(&self, now_ns: u64) -> Option<u64> {
        self.slow.values().map(|pace| pace.next_ns).filter(|next| *next > now_ns).min()
    }

    /// Whether the card is off the bus.
    pub(crate) fn unplugged(&self) -> bool {
        self.unplugged
    }

    /// Whether the firmware is mute.
    pub(crate) fn heartbeat_stopped(&self) -> bool {
        self.heartbeat_stopped
    }

    /// The firmware starts anew: what had made it mute is over.
    pub(crate) fn firmware_started(&mut self) {
        self.heartbeat_stopped = false;
    }

    /// The event that comes without end.
    pub(crate) fn event_storm(&self) -> Option<u16> {
        self.event_storm
    }

    /// Whether boot stage `stage` fails.
    pub(crate) fn boot_fails(&self, stage: BootStage) -> bool {
        self.boot_failures.contains(&stage)
    }

    /// Whether invalidations are never over.
    pub(crate) fn invalidation_hangs(&self) -> bool {
        self.hung_invalidation
    }

    /// What preboot sets in its status register.
    pub(crate) fn boot_status(&self) -> u32 {
        self.boot_status
    }

    /// Whether this reset is never over; counts it.
    pub(crate) fn take_hung_reset(&mut self) -> bool {
        take(Some(&mut self.hung_resets))
    }

    /// Whether this reset is lost; counts it.
    pub(crate) fn take_ignored_reset(&mut self) -> bool {
        take(Some(&mut self.ignored_resets))
    }

    /// Whether requests on the bus are never over.
    pub(crate) fn requests_endless(&self) -> bool {
        self.endless_requests
    }

    /// Whether this message of `vector` is lost; counts it.
    pub(crate) fn take_lost_interrupt(&mut self, vector: u16) -> bool {
        take(self.lost_interrupts.get_mut(&vector))
    }

    /// The bits to flip in this completion of `queue`, if it is to be corrupted; counts it.
    pub(crate) fn take_corrupt(&mut self, queue: QueueId) -> Option<u32> {
        let (count, mask) = self.corrupt.get_mut(&queue)?;
        let mask = *mask;
        take(Some(count)).then_some(mask)
    }

    /// Whether writes to BAR 4 wait for a read.
    pub(crate) fn writes_held(&self) -> bool {
        self.writes_held
    }

    /// Whether this ELBI access fails; counts it.
    pub(crate) fn take_elbi(&mut self) -> bool {
        let (after, count) = &mut self.elbi;
        !take(Some(after)) && take(Some(count))
    }

    /// Takes every fault back.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn take(left: Option<&mut u32>) -> bool {
    match left {
        Some(n) if *n > 0 => {
            *n -= 1;
            true
        }
        _ => false,
    }
}
