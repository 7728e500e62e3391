// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What the card has done since it was switched on: cheap sums, kept always.

use serde::Serialize;

/// Sums since power-on; no reset clears them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counters {
    /// 32-bit register reads across PCIe.
    pub register_reads: u64,
    /// 32-bit register writes across PCIe.
    pub register_writes: u64,
    /// Accesses to card memory through a BAR.
    pub memory_accesses: u64,
    /// Reads of BAR 4 among them.
    pub window_reads: u64,
    /// Accesses to PCI configuration space.
    pub config_accesses: u64,
    /// Writes to the iATU's registers across PCIe.
    pub iatu_writes: u64,
    /// Producer-index writes that the queue managers saw.
    pub doorbells: u64,
    /// Queue entries fetched.
    pub descriptors: u64,
    /// Packets executed.
    pub packets: u64,
    /// Bytes that DMA channels moved or filled.
    pub dma_bytes: u64,
    /// Transfers that DMA channels finished.
    pub dma_transfers: u64,
    /// Kernels that TPCs were told to execute.
    pub kernels: u64,
    /// Instruction words that they executed.
    pub tpc_words: u64,
    /// MSI-X messages sent, by vector.
    pub interrupts: [u64; 8],
    /// MSI-X messages held back by a mask or lost by an injected fault.
    pub interrupts_withheld: u64,
    /// Events the firmware reported to the host.
    pub events: u64,
    /// Messages the firmware answered.
    pub cpu_messages: u64,
    /// Addresses translated from the TLB.
    pub tlb_hits: u64,
    /// Page-table walks.
    pub tlb_misses: u64,
    /// TLB invalidations.
    pub tlb_invalidations: u64,
    /// Page faults and refused accesses.
    pub faults: u64,
    /// Monitors that fired.
    pub monitors_fired: u64,
    /// Hard and soft resets, function level resets included.
    pub resets: u64,
}
