// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a kernel that means harm reaches: memory that is not its user's, registers of the driver's, and the work of others.

use goya_tests::card::Card;
use goya_tests::device::{SRAM, SRAM_COMMANDS, chunk};
use goya_tests::packet::{CFG, Packets, SYNC_OBJECT};
use goya_tests::tpc::{
    COUNT_UP, ONE, Tensor, bytes, done, floats, forget_done, in_a_row, kernel, launch, launch_at, put_code,
    register, series,
};
use goya_tests::{Result, check, check_eq, kmsg, noise};
use goya_tpc_kernels::{Part, reference};
use goya_uapi::HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
use goya_uapi::goya_queue_id::{GOYA_QUEUE_ID_DMA_3, GOYA_QUEUE_ID_TPC0};

use super::debugfs;
use super::submit::settle;
use super::{Test, test};
use crate::child::UNMAPPED;

pub const TESTS: &[Test] = &[
    Test { seconds: 90, ..test("tpc.reach_memory", memory) },
    test("tpc.reach_registers", registers),
    test("tpc.reach_left_behind", left_behind),
    test("tpc.reach_local_left_behind", local_left_behind),
    test("tpc.reach_messages", messages),
    test("tpc.reach_monitors", monitors),
    test("tpc.reach_code", code),
    test("tpc.reach_own_code", own_code),
    test("tpc.reach_together", together),
];

/// Where the tests' code is ([`put_code`]).
const KERNEL: u64 = SRAM + 0x20_0000;
/// SRAM that the tests read back.
const PLACE: u64 = SRAM + 0x80_0000;
/// The end of SRAM, and where the host's memory begins, before translation.
const SRAM_END: u64 = 0x7F_F000_0000 + 0x32A_0000;
const HOST: u64 = 0x80_0000_0000;
/// The driver's part of DRAM, in which the MMU's tables are, ends here.
const DRIVERS_END: u64 = 0x2000_0000;
const TABLES: u64 = 0x1000_0000;

/// Index zero in I2, and the address of tensor 0's element there in AD1.
const POINT: &str = "set_indx I2, b11111, 0; nop; nop; nop\ngen_addr AD1, 0, I2; nop; nop; nop\n\
    nop; mov.i32 S1, 0x5a5a5a5a; nop; nop\nnop; nop; mov.i32 V1, 0x5a5a5a5a; nop\nnop\nnop\nnop\nnop\nnop\n";

/// All ways from a kernel to memory.
const WAYS: &[&str] = &[
    "ld_tnsr V2, 0, I2; nop; nop; nop",
    "ld_tnsr_low V2, 0, I2; nop; nop; nop",
    "ld_tnsr_high V2, 0, I2; nop; nop; nop",
    "ld_tnsr VP2, 0, I2; nop; nop; nop",
    "ld_g S5, AD1; nop; nop; nop",
    "ld_g V2, AD1; nop; nop; nop",
    "ld_g SP2, AD1; nop; nop; nop",
    "nop; nop; nop; st_tnsr 0, I2, V1",
    "nop; nop; nop; st_tnsr_low 0, I2, V1",
    "nop; nop; nop; st_tnsr_high 0, I2, V1",
    "nop; nop; nop; st_tnsr 0, I2, VP1",
    "nop; nop; nop; st_g AD1, S1",
    "nop; nop; nop; st_g AD1, SP0",
];

/// A kernel that goes one of the [`WAYS`], and halts.
fn program(way: &str) -> String {
    format!("{POINT}{way}\nhalt\nnop\nnop\nnop")
}

/// The step that has tensor 0 at `address`.
fn tensor_at(address: u64) -> Vec<(u32, u32)> {
    vec![(register::TENSOR_0, address as u32), (register::TENSOR_0 + 4, (address >> 32) as u32)]
}

