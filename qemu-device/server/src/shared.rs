// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The card between its threads: QEMU's, the engines' and the control socket's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use goya_chip::fault::Fault;
use goya_chip::{Chip, Progress};

/// DMA bytes that an access does on the spot: enough for a short job, without keeping QEMU waiting.
const INLINE: u64 = 64 << 10;
/// DMA bytes that the engine thread does before it lets others in: well under a millisecond, but for memory that is put into large
/// pages, once, which takes one.
const SLICE: u64 = 1 << 20;

/// A card with an engine thread.
pub struct Shared {
    chip: Mutex<Chip>,
    work: Condvar,
    /// Threads that want the card while the engines have it.
    waiting: AtomicUsize,
}

impl Shared {
    /// Starts the engine thread.
    pub fn new(chip: Chip) -> std::io::Result<Arc<Self>> {
        let shared =
            Arc::new(Self { chip: Mutex::new(chip), work: Condvar::new(), waiting: AtomicUsize::new(0) });
        let engines = Arc::clone(&shared);
        std::thread::Builder::new().name("engines".into()).spawn(move || {
            // A mistake in the card's own code: the guest sees a card that fell off the bus, and the
            // process lives on for the next client.
            while catch_unwind(AssertUnwindSafe(|| engines.run_engines())).is_err() {
                let taken_off = engines.lock().inject(&Fault::Unplug);
                tracing::error!("the card is off the bus: {taken_off:?}");
            }
        })?;
        Ok(shared)
    }

    /// The card. A panic elsewhere does not take it away: its state is plain data.
    pub fn lock(&self) -> MutexGuard<'_, Chip> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let chip = self.chip.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        chip
    }

    /// Does an access that may have started something: short work at once, the rest by the engines.
    pub fn with<T>(&self, access: impl FnOnce(&mut Chip) -> T) -> T {
        self.start(access).0
    }

    /// The same; says besides whether the engines are left with work.
    pub fn start<T>(&self, access: impl FnOnce(&mut Chip) -> T) -> (T, bool) {
        let mut chip = self.lock();
        let result = access(&mut chip);
        let left = chip.run(INLINE) != Progress::Idle;
        if left {
            self.work.notify_one();
        }
        (result, left)
    }

    /// Works for ever.
    fn run_engines(&self) {
        let mut chip = self.lock();
        loop {
            chip = match chip.run(SLICE) {
                Progress::Idle => self.work.wait(chip).unwrap_or_else(PoisonError::into_inner),
                Progress::Busy => {
                    drop(chip);
                    while self.waiting.load(Ordering::Relaxed) > 0 {
                        std::thread::yield_now();
                    }
                    self.lock()
                }
                Progress::WaitUntil(when) => {
                    let now = chip.host_mut().now_ns();
                    let pause = Duration::from_nanos(when.saturating_sub(now));
                    self.work.wait_timeout(chip, pause).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}
