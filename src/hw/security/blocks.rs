// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Which registers of which blocks are protected.
//!
//! The facts are from `goya_init_protection_bits()` and the functions that it calls in upstream's
//! `goya_security.c`, the names from `goya_blocks.h` and the headers of the blocks.
//!
//! Upstream computes a word of bits from registers of more than one word in places, and writes a
//! word twice in others, where the second write undoes the first. The tables here give what
//! results, since a user's command buffer that one driver lets pass must pass with the other.
//! Each such place is marked UPSTREAM-SLIP.
//!
//! Two places are closed nevertheless: the queue managers of the DMA ([`DMA_QM_BITS`]), and the protection bits themselves, wherever
//! upstream sets some of a block ([`seal`]).

use super::bits::Bits;
use crate::hw::{
    self,
    regs::{
        dma::DMA_CH,
        pll::TPC_PLL,
        qm::{self, DMA_QM, TPC_CMDQ, TPC_QM},
        rtr,
        tpc::TPC_CFG, //
    },
    Io,
    Offset, //
};

/// Blocks of one kind, at regular distances.
struct Blocks {
    first: Offset,
    /// How many, and how far apart.
    rows: (u32, u32),
    /// How many in each row, and how far apart.
    columns: (u32, u32),
}

impl Blocks {
    fn write(&self, io: &impl Io, bits: &Bits) {
        for row in 0..self.rows.0 {
            let first = self.first.nth(row, self.rows.1);
            for column in 0..self.columns.0 {
                bits.write(io, first.nth(column, self.columns.1));
            }
        }
    }
}

/// The blocks of a family, or what is `behind` bytes after each.
const fn family<F>(blocks: &hw::Blocks<F>, behind: u32) -> Blocks {
    let (first, count, distance) = blocks.places();
    row(first.bytes() + behind, count, distance)
}

/// A block that is the only one of its family, or has no neighbours.
const fn block<F>(block: hw::Block<F>) -> Blocks {
    one(block.offset().bytes())
}

const fn one(first: u32) -> Blocks {
    row(first, 1, 0)
}

const fn row(first: u32, count: u32, distance: u32) -> Blocks {
    grid(first, (1, 0), (count, distance))
}

const fn grid(first: u32, rows: (u32, u32), columns: (u32, u32)) -> Blocks {
    Blocks {
        first: Offset::new(first),
        rows,
        columns,
    }
}

/// Blocks that users have no business in at all.
static CLOSED: [Blocks; 13] = [
    // PCI_NRTR, MME1_RTR to MME6_RTR, DMA_NRTR, and the RD_REGULATOR and WR_REGULATOR of each.
    family(&rtr::ROW, 0),
    family(&rtr::ROW, 0x4000),
    family(&rtr::ROW, 0x5000),
    // ACC_MS_ECC_MEM_0 to 3, SBA_ECC_MEM.
    row(0x0D_A000, 5, 0x1000),
    // SRAM_Yy_Xx_BANK, SRAM_Yy_Xx_RTR.
    grid(0x20_0000, (6, 0x2_0000), (5, 0x4000)),
    grid(0x20_1000, (6, 0x2_0000), (5, 0x4000)),
    // DMA_CH_0 to 4.
    family(&DMA_CH, 0),
    // PCIE_WRAP; PCIE_CORE, DB_CFG, DB_CMD, AUX, DB_RSV; PCIE_PHY.
    one(0xC0_1000),
    row(0xC0_4000, 5, 0x1000),
    one(0xC1_0000),
    // TPC0_NRTR, TPC1_RTR to TPC6_RTR, TPC7_NRTR, and the RD_REGULATOR and WR_REGULATOR of each.
    family(&rtr::TPC, 0),
    family(&rtr::TPC, 0x4000),
    family(&rtr::TPC, 0x5000),
];

/// Blocks that users need in part.
static SHARED: [(Blocks, &Bits); 9] = [
    (block(TPC_PLL), &PLL_BITS),
    (one(0x0D_F000), &SBB_ECC_BITS), // SBB_ECC_MEM
    (one(0x0D_0000), &MME_BITS),     // MME
    (block(qm::MME_QM), &MME_QM_BITS),
    (block(qm::MME_CMDQ), &CMDQ_BITS),
    (family(&DMA_QM, 0), &DMA_QM_BITS),
    (family(&TPC_CFG, 0), &TPC_CFG_BITS),
    (family(&TPC_QM, 0), &QM_BITS),
    (family(&TPC_CMDQ, 0), &CMDQ_BITS),
];

static ALL: Bits = Bits::ALL;

/// Users may set the clock relaxation CLK_RLX_0.
static PLL_BITS: Bits = Bits::ALL.open(&[(0x310, 0x310)]);

/// UPSTREAM-SLIP: all registers are protected, but the word of two that upstream calls
/// SBB_POWER_ECO1 and 2 (0xF60, 0xF64) is then written again, for these two alone.
static SBB_ECC_BITS: Bits = Bits::ALL.open(&[(0xF00, 0xF5C), (0xF68, 0xF7C)]);

static MME_BITS: Bits = Bits::NONE.protect(&[
    (0x204, 0x22C), // DUMMY, RESET, STALL, SM_BASE_ADDRESS, DBGMEM, LOG_SHADOW
    (0x300, 0x344), // STORE_MAX_CREDIT, AGU, SBA to WBC with CONTROL_DATA, TE, TE2DEC, interrupts
]);

