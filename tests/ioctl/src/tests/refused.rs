// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What Goya cannot do, and what nobody may: each with upstream's error.

use goya_tests::card::Card;
use goya_tests::packet::Packets;
use goya_tests::sys::{self, Mapping, errno};
use goya_tests::{Result, check_eq, kmsg};
use goya_uapi::*;

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("refused.kinds_of_submission", kinds_of_submission),
    test("refused.kinds_of_wait", kinds_of_wait),
    test("refused.kinds_of_memory", kinds_of_memory),
    test("refused.mapped_command_buffer", mapped_command_buffer),
    test("refused.padding", padding),
    test("refused.pointers", pointers),
    test("refused.unknown_operations", unknown_operations),
    test("refused.counted", counted),
];

/// Kinds that Goya lacks (`hl_cs_sanity_checks()`, `cs_ioctl_*()`).
fn kinds_of_submission() -> Result {
    let card = Card::open()?;
    for text in [
        "staged submission not supported",
        "Sync stream CS is not supported",
        "CS type flags are mutually exclusive",
        "does not support sync stream operations",
    ] {
        kmsg::expect(text)?;
    }
    let job = card.job(1, &Packets::default().nop())?;
    for (what, flags, error) in [
        ("staged", HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST, libc::EPERM),
        ("signal", HL_CS_FLAGS_SIGNAL, libc::EINVAL),
        ("wait", HL_CS_FLAGS_WAIT, libc::EINVAL),
        ("collective wait", HL_CS_FLAGS_COLLECTIVE_WAIT, libc::EINVAL),
        ("signal and wait", HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT, libc::EINVAL),
        ("reserve signals", HL_CS_FLAGS_RESERVE_SIGNALS_ONLY, libc::EINVAL),
        ("engines", HL_CS_FLAGS_ENGINES_COMMAND, libc::EPERM),
        ("flush", HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, libc::EOPNOTSUPP),
    ] {
        check_eq!(errno(card.submit(&[job.chunk], flags, 0)), error, what);
    }
    // And none of that has spoiled anything.
    card.run(1, &Packets::default().nop()).map(drop)
}

fn kinds_of_wait() -> Result {
    let card = Card::open()?;
    kmsg::expect("Wait for multi CS is not supported")?;
    kmsg::expect("no user interrupts allowed")?;
    check_eq!(errno(card.wait_flags(0, 0, HL_WAIT_CS_FLAGS_MULTI_CS)), libc::EPERM, "several submissions");
    check_eq!(errno(card.wait_flags(0, 0, HL_WAIT_CS_FLAGS_INTERRUPT)), libc::EPERM, "an interrupt");
    Ok(())
}

fn kinds_of_memory() -> Result {
    let card = Card::open()?;
    let block = card.memory(HL_MEM_OP_MAP_BLOCK, 0, |m| {
        m.__bindgen_anon_1.map_block =
            hl_mem_in__bindgen_ty_1__bindgen_ty_5 { block_addr: goya_tests::packet::CFG };
    });
    check_eq!(errno(block), libc::EPERM, "a register block");
    kmsg::expect("Num of elements exceeds Max allowed number")?;
    let stamps = |n: u32| card.memory(HL_MEM_OP_TS_ALLOC, 0, |m| m.num_of_elements = n);
    check_eq!(errno(stamps(TS_MAX_ELEMENTS_NUM + 1)), libc::EINVAL, "too many time stamps");
    Ok(())
}

/// The driver has no device addresses for command buffers.
fn mapped_command_buffer() -> Result {
    let card = Card::open()?;
    for text in [
        "Mapping a CB to the device's MMU is not supported",
        "CB: Failure in buffer alloc callback",
        "CB is not mapped to the device's MMU",
    ] {
        kmsg::expect(text)?;
    }
    let mut args = hl_cb_args::default();
    args.in_ = hl_cb_in { op: HL_CB_OP_CREATE, cb_size: 4096, flags: HL_CB_FLAGS_MAP, ..Default::default() };
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_CB, &mut args)), libc::ENOMEM, "a mapped command buffer");
    let handle = card.create_cb(4096).map_err(|e| e.to_string())?;
    args.in_ = hl_cb_in {
        op: HL_CB_OP_INFO,
        cb_handle: handle,
        flags: HL_CB_FLAGS_GET_DEVICE_VA,
        ..Default::default()
    };
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_CB, &mut args)), libc::EINVAL, "its device address");
    Ok(())
}

