// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Kernels that are launched by the host and by a queue.

use goya_tpc_isa::asm;

use super::launch::{
    ARUSER, AWUSER, DESCRIPTOR, EXECUTE, IDLE, INTR_CAUSE, INTR_MASK, KERNEL_BASE, QUEUE_COPY, SM_BASE,
    STALL, STATUS, SYNC_MESSAGE, TPC_CMD, base,
};
use crate::access::{Origin, register_address};
use crate::chip::{Chip, Progress, Reset};
use crate::queue::QueueId;
use crate::regs::{MMU, TPC, TPC_STRIDE};
use crate::testing::TestHost;
use crate::tpc::Cause;

/// The first sync object.
const OBJECTS: u32 = 0x11_2000;
/// Where the code is, in DRAM.
const CODE: u32 = 0x10_0000;
/// Adds one to the sync object 0x40 bytes behind the base.
const MESSAGE: u32 = 1 << 31 | 0x40 << 16 | 1;
const N: u8 = 3;
const QUEUE: Origin = Origin::Queue { id: QueueId::TpcCmdq(N), secure: true };

/// A card with `text` as the code of a kernel that core 3 is ready to execute, and as the queue's.
fn chip(text: &str) -> Chip {
    let mut chip = TestHost::new(4096).chip();
    let program = asm::assemble(text).expect("a program");
    chip.physical_write(CODE.into(), &program.to_bytes(), Origin::Host).expect("DRAM");
    let sync = register_address(OBJECTS);
    for (at, value) in [
        (QUEUE_COPY + KERNEL_BASE, CODE),
        (QUEUE_COPY + SYNC_MESSAGE, MESSAGE),
        (SM_BASE, sync as u32),
        (SM_BASE + 4, (sync >> 32) as u32),
    ] {
        write(&mut chip, at, value);
    }
    chip
}

fn write(chip: &mut Chip, at: u32, value: u32) {
    chip.register_write(base(N) + at, value, Origin::Host);
}

fn read(chip: &mut Chip, at: u32) -> u32 {
    chip.register_read(base(N) + at, Origin::Host)
}

fn signals(chip: &mut Chip) -> u32 {
    chip.register_read(OBJECTS + 0x40, Origin::Host)
}

fn finish(chip: &mut Chip) {
    for _ in 0..1000 {
        if chip.run(1 << 20) == Progress::Idle {
            return;
        }
    }
    panic!("the card works for ever");
}

#[test]
fn a_queue_launches_what_it_has_described_and_is_told_of_the_end() {
    let mut chip = chip("nop; nop; nop; st_l mmio 0x40C, S1\nhalt");
    write(&mut chip, QUEUE_COPY + 0x694, 77);
    chip.register_write(base(N) + EXECUTE, 1, QUEUE);
    assert_eq!((read(&mut chip, STATUS), read(&mut chip, EXECUTE), signals(&mut chip)), (0, 0, 0));
    finish(&mut chip);
    assert_eq!((read(&mut chip, STATUS), signals(&mut chip)), (IDLE, 1));
    assert_eq!(read(&mut chip, KERNEL_BASE), CODE);
    assert_eq!((chip.counters.kernels, chip.counters.tpc_words), (1, 2));
    // The host's own description is left alone.
    write(&mut chip, QUEUE_COPY + KERNEL_BASE, 0);
    write(&mut chip, EXECUTE, 1);
    finish(&mut chip);
    assert_eq!((read(&mut chip, KERNEL_BASE), signals(&mut chip)), (CODE, 2));
}

#[test]
fn no_message_is_sent_where_none_is_described() {
    let mut chip = chip("halt");
    write(&mut chip, QUEUE_COPY + SYNC_MESSAGE, 0);
    chip.register_write(OBJECTS, 5, Origin::Host);
    write(&mut chip, EXECUTE, 1);
    finish(&mut chip);
    assert_eq!(chip.register_read(OBJECTS, Origin::Host), 5);
}

#[test]
fn a_stalled_core_sits_on_its_kernel() {
    let mut chip = chip("halt");
    write(&mut chip, STALL, 1);
    write(&mut chip, EXECUTE, 1);
    assert_eq!((chip.run(1 << 20), read(&mut chip, STATUS)), (Progress::Idle, 0));
    write(&mut chip, STALL, 0);
    finish(&mut chip);
    assert_eq!((read(&mut chip, STATUS), signals(&mut chip)), (IDLE, 1));
}

#[test]
fn an_endless_kernel_leaves_the_card_answering_until_a_reset() {
    let mut chip = chip("here: nop; jmpr here; nop; nop\nnop");
    write(&mut chip, EXECUTE, 1);
    for _ in 0..3 {
        assert_eq!((chip.run(1 << 16), read(&mut chip, STATUS)), (Progress::Busy, 0));
    }
    chip.reset(Reset::Soft);
    assert_eq!((chip.run(1 << 16), read(&mut chip, STATUS), signals(&mut chip)), (Progress::Idle, IDLE, 0));
}

