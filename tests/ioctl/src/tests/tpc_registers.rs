// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Register by register, what a user's kernel reads and writes of a tensor core: its configuration block, its queue manager and its
//! command queue.
//!
//! The tables are what upstream's `goya_init_tpc_protection_bits()` leaves protected, whose masks it writes twice in one place and to the
//! wrong word in another.

use goya_tests::card::Card;
use goya_tests::packet::CFG;
use goya_tests::tpc::{CORES, Tensor, put_code, register, series};
use goya_tests::{Result, check, check_eq, nodes};

use super::debugfs::Words;
use super::submit::settle;
use super::tpc_reach::expect_failures;
use super::{Test, test};

pub const TESTS: &[Test] = &[
    Test { seconds: 90, ..test("tpc.registers", registers) },
    Test { seconds: 90, ..test("tpc.registers_own", own) },
    Test { seconds: 90, ..test("tpc.registers_bits", bits) },
];

/// Registers one behind the other: the first and the last.
type Run = (u32, u32);

/// Where core 0's blocks are, and how far those of the next are behind.
const CONFIGURATION: u32 = 0xE0_6000;
const QUEUE: u32 = 0xE0_8000;
const COMMAND_QUEUE: u32 = 0xE0_9000;
const NEXT: u32 = 0x4_0000;
/// The protection bits at the end of each block.
const BITS: Run = (0xF80, 0xFFC);

/// What is protected of each block.
const BLOCKS: &[(u32, &[Run])] = &[
    (
        CONFIGURATION,
        &[
            (0x820, 0x82C), // CFG_BASE_ADDRESS_HIGH, CFG_SUBTRACT_VALUE, SM_BASE_ADDRESS_LOW and HIGH
            (0x83C, 0x83C), // TPC_STALL
            (0x854, 0x85C), // MSS_CONFIG, TPC_INTR_CAUSE, TPC_INTR_MASK
            (0xD18, 0xD1C), // ARUSER, AWUSER
            (0xE00, 0xE2C), // FUNC_MBIST_CNTRL, _PAT, _MEM_0 to _MEM_9
        ],
    ),
    (
        QUEUE,
        &[
            (0x000, 0x028), // GLBL_CFG0 to GLBL_STS1
            (0x060, 0x07C), // PQ_BASE_LO to PQ_ARUSER
            (0x080, 0x094), // PQ_PUSH0 to PQ_STS1
            (0x0A0, 0x0AC), // PQ_RD_RATE_LIM_EN to _TOUT
            (0x0B0, 0x0B8), // CQ_CFG0, CQ_CFG1, CQ_ARUSER
            (0x0C0, 0x0CC), // CQ_PTR_LO to CQ_CTL
            (0x0D4, 0x0E8), // CQ_PTR_LO_STS to CQ_STS1
            (0x0F0, 0x0FC), // CQ_RD_RATE_LIM_EN to _TOUT
            (0x108, 0x108), // CQ_IFIFO_CNT
            (0x120, 0x154), // CP_MSG_BASE0_ADDR_LO to CP_LDMA_COMMIT_OFFSET
        ],
    ),
    (
        COMMAND_QUEUE,
        &[
            (0x000, 0x028), // GLBL_CFG0 to GLBL_STS1
            (0x0B0, 0x0B8), // CQ_CFG0, CQ_CFG1, CQ_ARUSER
            (0x0D4, 0x0E8), // CQ_PTR_LO_STS to CQ_STS1
            (0x0F0, 0x0FC), // CQ_RD_RATE_LIM_EN to _TOUT
            (0x108, 0x108), // CQ_IFIFO_CNT
            (0x120, 0x154), // CP_MSG_BASE0_ADDR_LO to CP_LDMA_COMMIT_OFFSET
            (0x178, 0x18C), // CP_STS to CP_DBG_0, and CQ_BUF_ADDR and CQ_BUF_RDATA in the wrong word
        ],
    ),
];

/// The offsets of a block's protected registers, on the driver that is tested: goya.ko protects the bits, too.
fn protected(runs: &[Run]) -> Result<Vec<u32>> {
    let bits: &[Run] = if nodes::module()? == "goya" { &[BITS] } else { &[] };
    Ok(runs.iter().chain(bits).flat_map(|(first, last)| (*first..=*last).step_by(4)).collect())
}

/// The runs between them.
fn open(protected: &[u32]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for offset in (0..0x1000).step_by(4).filter(|offset| !protected.contains(offset)) {
        match runs.last_mut().filter(|run| run.1 + 4 == offset) {
            Some(run) => run.1 = offset,
            None => runs.push((offset, offset)),
        }
    }
    runs
}

/// A kernel that reads each register of `runs`, and writes to it what it has read. `body` is for index or offset S32.
fn walk(runs: &[Run], unit: u32, body: &str) -> String {
    let mut text = "set_indx I2, b11111, 0; nop; nop; nop\nnop\nnop\nnop\n".to_owned();
    for (n, (first, last)) in runs.iter().enumerate() {
        let (first, last) = (first / unit, last / unit);
        text += &format!(
            "loop {first}, {last}, {}, <=, end{n}\nnop\n{body}end{n}: nop\nnop\nnop\nnop\n",
            4 / unit
        );
    }
    text + "halt\nnop\nnop\nnop"
}