/// For each of `addresses`, whether a kernel of `text` comes to its end with tensor 0, of 64 words, there.
fn ends(card: &Card, text: &str, addresses: &[u64]) -> Result<Vec<bool>> {
    put_code(card, text)?;
    let steps: Vec<_> = addresses.iter().map(|address| tensor_at(*address)).collect();
    series(card, 0, &[Tensor::new(0, 4, [64, 1, 1, 1, 1])], &steps, settle)
}

/// Lines in the log of kernels that fail.
pub fn expect_failures() -> Result {
    kmsg::expect("_krn_err")?;
    kmsg::expect("MMU page fault on va")
}

/// None of the ways leads to any of `addresses`.
fn closed(card: &Card, addresses: &[u64]) -> Result {
    expect_failures()?;
    for way in WAYS {
        let ends = ends(card, &program(way), addresses)?;
        let open = addresses.iter().zip(ends).find(|(_, ended)| *ended);
        check!(open.is_none(), "`{way}` reaches {:#x?}", open.map(|(address, _)| address));
    }
    Ok(())
}

/// The card is none the worse: a kernel computes what it should, on every core.
fn works(card: &Card) -> Result {
    put_code(card, kernel("add_f32")?.text)?;
    let sizes = [64, 16, 1, 1, 1];
    let all = in_a_row(&[sizes; 3]);
    let (a, b) = (floats(21, 64 * 16), floats(22, 64 * 16));
    card.put(all[0].place().address(), &bytes(&a))?;
    card.put(all[1].place().address(), &bytes(&b))?;
    for core in 0..goya_tests::tpc::CORES {
        forget_done(card)?;
        card.put(all[2].place().address(), &[0xEE; 64 * 16 * 4])?;
        let part = Part { offset: [0; 5], size: [1, 16, 1, 1, 1] };
        card.run_internal(GOYA_QUEUE_ID_TPC0 + core, &launch(&all, &[], part, COUNT_UP)?)?;
        settle(card, GOYA_QUEUE_ID_TPC0 + core)?;
        check_eq!(done(card)?, 1, format!("what core {core} says at the end"));
        let sum = card.get(all[2].place().address(), 64 * 16 * 4)?;
        check!(sum == bytes(&reference::add_f32(&a, &b)), "core {core} computes something else");
    }
    Ok(())
}

/// The same for whoever has the card next.
pub fn works_for_the_next() -> Result {
    works(&Card::open()?)
}

/// Memory of the driver's, of the host's, and none at all.
fn memory() -> Result {
    let card = Card::open()?;
    let (host, device) = (card.host_memory(0x2000)?, card.device_memory(2 << 20)?);
    let data = noise(31, 0x2000);
    host.memory.write(0, &data);
    let mine = device.device;
    // What is the user's is reached by all ways: these are no programs that fail anyway.
    for way in WAYS {
        let ends = ends(&card, &program(way), &[PLACE, mine, mine + (1 << 20) + 4])?;
        check_eq!(ends, [true; 3], format!("`{way}` to memory of the user's"));
    }
    closed(
        &card,
        &[
            0,
            TABLES,
            TABLES + 0x10_0000,
            DRIVERS_END - 0x100,
            DRIVERS_END - 4,
            SRAM_END,
            SRAM_END - 1,
            CFG - 0x1000,
            HOST,
            HOST + 0x10_0000,
            HOST - 1,
            host.device,
            host.device + 0x1000,
            UNMAPPED,
            1 << 50 | mine,
            1 << 63 | mine,
            u64::MAX - 3,
            u64::MAX - 0xFF,
        ],
    )?;
    check!(host.memory.read(0, 0x2000) == data, "a kernel has written to host memory");
    // The tables are as they were, too.
    let put = noise(32, 4096);
    card.put(mine, &put)?;
    check!(card.get(mine, 4096)? == put, "device memory is not where it was");
    drop((host, device));
    works(&card)
}

