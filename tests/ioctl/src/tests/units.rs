// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the queue managers of MME and TPC can do beyond messages.

use goya_tests::card::Card;
use goya_tests::device::{SRAM, SRAM_COMMANDS};
use goya_tests::packet::Packets;
use goya_tests::{Result, check_eq};
use goya_uapi::goya_queue_id;

use super::submit::{INTERNAL, settle};
use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("units.command_queues", command_queues),
    test("units.tpc_registers", tpc_registers),
    test("units.dma_register", dma_register),
];

/// Each queue manager hands a buffer to its command queue, which writes a word.
fn command_queues() -> Result {
    let card = Card::open()?;
    for queue in INTERNAL {
        let at = SRAM + 0x6000 + u64::from(queue) * 16;
        let inner = Packets::default().nop().msg_long(at, 0xCD00 + queue);
        let inner_at = SRAM_COMMANDS + 0x1000;
        card.put(inner_at, inner.bytes())?;
        card.run_internal(queue, &Packets::default().cp_dma(inner_at, inner.bytes().len() as u32))?;
        settle(&card, queue)?;
        check_eq!(
            card.get(at, 4)?,
            (0xCD00 + queue).to_le_bytes(),
            format!("the word of command queue {queue}")
        );
    }
    Ok(())
}

/// A TPC's kernel registers in its configuration block, from the base of the engine.
const TPC_QM_TENSOR: u32 = 0x6A00;

/// WREG_32 and WREG_BULK reach the engine: read back by DMA.
fn tpc_registers() -> Result {
    let card = Card::open()?;
    let packets =
        Packets::default().wreg32(TPC_QM_TENSOR, 0x1234_5678).wreg_bulk(TPC_QM_TENSOR + 4, &[1, 2, 3, 4]);
    card.run_internal(goya_queue_id::GOYA_QUEUE_ID_TPC5, &packets)?;
    settle(&card, goya_queue_id::GOYA_QUEUE_ID_TPC5)?;
    let base = goya_tests::packet::CFG + 0xE0_0000 + 5 * 0x4_0000;
    let words = card.get(base + u64::from(TPC_QM_TENSOR), 20)?;
    let expected: Vec<u8> = [0x1234_5678u32, 1, 2, 3, 4].iter().flat_map(|w| w.to_le_bytes()).collect();
    check_eq!(words, expected, "registers");
    Ok(())
}

/// The one register that a DMA queue may write: where its channel's completion message goes.
fn dma_register() -> Result {
    let card = Card::open()?;
    let object = (goya_tests::packet::SYNC_OBJECT + 4 * 61) as u32;
    let packets = Packets::default().wreg32(0x1020, object).copy_and_tell(7, SRAM, SRAM + 0x100, 16);
    card.run(3, &packets)?;
    check_eq!(card.get(goya_tests::packet::SYNC_OBJECT + 4 * 61, 4)?, 1u32.to_le_bytes(), "sync object 61");
    Ok(())
}
