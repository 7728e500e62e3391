// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the accel node tells of an open file in `/proc/PID/fdinfo`, beside what DRM tells of each
//! (`Documentation/gpu/drm-usage-stats.rst`; upstream's driver tells nothing there).

use kernel::prelude::*;

use crate::abstractions::accel::UsageStats;
use crate::card::Card;
use crate::context::Context;
use crate::queue::id::{EXTERNAL, INTERNAL};
use crate::queue::submission::Owner;

/// The DMA queues, each of which has tasks of its own.
const DMA: [&CStr; EXTERNAL] = [c"dma0", c"dma1", c"dma2", c"dma3", c"dma4"];
/// Internal queues of tensor cores: all but the matrix engine's.
const TPCS: u32 = INTERNAL as u32 - 1;

/// Tells of the engines' time, and of the memory, that `context` has had.
pub(super) fn show(card: &Card, context: &Context, stats: &mut UsageStats<'_>) {
    let busy = card.queues.busy(context.busy());
    for (name, ns) in DMA.into_iter().zip(busy.external) {
        stats.engine(name, 1, ns);
    }
    let [mme, tpcs @ ..] = busy.internal;
    stats.engine(c"mme", 1, mme);
    let tpcs = tpcs.into_iter().fold(0, u64::saturating_add);
    stats.engine(c"tpc", TPCS, tpcs);

    let (pinned, exported) = context.user_memory.mapped();
    let dram = context.user_memory.dram_used();
    stats.memory(c"dram", dram, exported.min(dram));
    stats.memory(c"memory", pinned.saturating_add(context.buffers.used()), 0);
}