/// A register that only the driver may touch, as root sees it.
fn value(offset: u64) -> Result<String> {
    debugfs::write("addr", &format!("{:#x}", CFG + offset))?;
    debugfs::read("data32")
}

/// Registers that decide who reaches what, or that reset the card. The register walk has those of the cores.
const REGISTERS: &[(u64, &str)] = &[
    (0x48_000C, "the MMU's enable"),
    (0x49_0000, "the MMU's hop-0 update"),
    (0x49_0004, "the MMU's hop-0 table"),
    (0x4B_0000, "the DMA's ranges"),
    (0x40_000C, "rights of DMA queue 0"),
    (0x40_0060, "the ring of DMA queue 0"),
    (0x40_8020, "the address space of DMA queue 1"),
    (0x40_9000, "DMA channel 1"),
    (0xE0_0500, "the ranges of core 0's router"),
    (0xE4_0484, "the ranges of core 1's router"),
    (0xE0_6D18, "core 0's address space"),
    (0xE4_6D18, "core 1's address space"),
    (0xE4_800C, "rights of core 1's queue"),
    (0xC4_B474, "the resets"),
    (0x80_0040, "the device CPU's interrupts"),
    (0x44_2100, "the CPU queue"),
    (0xC0_2948, "the host's interrupts"),
];

fn registers() -> Result {
    let card = Card::open()?;
    let resets = card.resets()?;
    // Those that can be read without an effect.
    let kept = [0x48_000C, 0x4B_0000, 0x40_000C, 0x40_0060, 0xE0_0500, 0xE0_6D18, 0xE4_6D18, 0xE4_800C];
    let before = kept.iter().map(|offset| value(*offset)).collect::<Result<Vec<_>>>()?;
    let addresses: Vec<_> = REGISTERS.iter().map(|(offset, _)| CFG + offset).collect();
    closed(&card, &addresses)?;
    let after = kept.iter().map(|offset| value(*offset)).collect::<Result<Vec<_>>>()?;
    check_eq!(after, before, "registers of the driver's");
    check_eq!(card.resets()?, resets, "resets");
    works(&card)
}

/// Where the user before had his data, there is nothing of it.
fn left_behind() -> Result {
    const SIZE: u64 = 8 << 20;
    const STEP: u64 = 1 << 20;
    let secret = noise(41, 256);
    let before = {
        let card = Card::open()?;
        let device = card.device_memory(SIZE)?;
        for at in (0..SIZE).step_by(STEP as usize) {
            card.put(device.device + at, &secret)?;
        }
        card.put(PLACE, &secret)?;
        device.device
    };
    let card = Card::open()?;
    // A first submission switches to this user.
    card.run(1, &Packets::default().nop())?;
    // The kernel copies: tensor 0 is where the secret was, tensor 1 where it is looked at.
    let text = format!("{POINT}ld_tnsr V2, 0, I2; nop; nop; nop\nnop; nop; nop; st_tnsr 1, I2, V2\nhalt");
    put_code(&card, &text)?;
    let to = SRAM + 0x90_0000;
    let tensors = [0, to].map(|at| Tensor::new(at, 4, [64, 1, 1, 1, 1]));
    expect_failures()?;
    for from in (0..SIZE).step_by(STEP as usize).map(|at| before + at).chain([PLACE]) {
        card.put(to, &[0xEE; 256])?;
        // Whether it is told that nothing is there, or finds what stands for that.
        series(&card, 2, &tensors, &[tensor_at(from)], settle)?;
        check!(card.get(to, 256)? != secret, "what the user before had at {from:#x} can be read");
    }
    Ok(())
}

