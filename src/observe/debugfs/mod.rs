// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's files in debugfs, in the directory of its node (upstream `common/debugfs.c`).
//!
//! They are for developers: nothing keeps them from harming the card, and no program may need them.

mod bench;
mod card;
mod i2c;
mod maps;
mod memory;
mod table;
mod work;

use kernel::prelude::*;
use kernel::sync::Arc;

use self::bench::Bench;
use crate::abstractions::accel::Registration;
use crate::card::{BoundCard, Card};

/// Makes all files.
pub(super) fn register(
    card: &Arc<Card>,
    bound: &Arc<BoundCard>,
    node: &mut Registration<Arc<Card>>,
) -> Result {
    let bench = Arc::new(Bench::new(card, bound), GFP_KERNEL)?;
    for files in [work::FILES, maps::FILES, memory::FILES, card::FILES] {
        node.show(bench.clone(), files)?;
    }
    if !card.is_secure() {
        node.show(bench, i2c::FILES)?;
    }
    Ok(())
}
