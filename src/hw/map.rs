// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Where things are: the card's address space, and the driver's parts of SRAM and DRAM.
//!
//! Facts from upstream's `include/goya/goya.h` and `goya/goyaP.h`. All addresses are the card's own.

use core::ops::Range;

use kernel::build_assert::static_assert;

use super::Offset;

/// Registers.
pub(crate) const CFG_BASE: u64 = 0x7f_fc00_0000;
/// Bytes of registers, debug part included.
pub(crate) const CFG_SIZE: u64 = 0x400_0000;
/// Static memory on the chip.
pub(crate) const SRAM_BASE: u64 = 0x7f_f000_0000;
/// Bytes of SRAM.
pub(crate) const SRAM_SIZE: u64 = 0x32a_0000;
/// Memory on the card.
pub(crate) const DRAM_BASE: u64 = 0;
/// Host memory: a bus address is found this far up.
pub(crate) const HOST_BASE: u64 = 0x80_0000_0000;
/// Bytes of the host's window.
pub(crate) const HOST_SIZE: u64 = 1 << 48;

/// DMA channels, each with an external queue.
pub(crate) const DMA_CHANNELS: u32 = 5;
/// Tensor processor cores.
pub(crate) const TPCS: u32 = 8;

/// MSI-X vectors, all of which the driver demands.
pub(crate) const MSIX_ENTRIES: u32 = 8;
/// The event queue's vector, after those of the external queues' completions (`GOYA_EVENT_QUEUE_MSIX_IDX`).
pub(crate) const EVENT_QUEUE_MSIX: u32 = DMA_CHANNELS;

/// Bytes of a ring's entry.
pub(crate) const RING_ENTRY_SIZE: u32 = 16;
/// Entries of the rings of an external queue and of the CPU queue, and of the completion queue that belongs to it
/// (`HL_QUEUE_LENGTH`).
pub(crate) const QUEUE_LENGTH: u32 = 4096;

/// Internal queues: the MME's, and one of each TPC.
pub(crate) const INTERNAL_QUEUES: u32 = 1 + TPCS;
/// Entries of an internal queue's ring (`MME_QMAN_LENGTH`, `TPC_QMAN_LENGTH`).
pub(crate) const INTERNAL_QUEUE_LENGTH: u32 = 64;
/// Offset in SRAM where the user's part begins (`GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START`).
pub(crate) const SRAM_USER_OFFSET: u32 = 0x8000;

static_assert!(internal_ring(INTERNAL_QUEUES) < SRAM_USER_OFFSET);

/// Bytes at the beginning of DRAM for the device CPU's firmware.
pub(crate) const FIRMWARE_SIZE: u64 = 0x1000_0000;
/// Page tables.
pub(crate) const PAGE_TABLES: u64 = DRAM_BASE + FIRMWARE_SIZE;
/// Bytes of page tables.
pub(crate) const PAGE_TABLES_SIZE: u64 = 0xfc0_0000;
/// The page that unmapped DRAM addresses of a context show.
pub(crate) const DEFAULT_PAGE: u64 = PAGE_TABLES + PAGE_TABLES_SIZE;
/// Bytes of [`DEFAULT_PAGE`].
pub(crate) const DEFAULT_PAGE_SIZE: u64 = 0x20_0000;
/// Where the MMU keeps its notes about invalidation.
pub(crate) const CACHE_MANAGEMENT: u64 = DEFAULT_PAGE + DEFAULT_PAGE_SIZE;
/// Bytes of [`CACHE_MANAGEMENT`].
pub(crate) const CACHE_MANAGEMENT_SIZE: u64 = 0x1000;
/// Where the user's part of DRAM begins.
pub(crate) const DRAM_USER_BASE: u64 = 0x2000_0000;

static_assert!(CACHE_MANAGEMENT + CACHE_MANAGEMENT_SIZE <= DRAM_USER_BASE);

/// Virtual addresses of a context for host memory (`VA_HOST_SPACE_*`). Goya has no others for huge pages.
pub(crate) const HOST_VIRTUAL: Range<u64> = 0x1_0000_0000_0000..0x3_ff80_0000_0000;
/// Virtual addresses of a context for DRAM (`VA_DDR_SPACE_*`).
pub(crate) const DRAM_VIRTUAL: Range<u64> = 0x8_0000_0000..0x20_0000_0000;

/// Where the ring of internal queue `n` begins in SRAM.
pub(crate) const fn internal_ring(n: u32) -> u32 {
    super::nth(0, n, INTERNAL_QUEUE_LENGTH * RING_ENTRY_SIZE)
}

/// The card's address of a register.
pub(crate) const fn register(offset: Offset) -> u64 {
    CFG_BASE.wrapping_add(offset.bytes() as u64)
}