/// What a user leaves in the local memories of a core, the next one reads there, with both drivers: neither has a way to clear
/// them when the card changes hands (Documentation/tpc-security.rst). If one ever does, this is no longer so.
fn local_left_behind() -> Result {
    const CORE: u32 = 2;
    const FIRST: u32 = 0x400;
    const LAST: u32 = (80 << 10) - 256;
    const SCALAR: u32 = 0x3C;
    const WORD: u32 = 0x1EAF_1E55;
    let (from, to) = (PLACE, SRAM + 0x90_0000);
    let tensors = [from, to].map(|at| Tensor::new(at, 4, [128, 1, 1, 1, 1]));
    let pause = "nop\n".repeat(7);
    let begin = format!("{POINT}nop; mov.i32 S7, 0; nop; nop\n{pause}");
    let secret = noise(42, 256);
    {
        let card = Card::open()?;
        card.put(from, &secret)?;
        let keep = format!(
            "{begin}ld_tnsr V1, 0, I2; mov.i32 S3, {WORD:#x}; nop; nop\n{pause}\
             nop; nop; nop; st_l_v {FIRST:#x}, S7, V1\nnop; nop; nop; st_l_v {LAST:#x}, S7, V1\n\
             nop; nop; nop; st_l {SCALAR:#x}, S3\nhalt\nnop\nnop\nnop"
        );
        put_code(&card, &keep)?;
        check_eq!(series(&card, CORE, &tensors, &[Vec::new()], settle)?, [true], "the user before");
    }
    let card = Card::open()?;
    // A first submission switches to this user, and overwrites SRAM.
    card.run(1, &Packets::default().nop())?;
    for at in [FIRST, LAST] {
        let tell = format!(
            "{begin}ld_l_v V2, {at:#x}, S7; nop; nop; nop\nld_l S5, {SCALAR:#x}; nop; nop; nop\n{pause}\
             nop; nop; mov.i32 V3, S5; nop\nset_indx I3, b11111, 0; nop; nop; nop\n\
             set_indx I3, b00001, 64; nop; nop; nop\n{pause}\
             nop; nop; nop; st_tnsr 1, I2, V2\nnop\nnop; nop; nop; st_tnsr 1, I3, V3\nhalt\nnop\nnop\nnop"
        );
        put_code(&card, &tell)?;
        card.put(to, &[0xEE; 512])?;
        check_eq!(series(&card, CORE, &tensors, &[Vec::new()], settle)?, [true], "the user behind him");
        let told = card.get(to, 512)?;
        check!(told.starts_with(&secret), "vectors at {at:#x} were cleared between the users");
        check_eq!(told[256..], WORD.to_le_bytes().repeat(64), "scalars of the user before");
    }
    // Another core has memories of its own.
    series(&card, CORE + 1, &tensors, &[Vec::new()], settle)?;
    check!(!card.get(to, 512)?.starts_with(&secret), "core {} has what was left on core {CORE}", CORE + 1);
    Ok(())
}

/// The message at a kernel's end goes to sync objects and monitors, wherever its offset points.
fn messages() -> Result {
    let card = Card::open()?;
    put_code(&card, "halt")?;
    // Aligned ones only: what is not goes nowhere. All of the objects, then what is behind them.
    for operation in [0, 1 << 31] {
        let offsets = (0x800..0x8000_u32).step_by(0x3FC).chain([0xFFC, 0x1000, 0x23FC, 0x2400, 0x7FFC]);
        for offset in offsets.chain([1, 2, 3, 0x7FFF]) {
            let packets = launch(&[], &[], ONE, operation | offset << 16 | 1)?;
            card.run_internal(GOYA_QUEUE_ID_TPC0 + 1, &packets)?;
        }
    }
    settle(&card, GOYA_QUEUE_ID_TPC0 + 1)?;
    works(&card)
}

