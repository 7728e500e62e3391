// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Names of registers, as the headers spell them, for traces and tools.
//!
//! One table serves all blocks of a kind. A register without a name of its own is shown as its
//! block and offset; the words with a block's protection bits are called `PROT_BITS_n`.

mod blocks;
mod memory;
mod mme;
mod pcie;
mod psoc;
mod queue;
mod router;
mod tpc;

use std::fmt;

use blocks::{BLOCKS, Blocks};

/// Offset in its block, distance between the members of an array and their number, name. The number of
/// a member stands where the name has `#`.
type Register = (u32, u32, u32, &'static str);

const fn one(offset: u32, name: &'static str) -> Register {
    (offset, 4, 1, name)
}

/// First protection bit of a block (`PROT_BITS_OFFS`, `goya.h`); most blocks have them.
const PROTECTION: u32 = 0xF80;
const BLOCK_END: u32 = 0x1000;

/// A register's name, made when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(u32);

/// The name of the register at `offset`.
pub fn name(offset: u32) -> Name {
    Name(offset)
}

/// The number of the member at `offset` of an array, and how far into the member that is.
fn member(offset: u32, first: u32, distance: u32, count: u32) -> Option<(u32, u32)> {
    let from = offset.checked_sub(first)?;
    let number = from.checked_div(distance).unwrap_or(0);
    (number < count).then(|| (number, from - number * distance))
}

fn write_numbered(f: &mut fmt::Formatter<'_>, name: &str, number: u32) -> fmt::Result {
    match name.split_once('#') {
        Some((before, after)) => write!(f, "{before}{number}{after}"),
        None => f.write_str(name),
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = BLOCKS.iter().find_map(|block| {
            member(self.0, block.first, block.distance, block.count)
                .filter(|(_, at)| *at < block.size)
                .map(|(n, at)| (block, n, at))
        });
        let Some((block, number, at)) = found else {
            return write!(f, "{:#x}", self.0);
        };
        write_numbered(f, block.name, block.number + number)?;
        let register = block.registers().find_map(|(first, distance, count, name)| {
            member(at, first, distance, count).filter(|m| m.1 < 4).map(|m| (name, m.0))
        });
        match register {
            Some((register, number)) => {
                f.write_str("_")?;
                write_numbered(f, register, number)
            }
            None if (PROTECTION..BLOCK_END).contains(&at) => {
                write!(f, "_PROT_BITS_{}", (at - PROTECTION) / 4)
            }
            None => write!(f, "+{at:#x}"),
        }
    }
}

impl Blocks {
    fn registers(&self) -> impl Iterator<Item = Register> + use<> {
        self.registers.iter().flat_map(|table| table.iter()).copied()
    }

    /// Name and offset of each block.
    fn members(&self) -> impl Iterator<Item = (String, u32)> + use<'_> {
        (0..self.count).map(|n| {
            let name = self.name.replacen('#', &(self.number + n).to_string(), 1);
            (name, self.first + n * self.distance)
        })
    }
}

/// The register that [`name`] calls `text`.
pub fn find(text: &str) -> Option<u32> {
    BLOCKS.iter().flat_map(|block| block.members().map(move |m| (block, m))).find_map(
        |(block, (name, base))| {
            let rest = text.strip_prefix(name.as_str())?;
            if let Some(offset) = rest.strip_prefix("+0x") {
                return u32::from_str_radix(offset, 16)
                    .ok()
                    .filter(|at| *at < block.size)
                    .map(|at| base + at);
            }
            let rest = rest.strip_prefix('_')?;
            if let Some(word) = rest.strip_prefix("PROT_BITS_").and_then(|n| n.parse::<u32>().ok()) {
                return (word < (BLOCK_END - PROTECTION) / 4).then(|| base + PROTECTION + word * 4);
            }
            block.registers().find_map(|(first, distance, count, name)| {
                let number = (0..count).find(|n| name.replacen('#', &n.to_string(), 1) == rest)?;
                Some(base + first + number * distance)
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_headers_and_lead_back() {
        for (offset, text) in [
            (0x40_0000, "DMA_QM_0_GLBL_CFG0"),
            (0x42_006C, "DMA_QM_4_PQ_PI"),
            (0x41_1020, "DMA_CH_2_WR_COMP_ADDR_LO"),
            (0xD_8178, "MME_QM_CP_STS"),
            (0xD_9024, "MME_CMDQ_GLBL_STS0"),
            (0xD_0000, "MME_ARCH_STATUS"),
            (0xE0_681C, "TPC0_CFG_STATUS"),
            (0xFC_8060, "TPC7_QM_PQ_BASE_LO"),
            (0xE4_9158, "TPC1_CMDQ_CP_FENCE0_RDATA"),
            (0xE4_0470, "TPC1_RTR_HBW_RANGE_HIT"),
            (0xE0_0500, "TPC0_NRTR_LBW_RANGE_HIT"),
            (0x11_2FA0, "SYNC_MNGR_SOB_OBJ_1000"),
            (0x11_43FC, "SYNC_MNGR_MON_STATUS_255"),
            (0x48_000C, "MMU_MMU_ENABLE"),
            (0x49_0034, "STLB_INV_ALL_START"),
            (0x80_0040, "GIC_DISTRIBUTOR__5_GICD_SETSPI_NSR"),
            (0xC4_B150, "PSOC_GLOBAL_CONF_SCRATCHPAD_20"),
            (0xC4_B474, "PSOC_GLOBAL_CONF_SW_ALL_RST_CFG"),
            (0xC7_2284, "PSOC_PCI_PLL_DIV_SEL_1"),
            (0x4B_014C, "DMA_MACRO_RAZWI_HBW_WT_VLD"),
            (0x44_2100, "CPU_IF_PF_PQ_PI"),
            (0x4_0470, "MME1_RTR_HBW_RANGE_HIT"),
            (0x24_0004, "SRAM_Y2_X0_BANK+0x4"),
            (0x24_5F84, "SRAM_Y2_X1_RTR_PROT_BITS_1"),
            (0xC5_1000, "PSOC_GPIO3+0x0"),
        ] {
            assert_eq!(name(offset).to_string(), text);
            assert_eq!(find(text), Some(offset), "{text}");
        }
    }

    #[test]
    fn the_rest_is_block_and_offset() {
        assert_eq!(name(0xE0_6004).to_string(), "TPC0_CFG+0x4");
        assert_eq!(name(0x1FF_0000).to_string(), "0x1ff0000");
        assert_eq!(find("NOTHING"), None);
    }
}
