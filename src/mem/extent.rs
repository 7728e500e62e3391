// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is mapped: contiguous memory, and why it may not be.

use kernel::{error::code::*, fmt, prelude::*};

use super::hop::{HUGE_PAGE, SMALL_PAGE};
use crate::hw::map::DRAM_VIRTUAL;

/// End of the virtual addresses that lead to the default page unless something is mapped. They begin at
/// 0, though the addresses that are handed out for DRAM begin later.
pub(crate) const DRAM_DEFAULT_END: u64 = DRAM_VIRTUAL.end;

/// Memory that is contiguous for the card: host memory by its bus address with the card's offset, or
/// DRAM. A multiple of 4 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where it begins.
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
}

/// Why memory could not be mapped. [`fmt::Display`] gives the text for the kernel log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapFailure {
    /// There is a mapping at this virtual address already.
    Exists(u64),
    /// Address, virtual address and size don't suit the pages.
    Misaligned(u64, Run),
    /// DRAM addresses take huge pages only.
    SmallPage(u64),
    /// The card has no memory for a table, or the host none for its shadow.
    NoTable,
}

impl MapFailure {
    /// What the user gets.
    pub(crate) fn errno(self) -> Error {
        match self {
            Self::Exists(_) | Self::Misaligned(..) => EINVAL,
            Self::SmallPage(_) => EFAULT,
            Self::NoTable => ENOMEM,
        }
    }
}

impl fmt::Display for MapFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(va) if DRAM_VIRTUAL.contains(va) => {
                write!(f, "DRAM: mapping already exists for virt_addr {va:#x}")
            }
            Self::Exists(va) => write!(f, "mapping already exists for virt_addr {va:#x}"),
            Self::Misaligned(va, run) => write!(
                f,
                "Mapping address {:#x} with virtual address {va:#x} and page size of {:#x} is erroneous! \
                 Addresses must be divisible by page size",
                run.address, run.size
            ),
            Self::SmallPage(_) => {
                write!(f, "page size of {SMALL_PAGE} is not {}KB aligned, can't map", HUGE_PAGE >> 10)
            }
            Self::NoTable => f.write_str("failed to allocate page"),
        }
    }
}
