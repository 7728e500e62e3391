// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Times when the card slowed its clock (`HL_INFO_CLK_THROTTLE_REASON`, upstream `struct hl_clk_throttle`).

use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::Mutex;

use crate::abstractions::time::monotonic_ns;
use crate::hw::events::ClockEvent;
use crate::uapi::info_layout::{clk_throttle, Throttling};
use crate::uapi::info_types::InfoClkThrottle;

#[derive(Default)]
struct Times {
    power: Option<Throttling>,
    heat: Option<Throttling>,
}

/// The latest time for each cause.
#[pin_data]
pub(crate) struct ClockThrottling {
    #[pin]
    times: Mutex<Times>,
}

impl ClockThrottling {
    /// The clock was not slowed yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self { times <- new_mutex!(Times::default()) })
    }

    /// The clock, or a reason to slow it, has changed.
    pub(crate) fn changed(&self, change: ClockEvent) {
        let now = monotonic_ns();
        let mut times = self.times.lock();
        let (of, begins) = match change {
            ClockEvent::PowerStart => (&mut times.power, true),
            ClockEvent::PowerEnd => (&mut times.power, false),
            ClockEvent::ThermalStart => (&mut times.heat, true),
            ClockEvent::ThermalEnd => (&mut times.heat, false),
        };
        if begins {
            *of = Some(Throttling {
                start: now,
                end: None,
            });
        } else if let Some(throttling) = of {
            throttling.end = Some(now);
        }
        // An end without a begin says nothing to a user.
    }

    /// What users are told.
    pub(crate) fn answer(&self) -> InfoClkThrottle {
        let times = self.times.lock();
        clk_throttle(times.power, times.heat, monotonic_ns())
    }
}

#[kunit_tests(goya_throttling)]
mod tests {
    use super::*;
    use crate::uapi::consts::HL_CLK_THROTTLE_THERMAL;

    #[test]
    fn causes_are_apart() -> Result {
        let throttling = KBox::pin_init(ClockThrottling::new(), GFP_KERNEL)?;
        throttling.changed(ClockEvent::PowerEnd);
        assert_eq!(throttling.answer().clk_throttling_timestamp_us, [0, 0]);
        throttling.changed(ClockEvent::ThermalStart);
        throttling.changed(ClockEvent::PowerStart);
        throttling.changed(ClockEvent::PowerEnd);
        let answer = throttling.answer();
        assert_eq!(answer.clk_throttling_reason, HL_CLK_THROTTLE_THERMAL);
        assert!(answer.clk_throttling_timestamp_us.iter().all(|us| *us > 0));
        Ok(())
    }
}