fn padding() -> Result {
    let card = Card::open()?;
    let mut status = hl_info_device_status::default();
    let mut args = hl_info_args {
        return_pointer: std::ptr::from_mut(&mut status) as u64,
        return_size: 8,
        op: HL_INFO_DEVICE_STATUS,
        pad: 1,
        ..Default::default()
    };
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_INFO, &mut args)), libc::EINVAL, "INFO");
    args.pad = 0;
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_INFO, &mut args)), 0, "INFO without");
    for at in 0..4 {
        let mut input = hl_cs_in::default();
        input.pad[at] = 1;
        check_eq!(errno(card.submit_input(input)), libc::EINVAL, format!("CS, byte {at}"));
    }
    Ok(())
}

/// Pointers to where nothing is.
fn pointers() -> Result {
    const NOWHERE: u64 = 0x1000;
    let card = Card::open()?;
    kmsg::expect("Failed to copy cs chunk array from user")?;
    let mut input = hl_cs_in { num_chunks_execute: 1, ..Default::default() };
    input.__bindgen_anon_1.__bindgen_anon_1.chunks_execute = NOWHERE;
    check_eq!(errno(card.submit_input(input)), libc::EFAULT, "CS");
    let mut args = hl_info_args {
        return_pointer: NOWHERE,
        return_size: 8,
        op: HL_INFO_DEVICE_STATUS,
        ..Default::default()
    };
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_INFO, &mut args)), libc::EFAULT, "INFO");
    args.return_pointer = 0;
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_INFO, &mut args)), libc::EINVAL, "INFO without a pointer");
    kmsg::expect("causes integer overflow")?;
    // Memory that is mapped to be read cannot be written by the card.
    let memory = Mapping::anonymous(4096).map_err(|e| e.to_string())?;
    check_eq!(
        errno(card.map_host_range(memory.address(), u64::MAX - 4096)),
        libc::EINVAL,
        "more than there can be"
    );
    Ok(())
}

fn unknown_operations() -> Result {
    let card = Card::open()?;
    for text in ["Unknown opcode for memory IOCTL", "Invalid request"] {
        kmsg::expect(text)?;
    }
    check_eq!(errno(card.memory(99, 0, |_| ())), libc::EINVAL, "MEMORY");
    let mut args = hl_cb_args::default();
    args.in_ = hl_cb_in { op: 99, ..Default::default() };
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_CB, &mut args)), libc::EINVAL, "CB");
    let mut args = hl_debug_args { op: 99, ..Default::default() };
    check_eq!(errno(sys::ioctl(&card, HL_IOCTL_DEBUG, &mut args)), libc::EINVAL, "DEBUG");
    let mut nothing = 0u64;
    check_eq!(
        errno(sys::ioctl(&card, HL_IOCTL_DEBUG + 1, &mut nothing)),
        libc::EINVAL,
        "an ioctl that is not"
    );
    Ok(())
}

/// Refusals are counted by their reason.
fn counted() -> Result {
    let card = Card::open()?;
    for text in ["Queue index", "User not allowed to use", "Failed to parse"] {
        kmsg::expect(text)?;
    }
    let counters = || {
        let mut counters = hl_info_cs_counters::default();
        card.info(HL_INFO_CS_COUNTERS, &mut counters).map_err(|e| e.to_string()).map(|()| counters)
    };
    let before = counters()?;
    let mut job = card.job(1, &Packets::default().nop())?;
    job.chunk.queue_index = 99;
    check_eq!(errno(card.submit(&[job.chunk], 0, 0)), libc::EINVAL, "a queue that is not");
    let stop = card.job(1, &Packets::default().stop())?;
    check_eq!(errno(card.submit(&[stop.chunk], 0, 0)), libc::EPERM, "a packet that is not the user's");
    let after = counters()?;
    let validation = (
        after.total_validation_drop_cnt - before.total_validation_drop_cnt,
        after.ctx_validation_drop_cnt - before.ctx_validation_drop_cnt,
    );
    let parsing = (
        after.total_parsing_drop_cnt - before.total_parsing_drop_cnt,
        after.ctx_parsing_drop_cnt - before.ctx_parsing_drop_cnt,
    );
    check_eq!((validation, parsing), ((1, 1), (1, 1)), "refusals by validation, by parsing");
    Ok(())
}
