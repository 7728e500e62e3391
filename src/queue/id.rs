// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The numbers of queues.

use crate::hw::{dma, map};
use crate::uapi::consts::{GOYA_QUEUE_ID_CPU_PQ, GOYA_QUEUE_ID_SIZE};

/// Queues that programs can name (`enum goya_queue_id`).
pub(crate) const COUNT: usize = GOYA_QUEUE_ID_SIZE as usize;
/// External queues, each a DMA engine with a completion queue: 0 to 4.
pub(crate) const EXTERNAL: usize = dma::COUNT as usize;
/// The device CPU's queue, which is the driver's own.
pub(crate) const CPU: usize = GOYA_QUEUE_ID_CPU_PQ as usize;
/// Internal queues: the matrix engine's, and the TPCs'.
pub(crate) const INTERNAL: usize = map::INTERNAL_QUEUES as usize;

/// What a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Number of an external queue.
    External(usize),
    /// Number of an internal queue, from 0.
    Internal(usize),
    /// The driver's own.
    Cpu,
}

/// The number of internal queue `n` among all queues.
pub(crate) const fn of_internal(n: usize) -> u32 {
    (n as u32).wrapping_add(CPU as u32 + 1)
}

impl Kind {
    /// Of queue `index`, if there is one.
    pub(crate) fn of(index: u32) -> Option<Self> {
        match usize::try_from(index).ok()? {
            n @ 0..EXTERNAL => Some(Self::External(n)),
            CPU => Some(Self::Cpu),
            n @ 0..COUNT => n.checked_sub(CPU + 1).map(Self::Internal),
            _ => None,
        }
    }
}