#[test]
fn a_kernel_that_runs_sees_other_code_when_it_is_told_to() {
    let mut chip = chip("here: nop; jmpr here; nop; nop\nnop");
    write(&mut chip, EXECUTE, 1);
    chip.run(1 << 16);
    let halt = asm::assemble("halt").expect("a program").to_bytes();
    chip.physical_write(CODE.into(), &halt, Origin::Host).expect("DRAM");
    // All but the cache of code.
    write(&mut chip, TPC_CMD, 0xE);
    assert_eq!((chip.run(1 << 16), read(&mut chip, STATUS)), (Progress::Busy, 0));
    write(&mut chip, TPC_CMD, 0xF);
    finish(&mut chip);
    assert_eq!((read(&mut chip, STATUS), signals(&mut chip)), (IDLE, 1));
}

#[test]
fn what_a_kernel_cannot_do_is_seen() {
    for (text, cause) in [
        (format!(".word {}", "00".repeat(32)), Cause::IllegalInstruction),
        ("ld_tnsr V1, 0, I0; nop; nop; nop".to_owned(), Cause::HbwRead),
    ] {
        let mut chip = chip(&text);
        // A tensor of 64 words where nothing is.
        for (at, value) in [(4, 0xFFFF), (0xC, 0x102), (0x10, 64), (0x14, 1)] {
            write(&mut chip, QUEUE_COPY + DESCRIPTOR + at, value);
        }
        // As the driver leaves them.
        write(&mut chip, INTR_MASK, 0x7FFF);
        write(&mut chip, EXECUTE, 1);
        finish(&mut chip);
        assert_eq!((read(&mut chip, STATUS), signals(&mut chip)), (IDLE, 0), "{text}");
        assert_eq!(read(&mut chip, INTR_CAUSE), cause.bit(), "{text}");
        assert!(chip.counters.faults > 0, "{text}");
    }
}

#[test]
fn causes_of_arithmetic_are_told_once_and_do_not_stop_a_kernel() {
    let mut chip = chip("nop; add.i32 S1, S2, S2; nop; nop\nhalt");
    write(&mut chip, QUEUE_COPY + 0x690 + 8, 0x7FFF_FFFF);
    for (mask, cause, events) in [(0x7FFF, 0, 0), (0, 1 << 3, 1), (0, 1 << 3, 1)] {
        write(&mut chip, INTR_MASK, mask);
        chip.register_write(base(N) + EXECUTE, 1, QUEUE);
        finish(&mut chip);
        assert_eq!(read(&mut chip, INTR_CAUSE), cause, "mask {mask:#x}");
        assert_eq!(chip.events_waiting(), events, "mask {mask:#x}");
    }
    assert_eq!(signals(&mut chip), 3);
}

/// What was cleared while a kernel runs comes again only if it happens again.
#[test]
fn causes_of_arithmetic_that_were_cleared_stay_so() {
    let mut chip = chip("nop; add.i32 S1, S2, S2; nop; nop\non: nop; jmpr on; nop; nop\nnop\nnop\nnop");
    write(&mut chip, QUEUE_COPY + 0x690 + 8, 0x7FFF_FFFF);
    chip.register_write(base(N) + EXECUTE, 1, QUEUE);
    chip.run(1 << 16);
    assert_eq!((read(&mut chip, INTR_CAUSE), chip.events_waiting()), (1 << 3, 1));
    write(&mut chip, INTR_CAUSE, 0);
    let words = chip.counters.tpc_words;
    chip.run(1 << 20);
    assert!(chip.counters.tpc_words > words);
    assert_eq!((read(&mut chip, INTR_CAUSE), chip.events_waiting()), (0, 1));
}

#[test]
fn the_descriptor_is_the_kernels_own() {
    // The tensors of the next kernel, while one runs, are none of its.
    let mut chip = chip("here: nop; jmpr here; nop; nop\nnop");
    write(&mut chip, QUEUE_COPY + DESCRIPTOR, 1);
    write(&mut chip, EXECUTE, 1);
    chip.run(1 << 16);
    write(&mut chip, QUEUE_COPY + DESCRIPTOR, 2);
    assert_eq!(read(&mut chip, DESCRIPTOR), 1);
    // One that is told to start while it runs does not.
    write(&mut chip, EXECUTE, 1);
    assert_eq!(chip.counters.kernels, 1);
}

/// Registers that are open to a kernel are no way to those behind them.
#[test]
fn a_store_of_many_registers_stops_at_one_that_is_closed() {
    // The message, then ARUSER and AWUSER.
    for (first, stored) in [(SYNC_MESSAGE, true), (QUEUE_COPY + SYNC_MESSAGE, false)] {
        let mut chip =
            chip("set_indx I2, b11111, 0; nop; nop; nop\nnop\nnop\nnop; nop; nop; st_tnsr 0, I2, V1\nhalt");
        let at = register_address(base(N) + first);
        for (at, value) in [(0, at as u32), (4, (at >> 32) as u32), (0xC, 0x102), (0x10, 3), (0x14, 1)] {
            write(&mut chip, QUEUE_COPY + DESCRIPTOR + at, value);
        }
        write(&mut chip, ARUSER, 1 << 10);
        // As the driver closes them: a bit for each register, from 0xF80 of the block on.
        write(&mut chip, 0xF80 + (ARUSER >> 7) * 4, !(3 << (ARUSER >> 2 & 31)));
        write(&mut chip, EXECUTE, 1);
        finish(&mut chip);
        assert_eq!(read(&mut chip, ARUSER), 1 << 10);
        assert_eq!(read(&mut chip, INTR_CAUSE) == 0, stored, "{first:#x}");
    }
}

