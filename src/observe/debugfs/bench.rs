// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What files in debugfs are made of: a card, and what a developer has set to look at it.

use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::Arc;

use crate::abstractions::debugfs::{File, Output, Subject};
use crate::abstractions::ratelimit::RateLimit;
use crate::abstractions::sysfs::Input;
use crate::card::{BoundCard, Card};
use crate::context::Context;

/// A card, and what a developer has set to look at it.
pub(super) struct Bench {
    pub(super) card: Arc<Card>,
    pub(super) bound: Arc<BoundCard>,
    /// Where `data32` and `data64` are.
    pub(super) address: Atomic<u64>,
    /// What `userptr_lookup` looks for.
    pub(super) user_address: Atomic<u64>,
    /// What `mmu` shows: address space and address.
    pub(super) walk: (Atomic<u32>, Atomic<u64>),
    /// Which errors of the MMU `mmu_error` acknowledges.
    pub(super) mmu_errors: Atomic<u64>,
    /// Where `i2c_data` is: bus, address, register, bytes.
    pub(super) i2c: [Atomic<u32>; 4],
}

impl Subject for Bench {
    type Module = crate::LocalModule;
}

pub(super) const fn rw(
    name: &'static CStr,
    show: fn(&Bench, &mut Output<'_>) -> Result,
    store: fn(&Bench, &Input<'_>) -> Result,
) -> File<Bench> {
    File {
        name,
        mode: 0o644,
        show: Some(show),
        store: Some(store),
    }
}

pub(super) const fn ro(
    name: &'static CStr,
    show: fn(&Bench, &mut Output<'_>) -> Result,
) -> File<Bench> {
    File {
        name,
        // As upstream; writing is refused.
        mode: 0o644,
        show: Some(show),
        store: None,
    }
}

pub(super) const fn wo(
    name: &'static CStr,
    store: fn(&Bench, &Input<'_>) -> Result,
) -> File<Bench> {
    File {
        name,
        mode: 0o200,
        show: None,
        store: Some(store),
    }
}

/// A file that is read with other permissions than most.
pub(super) const fn read_with(
    mode: u16,
    name: &'static CStr,
    show: fn(&Bench, &mut Output<'_>) -> Result,
) -> File<Bench> {
    File {
        name,
        mode,
        show: Some(show),
        store: None,
    }
}

/// A developer who polls a file during a reset makes these messages appear.
pub(super) static IN_RESET: RateLimit = RateLimit::new();

impl Bench {
    /// Nothing is set.
    pub(super) fn new(card: &Arc<Card>, bound: &Arc<BoundCard>) -> Self {
        Self {
            card: card.clone(),
            bound: bound.clone(),
            address: Atomic::new(0),
            user_address: Atomic::new(0),
            walk: (Atomic::new(0), Atomic::new(0)),
            mmu_errors: Atomic::new(0),
            i2c: [const { Atomic::new(0) }; 4],
        }
    }

    /// Does something with the user's context, if there is one. It stays in the list meanwhile: who kept it
    /// beyond its user's end would keep the next one out.
    pub(super) fn with_context<R>(&self, run: impl FnOnce(&Context) -> R) -> Option<R> {
        let (mut run, mut result) = (Some(run), None);
        self.card.users.each(|context| {
            if let Some(run) = run.take() {
                result = Some(run(context));
            }
        });
        result
    }

    /// Whether the card can be looked at; says so if not.
    pub(super) fn can(&self, what: &str) -> bool {
        let in_reset = self.card.resets.in_reset();
        if in_reset && IN_RESET.allows() {
            dev_warn!(self.card.dev, "Can't {} during reset\n", what);
        }
        !in_reset
    }
}