/// A monitor, which anybody may program, is no way to what its user does not reach himself.
fn monitors() -> Result {
    const OBJECT: u32 = 70;
    let card = Card::open()?;
    let (host, device) = (card.host_memory(0x1000)?, card.device_memory(2 << 20)?);
    let data = noise(51, 64);
    host.memory.write(0, &data);
    card.put(PLACE, &data)?;
    card.put(device.device, &data)?;
    let resets = card.resets()?;
    let kept = [0x48_000C, 0x40_000C, 0xE0_6D18, 0xE4_6D18, 0xE4_800C];
    let before = kept.iter().map(|offset| value(*offset)).collect::<Result<Vec<_>>>()?;
    let targets = [PLACE, device.device, host.device, TABLES, HOST + 0x1000, u64::MAX - 3].into_iter();
    let targets = targets.chain(REGISTERS.iter().map(|(offset, _)| CFG + offset));
    put_code(&card, "halt")?;
    for target in targets {
        let armed = Packets::default().sync_object(OBJECT, 0).monitor(41, OBJECT, 1, target, 0x5A5A_5A5A);
        card.run(3, &armed)?;
        // A kernel's end makes it fire.
        let message = 1 << 31 | (OBJECT * 4) << 16 | 1;
        card.run_internal(GOYA_QUEUE_ID_TPC0, &launch(&[], &[], ONE, message)?)?;
        settle(&card, GOYA_QUEUE_ID_TPC0)?;
        check_eq!(card.get(SYNC_OBJECT + 4 * u64::from(OBJECT), 4)?, [1, 0, 0, 0], "the sync object");
    }
    let after = kept.iter().map(|offset| value(*offset)).collect::<Result<Vec<_>>>()?;
    check_eq!(after, before, "registers of the driver's");
    check!(host.memory.read(0, 64) == data, "a monitor has written to host memory");
    check!(card.get(PLACE, 64)? == data, "a monitor has written to SRAM");
    check!(card.get(device.device, 64)? == data, "a monitor has written to DRAM");
    check_eq!(card.resets()?, resets, "resets");
    drop((host, device));
    works(&card)
}

/// Code that is where none of the user's memory is.
fn code() -> Result {
    let card = Card::open()?;
    let host = card.host_memory(0x1000)?;
    expect_failures()?;
    let halt = goya_tpc_isa::asm::assemble("halt").map_err(|e| format!("{e:?}"))?;
    host.memory.write(0, &halt.to_bytes());
    forget_done(&card)?;
    let places = [0, TABLES, DRIVERS_END - 32, SRAM_END, HOST, host.device, UNMAPPED, u64::MAX - 31];
    // A core's registers are the user's, so its code may be there, but none of them is an instruction.
    let registers = [CFG + 0xE0_6A00, CFG + 0xE0_6D18, CFG + 0x48_0000, CFG + 0x40_0000];
    for code in places.into_iter().chain(registers) {
        let packets = launch_at(code, &[], &[], ONE, COUNT_UP)?;
        card.run_internal(GOYA_QUEUE_ID_TPC0 + 5, &packets)?;
        settle(&card, GOYA_QUEUE_ID_TPC0 + 5)?;
        check_eq!(done(&card)?, 0, format!("kernels that ended with their code at {code:#x}"));
    }
    drop(host);
    works(&card)
}

