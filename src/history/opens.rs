// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Who has the card, and since when (`HL_INFO_OPEN_STATS`, upstream `hl_device_open()`).

use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::Mutex;

use crate::abstractions::time::monotonic_ns;
use crate::uapi::info_types::InfoOpenStats;

const NS_PER_MS: u64 = 1_000_000;

#[derive(Default)]
struct OpenState {
    /// Somebody has the card.
    active: bool,
    /// And is about to give it back.
    in_release: bool,
    /// How often it was opened.
    count: u64,
    /// When it was opened last, in ns of the monotonic clock; 0: never.
    opened: i64,
    /// How long the last user had it.
    period_ms: u64,
}

/// Statistics of opening the accel node.
#[pin_data]
pub(crate) struct Opens {
    #[pin]
    state: Mutex<OpenState>,
}

impl Opens {
    /// Nobody has opened it.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self { state <- new_mutex!(OpenState::default()) })
    }

    /// The card is open. Nobody else opens or closes it at the same time.
    pub(crate) fn opened(&self) {
        let mut state = self.state.lock();
        state.active = true;
        state.count = state.count.wrapping_add(1);
        state.opened = monotonic_ns();
    }

    /// Its user is about to give it back.
    pub(crate) fn releasing(&self) {
        self.state.lock().in_release = true;
    }

    /// He has given it back; to be called before somebody else can open it.
    pub(crate) fn closed(&self) {
        let mut state = self.state.lock();
        let ns = monotonic_ns().saturating_sub(state.opened);
        state.period_ms = u64::try_from(ns).unwrap_or(0) / NS_PER_MS;
        state.active = false;
        state.in_release = false;
    }

    /// When it was opened last, in ns of the monotonic clock; 0: never.
    pub(crate) fn last_opened(&self) -> i64 {
        self.state.lock().opened
    }

    /// What users are told. `lingers`: something of a user's is left on the card, as long as which nobody else gets it.
    pub(crate) fn answer(&self, lingers: bool) -> InfoOpenStats {
        let state = self.state.lock();
        let active = state.active || lingers;
        InfoOpenStats {
            open_counter: state.count,
            last_open_period_ms: state.period_ms,
            is_compute_ctx_active: active.into(),
            compute_ctx_in_release: state.in_release.into(),
            pad: [0; 6],
        }
    }
}

#[kunit_tests(goya_opens)]
mod tests {
    use super::*;

    #[test]
    fn opens_are_counted() -> Result {
        let opens = KBox::pin_init(Opens::new(), GFP_KERNEL)?;
        let flags = || {
            let answer = opens.answer(false);
            (answer.is_compute_ctx_active, answer.compute_ctx_in_release)
        };
        assert_eq!((flags(), opens.last_opened()), ((0, 0), 0));
        opens.opened();
        assert_eq!(flags(), (1, 0));
        opens.releasing();
        assert_eq!(flags(), (1, 1));
        opens.closed();
        assert_eq!(flags(), (0, 0));
        let lingering = opens.answer(true);
        assert_eq!(lingering.is_compute_ctx_active, 1);
        assert_eq!(lingering.compute_ctx_in_release, 0);
        opens.opened();
        assert_eq!(opens.answer(false).open_counter, 2);
        assert!(opens.last_opened() > 0);
        Ok(())
    }
}
