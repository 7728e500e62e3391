// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's files in debugfs, in the directory of its node (upstream `common/debugfs.c`).
//!
//! They are for developers: nothing keeps them from harming the card, and no program may need them.

mod card;
mod i2c;
mod maps;
mod memory;
mod table;
mod work;

use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::Arc;

use crate::abstractions::accel::Registration;
use crate::abstractions::debugfs::{File, Output, Subject};
use crate::abstractions::ratelimit::RateLimit;
use crate::abstractions::sysfs::Input;
use crate::context::Context;
use crate::device::Card;
use crate::driver::GoyaNode;

/// A card, and what a developer has set to look at it.
struct Bench {
    card: Arc<Card>,
    /// Where `data32` and `data64` are.
    address: Atomic<u64>,
    /// What `userptr_lookup` looks for.
    user_address: Atomic<u64>,
    /// What `mmu` shows: address space and address.
    walk: (Atomic<u32>, Atomic<u64>),
    /// Which errors of the MMU `mmu_error` acknowledges.
    mmu_errors: Atomic<u64>,
    /// Where `i2c_data` is: bus, address, register, bytes.
    i2c: [Atomic<u32>; 4],
}

impl Subject for Bench {
    type Module = crate::LocalModule;
}

/// Makes all files.
pub(super) fn register(card: &Arc<Card>, node: &mut Registration<GoyaNode>) -> Result {
    let bench = Bench {
        card: card.clone(),
        address: Atomic::new(0),
        user_address: Atomic::new(0),
        walk: (Atomic::new(0), Atomic::new(0)),
        mmu_errors: Atomic::new(0),
        i2c: [const { Atomic::new(0) }; 4],
    };
    let bench = Arc::new(bench, GFP_KERNEL)?;
    for files in [work::FILES, maps::FILES, memory::FILES, card::FILES] {
        node.show(bench.clone(), files)?;
    }
    if !card.is_secure() {
        node.show(bench, i2c::FILES)?;
    }
    Ok(())
}

const fn rw(
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

const fn ro(name: &'static CStr, show: fn(&Bench, &mut Output<'_>) -> Result) -> File<Bench> {
    File {
        name,
        // As upstream; writing is refused.
        mode: 0o644,
        show: Some(show),
        store: None,
    }
}

const fn wo(name: &'static CStr, store: fn(&Bench, &Input<'_>) -> Result) -> File<Bench> {
    File {
        name,
        mode: 0o200,
        show: None,
        store: Some(store),
    }
}

/// A file that is read with other permissions than most.
const fn read_with(
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
static IN_RESET: RateLimit = RateLimit::new();

impl Bench {
    /// Does something with the user's context, if there is one. It stays in the list meanwhile: who kept it
    /// beyond its user's end would keep the next one out.
    fn with_context<R>(&self, run: impl FnOnce(&Context) -> R) -> Option<R> {
        let (mut run, mut result) = (Some(run), None);
        self.card.users.each(|context| {
            if let Some(run) = run.take() {
                result = Some(run(context));
            }
        });
        result
    }

    /// Whether the card can be looked at; says so if not.
    fn can(&self, what: &str) -> bool {
        let in_reset = self.card.state.in_reset.get();
        if in_reset && IN_RESET.allows() {
            dev_warn!(self.card.dev, "Can't {} during reset\n", what);
        }
        !in_reset
    }
}
