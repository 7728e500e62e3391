// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Where things are: the card's address space, and the driver's parts of SRAM and DRAM.
//!
//! Facts from upstream's `include/goya/goya.h` and `goya/goyaP.h`. All addresses are the card's own.

use kernel::build_assert::static_assert;

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

/// Bytes of a ring's entry.
pub(crate) const RING_ENTRY_SIZE: u32 = 16;
/// Entries of an external queue's ring, and of the completion queue that belongs to it.
pub(crate) const QUEUE_LENGTH: u32 = 4096;

/// Entries of the MME's ring.
pub(crate) const MME_RING_LENGTH: u32 = 64;
/// Entries of the ring of a TPC.
pub(crate) const TPC_RING_LENGTH: u32 = 64;
/// Offset of the MME's ring in SRAM.
pub(crate) const MME_RING_OFFSET: u32 = 0;
/// Offset of the first TPC's ring in SRAM; the others follow.
pub(crate) const TPC_RINGS_OFFSET: u32 = MME_RING_OFFSET + MME_RING_LENGTH * RING_ENTRY_SIZE;
/// Bytes from a TPC's ring to the next one's.
pub(crate) const TPC_RING_SIZE: u32 = TPC_RING_LENGTH * RING_ENTRY_SIZE;
/// Bytes of SRAM that the driver uses.
pub(crate) const SRAM_RINGS_END: u32 = TPC_RINGS_OFFSET + super::tpc::COUNT * TPC_RING_SIZE;
/// Offset in SRAM where the user's part begins (`GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START`).
pub(crate) const SRAM_USER_OFFSET: u32 = 0x8000;

static_assert!(SRAM_RINGS_END < SRAM_USER_OFFSET);

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

/// The card's address of a register.
pub(crate) const fn register(offset: u32) -> u64 {
    CFG_BASE.wrapping_add(offset as u64)
}
