// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Times when the card slowed its clock (`HL_INFO_CLK_THROTTLE_REASON`, upstream `struct hl_clk_throttle`).

use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::Mutex;

use crate::abstractions::time::monotonic_ns;
use crate::hw::events::ClockEvent;
use crate::uapi::consts::{HL_CLK_THROTTLE_POWER, HL_CLK_THROTTLE_THERMAL};
use crate::uapi::info_types::InfoClkThrottle;

/// One reason to slow the clock: since when, and until when if it is over, in ns of the monotonic clock.
#[derive(Clone, Copy, Debug)]
struct Throttling {
    start: i64,
    end: Option<i64>,
}

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

/// `HL_INFO_CLK_THROTTLE_REASON`: by power and by heat, as far as each ever came; `now` in ns.
fn clk_throttle(
    power: Option<Throttling>,
    thermal: Option<Throttling>,
    now: i64,
) -> InfoClkThrottle {
    let unsigned = |time: i64| u64::try_from(time).unwrap_or(0);
    let active = |kind: Option<Throttling>| kind.is_some_and(|k| k.end.is_none());
    let since = |kind: Option<Throttling>| kind.map_or(0, |k| unsigned(k.start) / 1000);
    let lasted = |kind: Option<Throttling>| {
        kind.map_or(0, |k| {
            unsigned(k.end.unwrap_or(now).saturating_sub(k.start))
        })
    };

    InfoClkThrottle {
        clk_throttling_reason: if active(power) {
            HL_CLK_THROTTLE_POWER
        } else {
            0
        } | if active(thermal) {
            HL_CLK_THROTTLE_THERMAL
        } else {
            0
        },
        pad: 0,
        clk_throttling_timestamp_us: [since(power), since(thermal)],
        clk_throttling_duration_ns: [lasted(power), lasted(thermal)],
    }
}

#[kunit_tests(goya_throttling)]
mod tests {
    use super::*;

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

    #[test]
    fn throttling_lasts_until_it_ends() {
        let over = Some(Throttling {
            start: 5_000,
            end: Some(9_000),
        });
        let lasting = Some(Throttling {
            start: 7_000,
            end: None,
        });
        let info = clk_throttle(over, lasting, 10_000);
        assert_eq!(info.clk_throttling_reason, HL_CLK_THROTTLE_THERMAL);
        assert_eq!(info.clk_throttling_timestamp_us, [5, 7]);
        assert_eq!(info.clk_throttling_duration_ns, [4_000, 3_000]);
        assert_eq!(
            clk_throttle(None, None, 1).clk_throttling_timestamp_us,
            [0, 0]
        );
    }
}