/// A kernel reads all of its own registers, and writes to each what it has read.
#[test]
fn a_kernel_may_have_its_own_registers() {
    for (first, last) in [(0, 0x3FC), (0x400, 0x65C), (0x660, 0x7FC), (0x800, 0x828), (0x840, 0xF7C)] {
        let mut chip = chip(&format!(
            "loop {first}, {last}, 4, <=, end\nnop\nld_l mmio S5, S32; nop; nop; nop\nnop\nnop\nnop\n\
             nop\nnop\nnop\nnop; nop; nop; st_l mmio S32, S5\nnop\nnop\nend: nop\nnop\nhalt\nnop\nnop\nnop"
        ));
        chip.register_write(base(N) + EXECUTE, 1, QUEUE);
        finish(&mut chip);
        assert_eq!((read(&mut chip, INTR_CAUSE), signals(&mut chip)), (0, 1), "{first:#x} to {last:#x}");
    }
}

/// Eight cores that never end each get on, beside DMA or not.
#[test]
fn no_core_waits_for_others() {
    let mut chip = chip("here: nop; jmpr here; nop; nop\nnop");
    for n in 0..8 {
        for at in [KERNEL_BASE, QUEUE_COPY + KERNEL_BASE] {
            chip.register_write(base(n) + at, CODE, Origin::Host);
        }
        chip.register_write(base(n) + EXECUTE, 1, Origin::Host);
    }
    // In the first turn its code is decoded.
    chip.run(1 << 18);
    chip.run(1 << 18);
    let words = |chip: &Chip| -> Vec<_> { (0..8).map(|n| chip.queues.cores.words(n)).collect() };
    let before = words(&chip);
    assert!(before.iter().all(|words| *words > 50), "{before:?}");
    // An access, which is followed by little work, is not kept waiting by them.
    chip.run(1 << 14);
    let some = words(&chip).iter().sum::<u64>() - before.iter().sum::<u64>();
    assert!((8..=8 * 32).contains(&some), "{some} words beside an access");
}

/// A core that stores a word, changes by a register what it may store or where to, and stores it again: only the first is done.
#[test]
fn what_a_core_has_reached_is_looked_at_again_when_it_has_written_a_register() {
    const PAGE: u32 = 0x40_0000;
    let router = TPC + u32::from(N) * TPC_STRIDE;
    let mmio = "nop; nop; nop; st_l mmio 0xD1C, S2";
    let global = "nop; nop; nop; st_g AD1, S2";
    let both = |change| {
        format!(
            "gen_addr AD0, 0, I2; nop; nop; nop\ngen_addr AD1, 1, I2; nop; nop; nop\nnop\nnop\nnop\nnop\nnop\n\
        nop\nnop; nop; nop; st_g AD0, S1\n{change}\nnop; nop; nop; st_g AD0, S3\nhalt"
        )
    };
    // The mask of a range that refuses what it hits; an address space in which nothing is mapped.
    for (change, register, value) in
        [(global, router + 0x480, 0xFFFF_F000), (mmio, 0, 1), (global, base(N) + AWUSER, 1)]
    {
        let mut chip = chip(&both(change));
        for (tensor, address) in [(0, u64::from(PAGE)), (1, register_address(register))] {
            let at = QUEUE_COPY + DESCRIPTOR + 0x4C * tensor;
            for (offset, value) in
                [(0, address as u32), (4, (address >> 32) as u32), (0xC, 0x102), (0x10, 64), (0x14, 1)]
            {
                write(&mut chip, at + offset, value);
            }
        }
        for (number, value) in [(1, 0x1111), (2, value), (3, 0x3333)] {
            write(&mut chip, QUEUE_COPY + 0x690 + 4 * number, value);
        }
        [ARUSER, AWUSER].map(|at| write(&mut chip, at, 1 << 10));
        chip.register_write(router + 0x470, 1, Origin::Host);
        chip.register_write(router + 0x4C0, PAGE, Origin::Host);
        chip.register_write(MMU + 0xC, 1, Origin::Host);
        chip.register_write(base(N) + EXECUTE, 1, QUEUE);
        finish(&mut chip);
        let mut word = [0; 4];
        chip.physical_read(PAGE.into(), &mut word, Origin::Host).expect("DRAM");
        assert_eq!(u32::from_le_bytes(word), 0x1111, "{change} {register:#x}");
        assert_eq!((read(&mut chip, INTR_CAUSE), signals(&mut chip)), (Cause::HbwWrite.bit(), 0), "{change}");
    }
}
