// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A limit for messages that a user or the card can cause at will.

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};

use super::time::monotonic_ns;

/// How long a window is, in nanoseconds, and how many messages it may have: the kernel's defaults.
const WINDOW: i64 = 5_000_000_000;
const BURST: i32 = 10;

/// At most ten messages in five seconds.
///
/// Tasks that race at the end of a window may get a message or two more: nobody minds.
pub(crate) struct RateLimit {
    /// When the window began, in nanoseconds since boot; 0: never.
    began: Atomic<i64>,
    used: Atomic<i32>,
}

impl RateLimit {
    /// A limit that has let nothing through yet.
    pub(crate) const fn new() -> Self {
        Self {
            began: Atomic::new(0),
            used: Atomic::new(0),
        }
    }

    /// Whether one more message is fine now.
    pub(crate) fn allows(&self) -> bool {
        let now = monotonic_ns();
        let began = self.began.load(Relaxed);
        if began == 0 || now.saturating_sub(began) > WINDOW {
            self.began.store(now, Relaxed);
            self.used.store(0, Relaxed);
        }
        // Stop counting when it is enough, so that the counter can't wrap.
        self.used.load(Relaxed) < BURST && self.used.fetch_add(1, Relaxed) < BURST
    }
}

/// What the macro of that name says, a few times in a while from where it stands (C: `dev_err_ratelimited()`).
macro_rules! dev_err_ratelimited {
    ($($message:tt)+) => {
        $crate::abstractions::ratelimit::ratelimited!(::kernel::prelude::dev_err!($($message)+))
    };
}

/// As [`dev_err_ratelimited`].
macro_rules! dev_warn_ratelimited {
    ($($message:tt)+) => {
        $crate::abstractions::ratelimit::ratelimited!(::kernel::prelude::dev_warn!($($message)+))
    };
}

/// As [`dev_err_ratelimited`].
macro_rules! dev_notice_ratelimited {
    ($($message:tt)+) => {
        $crate::abstractions::ratelimit::ratelimited!(::kernel::prelude::dev_notice!($($message)+))
    };
}

/// Does something a few times in a while.
macro_rules! ratelimited {
    ($what:expr) => {{
        static LIMIT: $crate::abstractions::ratelimit::RateLimit =
            $crate::abstractions::ratelimit::RateLimit::new();
        if LIMIT.allows() {
            $what;
        }
    }};
}

pub(crate) use {dev_err_ratelimited, dev_notice_ratelimited, dev_warn_ratelimited, ratelimited};

#[kunit_tests(goya_rate_limit)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_so_many_messages_and_so_has_the_next() {
        let limit = RateLimit::new();
        for _ in 0..2 {
            for _ in 0..BURST {
                assert!(limit.allows());
            }
            for _ in 0..3 {
                assert!(!limit.allows());
            }
            // As if this window had begun before the last one ended.
            let began = limit.began.load(Relaxed);
            limit.began.store(began - WINDOW - 1, Relaxed);
        }
    }

    #[test]
    fn a_window_lasts() {
        let limit = RateLimit::new();
        (0..BURST).for_each(|_| assert!(limit.allows()));
        let began = limit.began.load(Relaxed);
        limit.began.store(began - WINDOW / 2, Relaxed);
        assert!(!limit.allows());
    }
}
