// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether the card is alive: what to do every ten seconds.
//!
//! The timer, the reset and the notification of users are the caller's. Facts: `hl_device_heartbeat()`
//! and `hl_device_eq_heartbeat_received()` in `common/device.c`.

use kernel::{prelude::*, time::Delta};

/// Time between two checks.
pub(crate) const PERIOD: Delta = Delta::from_secs(10);

/// The card, as the heartbeat sees it.
pub(crate) trait Heart {
    /// Whether the card works: neither being reset, nor disabled, nor gone.
    fn is_operational(&self) -> bool;

    /// Whether the driver's initialisation is complete.
    fn is_initialized(&self) -> bool;

    /// Whether a reset is under way.
    fn is_in_reset(&self) -> bool;

    /// Whether the firmware sends an event for every heartbeat
    /// ([`super::info::CpuInfo::eq_health_check`]).
    fn sends_events(&self) -> bool;

    /// Whether an event has come since the last call; true at first, and after a reset.
    fn take_event(&self) -> bool;

    /// Sends a heartbeat ([`super::messages::heartbeat`]).
    fn beat(&self) -> Result;
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Check again after [`PERIOD`].
    Alive {
        /// Forget what the last reset was for: the next fatal error is not one of a series.
        forget_reset_trigger: bool,
    },
    /// Reset the card, and tell users of a firmware error.
    Dead {
        /// Whether to say so in the log: `Device heartbeat failed! PCI link is %s`.
        announce: bool,
        /// Whether it was the event that did not come: say what is known about both queues.
        event_missed: bool,
    },
}

/// Checks the card once.
pub(crate) fn check(heart: &impl Heart) -> Verdict {
    if heart.is_operational() && heart.is_initialized() {
        let event_missed = heart.sends_events() && !heart.take_event();
        if event_missed || heart.beat().is_err() {
            return Verdict::Dead {
                // A reset that began meanwhile explains the failure.
                announce: heart.is_operational(),
                event_missed,
            };
        }
    }
    Verdict::Alive {
        forget_reset_trigger: !heart.is_in_reset(),
    }
}

#[kunit_tests(goya_fw_heartbeat)]
mod tests {
    use super::*;
    use core::cell::Cell;

    struct Patient {
        operational: bool,
        initialized: bool,
        sends_events: bool,
        event: Cell<bool>,
        beats: bool,
        resets_when_asked: bool,
        asked: Cell<u32>,
    }

    fn healthy() -> Patient {
        Patient {
            operational: true,
            initialized: true,
            sends_events: true,
            event: Cell::new(true),
            beats: true,
            resets_when_asked: false,
            asked: Cell::new(0),
        }
    }

    impl Heart for Patient {
        fn is_operational(&self) -> bool {
            self.operational && !(self.resets_when_asked && self.asked.get() > 0)
        }

        fn is_initialized(&self) -> bool {
            self.initialized
        }

        fn is_in_reset(&self) -> bool {
            !self.operational
        }

        fn sends_events(&self) -> bool {
            self.sends_events
        }

        fn take_event(&self) -> bool {
            self.event.replace(false)
        }

        fn beat(&self) -> Result {
            self.asked.set(self.asked.get().wrapping_add(1));
            if self.beats {
                Ok(())
            } else {
                Err(EIO)
            }
        }
    }

    #[test]
    fn a_missing_event_is_death() {
        let patient = healthy();
        let alive = Verdict::Alive {
            forget_reset_trigger: true,
        };
        assert_eq!(check(&patient), alive);
        // The event of the first beat has not come: the second is not sent.
        let dead = Verdict::Dead {
            announce: true,
            event_missed: true,
        };
        assert_eq!(check(&patient), dead);
        assert_eq!(patient.asked.get(), 1);
        let old = Patient {
            sends_events: false,
            event: Cell::new(false),
            ..healthy()
        };
        assert_eq!(check(&old), alive);
    }

    #[test]
    fn no_answer_is_death() {
        let patient = Patient {
            beats: false,
            ..healthy()
        };
        let verdict = |announce| Verdict::Dead {
            announce,
            event_missed: false,
        };
        assert_eq!(check(&patient), verdict(true));
        let reset = Patient {
            beats: false,
            resets_when_asked: true,
            ..healthy()
        };
        assert_eq!(check(&reset), verdict(false));
    }

    #[test]
    fn nothing_is_sent_out_of_service() {
        let patient = Patient {
            operational: false,
            ..healthy()
        };
        let alive = |forget_reset_trigger| Verdict::Alive {
            forget_reset_trigger,
        };
        assert_eq!(check(&patient), alive(false));
        assert_eq!(patient.asked.get(), 0);
        let young = Patient {
            initialized: false,
            ..healthy()
        };
        assert_eq!(check(&young), alive(true));
        assert_eq!(young.asked.get(), 0);
    }
}
