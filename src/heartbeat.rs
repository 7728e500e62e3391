// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether the firmware lives, every ten seconds (upstream `hl_device_heartbeat()`).

use kernel::device::Bound;
use kernel::io::Io as _;
use kernel::pci;
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::Arc;

use crate::abstractions::task::{Run, Task};
use crate::device::{Card, Status};
use crate::fw::heartbeat::{check, Heart, Verdict, PERIOD};
use crate::fw::messages;
use crate::link::Link;
use crate::observers;
use crate::reset::{self, Request};
use crate::uapi::consts::{
    HL_NOTIFIER_EVENT_CRITICL_FW_ERR, HL_NOTIFIER_EVENT_DEVICE_RESET,
    HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE,
};

/// Where the device's number is in configuration space.
const PCI_DEVICE_ID: usize = 2;

/// Asks the firmware for signs of life, from [`Heartbeat::start`] to [`Heartbeat::stop`].
pub(crate) struct Heartbeat(Pin<KBox<Task<Beat>>>);

struct Beat(Arc<Link>);

impl Run for Beat {
    fn run(&self) {
        self.0.with(beat);
    }
}

impl Heartbeat {
    pub(crate) fn new(link: &Arc<Link>) -> Result<Self> {
        let beat = Arc::new(Beat(link.clone()), GFP_KERNEL)?;
        Ok(Self(Task::new(
            beat,
            c"goya_heartbeat",
            static_lock_class!(),
        )?))
    }

    /// The first question comes in ten seconds.
    pub(crate) fn start(&self) {
        self.0.schedule(PERIOD.as_millis() as u32);
    }

    /// No question comes any more; waits for the one that is being asked.
    pub(crate) fn stop(&self) {
        self.0.cancel();
    }
}

impl Heart for Card {
    fn is_operational(&self) -> bool {
        self.status().operational()
    }

    fn is_initialized(&self) -> bool {
        self.state.initialised.get()
    }

    fn is_in_reset(&self) -> bool {
        matches!(self.status(), Status::InReset | Status::InResetAfterRelease)
    }

    /// This card has no event for that, whatever the firmware says: upstream would wait in vain.
    fn sends_events(&self) -> bool {
        false
    }

    fn take_event(&self) -> bool {
        true
    }

    fn beat(&self) -> Result {
        messages::heartbeat(self.dev.as_ref(), &*self.cpu)
    }
}

fn beat(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    match check(&**card) {
        Verdict::Alive {
            forget_reset_trigger,
        } => {
            if forget_reset_trigger {
                card.resets.forget_trigger();
            }
            card.heartbeat.start();
        }
        Verdict::Dead { announce, .. } => {
            if announce {
                let link = if link_is_healthy(pdev) {
                    "healthy"
                } else {
                    "broken"
                };
                dev_err!(card.dev, "Device heartbeat failed! PCI link is {}\n", link);
            }
            observers::heartbeat_lost(card);
            let events = HL_NOTIFIER_EVENT_DEVICE_RESET
                | HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE
                | HL_NOTIFIER_EVENT_CRITICL_FW_ERR;
            reset::conditional(card, Request::HEARTBEAT, events);
        }
    }
}

/// Whether the card still answers on the bus.
fn link_is_healthy(pdev: &pci::Device<Bound>) -> bool {
    pdev.config_space().read16(PCI_DEVICE_ID) == pdev.device_id()
}