/// By address, with the block as tensor 0.
const BY_ADDRESS: &str = "set_indx I2, b00001, S32; nop; nop; nop\ngen_addr AD1, 0, I2; nop; nop; nop\nnop\nnop\nnop\nnop\nnop\nnop\n\
    ld_g S5, AD1; nop; nop; nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop; nop; nop; st_g AD1, S5\n";

/// One of them by address, whose index is S0; S1 is what is written.
const ONE: &str = "set_indx I2, b11111, 0; nop; nop; nop\nset_indx I2, b00001, S0; nop; nop; nop\n\
    gen_addr AD1, 0, I2; nop; nop; nop\nnop\nnop\nnop\nnop\nnop\nnop\n";

/// None of the registers at `offsets` lets a kernel come to its end that `text` describes; it has S0 from the offset by `scalar`.
fn closed(card: &Card, core: u32, block: &[Tensor], text: &str, offsets: &[u32], unit: u32) -> Result {
    put_code(card, text)?;
    let steps: Vec<_> = offsets.iter().map(|offset| vec![(register::SCALAR_0, offset / unit)]).collect();
    let ends = series(card, core, block, &steps, settle)?;
    let reached: Vec<_> = offsets.iter().zip(ends).filter(|(_, ended)| *ended).map(|(o, _)| *o).collect();
    check!(
        reached.is_empty(),
        "{text:?} of core {core} at {:#x?} reaches {reached:#x?}",
        block[0].place().address()
    );
    Ok(())
}

/// A core's registers as all its kernels see them, at their addresses.
fn registers() -> Result {
    let card = Card::open()?;
    expect_failures()?;
    // From the core itself, and from another.
    for (block, runs) in BLOCKS {
        for (core, target) in [(0, 0), (3, 4)] {
            let block = block + target * NEXT;
            let tensor = [Tensor::new(CFG + u64::from(block), 4, [1024, 1, 1, 1, 1])];
            let protected = protected(runs)?;
            put_code(&card, &walk(&open(&protected), 4, BY_ADDRESS))?;
            let ends = series(&card, core, &tensor, &[vec![]], settle)?;
            check_eq!(ends, [true], format!("a walk over what is open of block {block:#x}, by core {core}"));
            for way in ["ld_g S5, AD1; nop; nop; nop", "nop; nop; nop; st_g AD1, S1"] {
                let text = format!("{ONE}{way}\nhalt\nnop\nnop\nnop");
                closed(&card, core, &tensor, &text, &protected, 4)?;
            }
        }
    }
    Ok(())
}

/// The same by the short way, to the registers of its own that a kernel has.
fn own() -> Result {
    let card = Card::open()?;
    expect_failures()?;
    let (_, runs) = BLOCKS[0];
    let protected = protected(runs)?;
    let body =
        "ld_l mmio S5, S32; nop; nop; nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop; nop; nop; st_l mmio S32, S5\n";
    put_code(&card, &walk(&open(&protected), 1, body))?;
    let none = [Tensor::new(0, 4, [1; 5])];
    for core in 0..CORES {
        // Where the hardware has no register in a descriptor's place, there is none.
        let ends = series(&card, core, &none, &[vec![]], settle)?;
        check_eq!(ends, [true], format!("a walk over what is open of core {core}"));
    }
    for way in ["ld_l mmio S5, S0; nop; nop; nop", "nop; nop; nop; st_l mmio S0, S1"] {
        let text = format!("nop\nnop\nnop\n{way}\nhalt\nnop\nnop\nnop");
        closed(&card, 6, &none, &text, &protected, 1)?;
    }
    // What is behind the block is the block again, or nothing, but not the queue manager.
    let behind: Vec<_> = [0x83C, 0xD18, 0xE00].into_iter().flat_map(|o| [o + 0x1000, o + 0xF000]).collect();
    closed(&card, 6, &none, "nop\nnop\nnop\nnop; nop; nop; st_l mmio S0, S1\nhalt\nnop\nnop\nnop", &behind, 1)
}

/// The protection bits of all cores are what the tables say.
fn bits() -> Result {
    let card = Card::open()?;
    let words = Words::open()?;
    for core in 0..CORES {
        for (block, runs) in BLOCKS {
            let (block, protected) = (block + core * NEXT, protected(runs)?);
            for word in 0..32 {
                let clear = (0..32).filter(|bit| protected.contains(&(word * 128 + bit * 4)));
                let expected = clear.fold(!0u32, |bits, bit| bits & !(1 << bit));
                let at = CFG + u64::from(block + BITS.0 + 4 * word);
                let is = words.at(at)?;
                check_eq!(
                    format!("{is:#x}"),
                    format!("{expected:#x}"),
                    format!("bits {word} of block {block:#x}")
                );
            }
        }
    }
    drop(card);
    Ok(())
}