/// What all queue managers share: global settings, the producer queue and the completion queue.
const QUEUES: Bits = Bits::NONE.protect(&[
    (0x000, 0x028), // GLBL_CFG0 to GLBL_STS1
    (0x060, 0x07C), // PQ_BASE to PQ_ARUSER
    (0x080, 0x094), // PQ_PUSH0 to PQ_STS1
    (0x0A0, 0x0AC), // PQ_RD_RATE_LIM
    (0x0B0, 0x0B8), // CQ_CFG0, CQ_CFG1, CQ_ARUSER
    (0x0C0, 0x0CC), // CQ_PTR, CQ_TSIZE, CQ_CTL
    (0x0D4, 0x0E8), // CQ_PTR_STS to CQ_STS1
    (0x0F0, 0x0FC), // CQ_RD_RATE_LIM
]);

static QM_BITS: Bits = QUEUES.protect(&[
    (0x108, 0x108), // CQ_IFIFO_CNT
    (0x120, 0x154), // CP_MSG_BASE0 to CP_LDMA_COMMIT_OFFSET
]);

/// All but the fences, CP_FENCE0_RDATA to CP_FENCE3_CNT. Upstream protects what it does in [`QM_BITS`]: what a queue manager
/// of the DMA's is at, how long it waits for its engine (CP_BARRIER_CFG), its buffers, which hold bus addresses and
/// packets of the driver's (PQ_BUF_ADDR to CQ_BUF_RDATA), and the protection bits themselves are open there. But these
/// queue managers have the driver's rights, and run jobs of its own beside users'.
static DMA_QM_BITS: Bits = Bits::ALL.open(&[(0x158, 0x174)]);

/// UPSTREAM-SLIP: the word of [`QM_BITS`]'s last two lines is written again, for CP_STS (0x178) to
/// CP_DBG_0 (0x188) and PQ_BUF_ADDR to CQ_BUF_RDATA (0x300 to 0x30C), most of which belong to
/// other words: the message bases and offsets are open, and four registers at 0x100 protected
/// instead.
static MME_QM_BITS: Bits = QUEUES.protect(&[
    (0x100, 0x10C), // CQ_IFIFO_CNT and neighbours
    (0x178, 0x17C), // CP_STS, CP_CURRENT_INST_LO
]);

/// A queue manager without producer queue. UPSTREAM-SLIP: CQ_BUF_ADDR and CQ_BUF_RDATA (0x308,
/// 0x30C) are taken for registers at 0x188 and 0x18C.
static CMDQ_BITS: Bits = Bits::NONE.protect(&[
    (0x000, 0x028), // GLBL_CFG0 to GLBL_STS1
    (0x0B0, 0x0B8), // CQ_CFG0, CQ_CFG1, CQ_ARUSER
    (0x0D4, 0x0E8), // CQ_PTR_STS to CQ_STS1
    (0x0F0, 0x0FC), // CQ_RD_RATE_LIM
    (0x108, 0x108), // CQ_IFIFO_CNT
    (0x120, 0x154), // CP_MSG_BASE0 to CP_LDMA_COMMIT_OFFSET
    (0x178, 0x18C), // CP_STS to CP_DBG_0, and the register after it
]);

/// UPSTREAM-SLIP: the word for 0x800 to 0x87C is first written to protect SEMAPHORE, VFLAGS,
/// SFLAGS and STATUS (0x808 to 0x810, 0x81C), then again without them.
static TPC_CFG_BITS: Bits = Bits::NONE.protect(&[
    (0x820, 0x82C), // CFG_BASE_ADDRESS_HIGH, CFG_SUBTRACT_VALUE, SM_BASE_ADDRESS
    (0x83C, 0x83C), // TPC_STALL
    (0x854, 0x85C), // MSS_CONFIG, TPC_INTR_CAUSE, TPC_INTR_MASK
    (0xD18, 0xD1C), // ARUSER, AWUSER
    (0xE00, 0xE2C), // FUNC_MBIST_CNTRL to FUNC_MBIST_MEM_9
]);

/// Protects the protection bits of the blocks that users need in part, by the last word of them (as a comment in `gaudi_security.c`
/// has it). Upstream leaves it alone, and who can write a block's bits has the whole block: a queue manager is trusted as soon as its
/// own register says so, and then reaches all that the driver reaches.
pub(super) fn seal(io: &impl Io) {
    for (blocks, bits) in &SHARED {
        if !bits.seals() {
            blocks.write(io, &SEAL);
        }
    }
}

/// The words of protection bits.
static SEAL: Bits = Bits::NONE.protect(&[(0xF80, 0xFFC)]);

/// The bits of the DMA's queue managers, for comparison.
#[cfg(CONFIG_KUNIT = "y")]
pub(super) fn write_dma_qms(io: &impl Io) {
    family(&DMA_QM, 0).write(io, &DMA_QM_BITS);
}

/// The same as upstream has them.
#[cfg(CONFIG_KUNIT = "y")]
pub(super) fn write_upstreams_dma_qms(io: &impl Io) {
    family(&DMA_QM, 0).write(io, &QM_BITS);
}

/// Programs the bits of all blocks.
pub(super) fn write(io: &impl Io) {
    for blocks in &CLOSED {
        blocks.write(io, &ALL);
    }
    for (blocks, bits) in &SHARED {
        blocks.write(io, bits);
    }
    seal(io);
}