/// A kernel overwrites the words that it executes; and the next one's code, which the core has to see.
fn own_code() -> Result {
    let card = Card::open()?;
    expect_failures()?;
    // Tensor 0 is the code from its eighth word on, tensor 1 what is put there: eight words, of which none makes sense.
    let text = format!(
        "{POINT}ld_tnsr V2, 1, I2; nop; nop; nop\nnop; nop; nop; st_tnsr 0, I2, V2\n\
         again: nop; jmpr again2; nop; nop\nnop\nnop\nnop\nagain2: halt\nnop\nnop\nnop\nnop\nnop"
    );
    let tensors = [KERNEL + 8 * 32, PLACE].map(|at| Tensor::new(at, 4, [64, 1, 1, 1, 1]));
    for (round, filling) in [0x00, 0xFF, 0x5A].into_iter().enumerate() {
        card.put(PLACE, &[filling; 256])?;
        put_code(&card, &text)?;
        // Whatever the core executes of it, the second launch finds what the first has left, and it is no program.
        let ends = series(&card, round as u32, &tensors, &[vec![], vec![]], settle)?;
        check!(!ends[1], "words of {filling:#x} were executed to an end");
    }
    // A kernel that writes another, which is `halt`.
    let halt = goya_tpc_isa::asm::assemble("halt\nnop\nnop\nnop\nnop\nnop\nnop\nnop");
    card.put(PLACE, &halt.map_err(|e| format!("{e:?}"))?.to_bytes())?;
    let next = SRAM + 0x28_0000;
    card.put(next, &[0; 256])?;
    put_code(
        &card,
        &format!("{POINT}ld_tnsr V2, 1, I2; nop; nop; nop\nnop; nop; nop; st_tnsr 0, I2, V2\nhalt"),
    )?;
    let tensors = [next, PLACE].map(|at| Tensor::new(at, 4, [64, 1, 1, 1, 1]));
    let code = |at: u64| vec![(register::CODE, at as u32), (register::CODE + 4, (at >> 32) as u32)];
    let ends = series(&card, 3, &tensors, &[code(next), code(KERNEL), code(next)], settle)?;
    check_eq!(ends, [false, true, true], "code that is none, what writes it, and it");
    works(&card)
}

/// Seven cores that each reach for something else again and again, while the eighth computes.
fn together() -> Result {
    const ROUNDS: usize = 12;
    let card = Card::open()?;
    expect_failures()?;
    let add = kernel("add_f32")?;
    let sizes = [64, 400, 1, 1, 1];
    let all = in_a_row(&[sizes; 3]);
    let (a, b) = (floats(61, 64 * 400), floats(62, 64 * 400));
    card.put(all[0].place().address(), &bytes(&a))?;
    card.put(all[1].place().address(), &bytes(&b))?;
    put_code(&card, add.text)?;
    forget_done(&card)?;
    let wrong = [TABLES, HOST, CFG + 0x48_000C, CFG + 0xE0_6D18, UNMAPPED, u64::MAX - 0xFFF, SRAM_END];
    let assembled = goya_tpc_isa::asm::assemble(&program("nop; nop; nop; st_tnsr 0, I2, V1"));
    let bad = KERNEL + 0x8_0000;
    card.put(bad, &assembled.map_err(|e| format!("{e:?}"))?.to_bytes())?;
    let part = Part { offset: [0; 5], size: [1, 400, 1, 1, 1] };
    let mut chunks = Vec::new();
    for core in 0..8 {
        let mut packets = Packets::default();
        for round in 0..ROUNDS {
            packets = match wrong.get((core as usize + round) % 7).filter(|_| core < 7) {
                Some(at) => packets.then(&launch_at(
                    bad,
                    &[Tensor::new(*at, 4, [64, 1, 1, 1, 1])],
                    &[],
                    ONE,
                    COUNT_UP,
                )?),
                None => packets.then(&launch(&all, &[], part, COUNT_UP)?),
            };
        }
        let at = SRAM_COMMANDS + u64::from(core) * 0x1_0000;
        card.put(at, packets.bytes())?;
        let flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
        chunks.push(chunk(at, GOYA_QUEUE_ID_TPC0 + core, packets.bytes().len(), flags));
    }
    let nop = card.job(GOYA_QUEUE_ID_DMA_3, &Packets::default().nop())?;
    chunks.push(nop.chunk);
    let seq = card.submit(&chunks, 0, 0).map_err(|e| e.to_string())?;
    card.finish(seq)?;
    (0..8).try_for_each(|core| settle(&card, GOYA_QUEUE_ID_TPC0 + core))?;
    check_eq!(done(&card)?, ROUNDS as u32, "kernels that have come to their end");
    let sum = card.get(all[2].place().address(), 64 * 400 * 4)?;
    check!(sum == bytes(&reference::add_f32(&a, &b)), "the core beside them computes something else");
    works(&card)
}
