// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The rest of `HL_IOCTL_INFO`: load, tables, error records, and who may ask when.

use std::fs::File;

use goya_tests::card::Card;
use goya_tests::device::SRAM_COMMANDS;
use goya_tests::events;
use goya_tests::packet::{Packets, dma_fence};
use goya_tests::sys::{self, errno};
use goya_tests::{Result, check, check_eq, kmsg};
use goya_uapi::*;

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("info.utilization", utilization),
    test("info.engine_table", engine_table),
    test("info.busy_engine", busy_engine),
    test("info.open_stats", open_stats),
    test("info.event_counters", event_counters),
    test("info.error_records", error_records),
    test("info.sync_manager", sync_manager),
    test("info.page_sizes", page_sizes),
    test("info.every_pll", every_pll),
    test("info.longer_structure", longer_structure),
];

fn utilization() -> Result {
    let mut load = hl_info_device_utilization::default();
    Card::open_control()?.info_of(HL_INFO_DEVICE_UTILIZATION, 100, &mut load).map_err(|e| e.to_string())?;
    check!(load.utilization <= 100, "{} %", load.utilization);
    Ok(())
}

/// A line for each engine.
fn engine_table() -> Result {
    let card = Card::open_control()?;
    let mut text = vec![0u8; 16 << 10];
    let ask = |text: &mut [u8]| {
        let mut args = hl_info_args {
            return_pointer: text.as_mut_ptr() as u64,
            return_size: text.len() as u32,
            op: HL_INFO_ENGINE_STATUS,
            ..Default::default()
        };
        sys::ioctl(&card, HL_IOCTL_INFO, &mut args)?;
        // SAFETY: all readings of the union are the same four bytes.
        Ok(unsafe { args.__bindgen_anon_1.user_buffer_actual_size })
    };
    let len = ask(&mut text).map_err(|e: std::io::Error| e.to_string())?;
    let table =
        String::from_utf8_lossy(text.get(..len as usize).ok_or("longer than the buffer")?).into_owned();
    let rows = table.lines().filter(|l| l.split_whitespace().nth(1) == Some("Y")).count();
    check_eq!(rows, 14, format!("idle engines in {table:?}"));
    check_eq!(errno(ask(&mut [0; 1023])), libc::EINVAL, "too little room");
    Ok(())
}

/// An engine at work is seen to be, by its bit; an internal one as well.
fn busy_engine() -> Result {
    let card = Card::open()?;
    let idle = || card.hw_idle();
    let waiting = |object, fence| Packets::default().monitor(9, object, 1, fence, 1).fence(0, 1, 1);
    let job = card.job(4, &waiting(9, dma_fence(4, 0)))?;
    let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    card.poll("a busy DMA queue", |_| {
        Ok(idle()?.busy_engines_mask == 1 << goya_engine_id::GOYA_ENGINE_ID_DMA_4)
    })?;
    check_eq!(idle()?.is_idle, 0, "idle");
    card.run(1, &Packets::default().sync_object(9, 1))?;
    card.finish(seq)?;
    let packets = waiting(10, goya_tests::packet::tpc_fence(5, 0));
    card.submit_internal(goya_queue_id::GOYA_QUEUE_ID_TPC5, &packets, SRAM_COMMANDS, 0, 0)?;
    card.poll("a busy TPC", |_| {
        Ok(idle()?.busy_engines_mask_ext[0] == 1 << goya_engine_id::GOYA_ENGINE_ID_TPC_5)
    })?;
    card.run(1, &Packets::default().sync_object(10, 1))?;
    card.poll("an idle card", |_| Ok(idle()?.is_idle == 1))
}

/// Memory of the card as a dma-buf, if the window reaches it.
fn export(card: &Card) -> Result<Option<File>> {
    let memory =
        card.alloc(2 << 20, 0).and_then(|handle| card.map_device(handle)).map_err(|e| e.to_string())?;
    let fd = card.memory(HL_MEM_OP_EXPORT_DMABUF_FD, libc::O_CLOEXEC as u32, |m| {
        m.__bindgen_anon_1.export_dmabuf_fd =
            hl_mem_in__bindgen_ty_1__bindgen_ty_7 { addr: memory, mem_size: 4096, offset: 0 };
    });
    match fd {
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => Ok(None),
        fd => {
            events::adopt(fd.map_err(|e| format!("export: {e}"))? as i32).map(Some).map_err(|e| e.to_string())
        }
    }
}

fn open_stats() -> Result {
    let control = Card::open_control()?;
    control.wait_unused()?;
    let stats = || {
        let mut stats = hl_open_stats_info::default();
        control.info(HL_INFO_OPEN_STATS, &mut stats).map_err(|e| e.to_string()).map(|()| stats)
    };
    let before = stats()?;
    let card = Card::open()?;
    let during = stats()?;
    check_eq!(
        (during.open_counter, during.is_compute_ctx_active),
        (before.open_counter + 1, 1),
        "while open"
    );
    std::thread::sleep(std::time::Duration::from_millis(60));
    drop(card);
    control.wait_unused()?;
    let after = stats()?;
    check_eq!(after.open_counter, during.open_counter, "times it was opened");
    // What is exported is its user's, who is not quite gone.
    let card = Card::open()?;
    if let Some(file) = export(&card)? {
        drop(card);
        let left = stats()?;
        check_eq!((left.is_compute_ctx_active, left.compute_ctx_in_release), (1, 0), "closed with an export");
        drop(file);
        control.wait_unused()?;
    }
    check!(after.last_open_period_ms >= 50, "it was open for {} ms", after.last_open_period_ms);
    Ok(())
}

/// The counters since the last reset are never more than those since the driver was loaded.
fn event_counters() -> Result {
    let card = Card::open_control()?;
    let count = card.hw_ip()?.num_of_events as usize;
    let ask = |op| {
        let mut counts = vec![0u32; count];
        let mut args = hl_info_args {
            return_pointer: counts.as_mut_ptr() as u64,
            return_size: (count * 4) as u32,
            op,
            ..Default::default()
        };
        sys::ioctl(&card, HL_IOCTL_INFO, &mut args).map_err(|e| e.to_string()).map(|()| counts)
    };
    let (since_reset, since_load) = (ask(HL_INFO_HW_EVENTS)?, ask(HL_INFO_HW_EVENTS_AGGREGATE)?);
    for (id, (a, b)) in since_reset.iter().zip(&since_load).enumerate() {
        check!(a <= b, "event {id}: {a} since the last reset, {b} since the driver was loaded");
    }
    Ok(())
}

/// A new user finds no errors but the time at which he came.
fn error_records() -> Result {
    let card = Card::open()?;
    let mut opened = hl_info_last_err_open_dev_time::default();
    card.info(HL_INFO_LAST_ERR_OPEN_DEV_TIME, &mut opened).map_err(|e| e.to_string())?;
    check!(opened.timestamp > 0, "opened at {}", opened.timestamp);
    let mut opcode = hl_info_undefined_opcode_event::default();
    card.info(HL_INFO_UNDEFINED_OPCODE_EVENT, &mut opcode).map_err(|e| e.to_string())?;
    check_eq!(opcode.timestamp, 0, "an undefined opcode");
    let (mut hw, mut fw) = (hl_info_hw_err_event::default(), hl_info_fw_err_event::default());
    let mut fault = hl_page_fault_info::default();
    card.info(HL_INFO_HW_ERR_EVENT, &mut hw).map_err(|e| e.to_string())?;
    card.info(HL_INFO_FW_ERR_EVENT, &mut fw).map_err(|e| e.to_string())?;
    card.info(HL_INFO_PAGE_FAULT_EVENT, &mut fault).map_err(|e| e.to_string())?;
    check_eq!((hw.timestamp, fw.timestamp, fault.timestamp), (0, 0, 0), "errors");
    let mut mappings = [hl_user_mapping::default(); 4];
    card.info(HL_INFO_USER_MAPPINGS, &mut mappings).map_err(|e| e.to_string())
}

fn sync_manager() -> Result {
    let card = Card::open_control()?;
    for part in 0..8 {
        let mut first = hl_info_sync_manager { first_available_cq: 1, ..Default::default() };
        card.info_of(HL_INFO_SYNC_MANAGER, part, &mut first).map_err(|e| e.to_string())?;
        let numbers =
            (first.first_available_sync_object, first.first_available_monitor, first.first_available_cq);
        check_eq!(numbers, (0, 0, 0xFFFF), format!("first sync object, monitor, queue of part {part}"));
    }
    let mut none = hl_info_sync_manager::default();
    check_eq!(errno(card.info_of(HL_INFO_SYNC_MANAGER, 8, &mut none)), libc::EINVAL, "a part that is not");
    Ok(())
}

/// Goya has one size of pages, and no choice to tell of.
fn page_sizes() -> Result {
    let card = Card::open_control()?;
    let mut sizes = hl_info_dev_memalloc_page_sizes { page_order_bitmask: 1 };
    card.info(HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES, &mut sizes).map_err(|e| e.to_string())?;
    check_eq!(sizes.page_order_bitmask, 0, "a choice of pages");
    check_eq!(card.hw_ip()?.device_mem_alloc_default_page_size, 2 << 20, "the page");
    Ok(())
}

fn every_pll() -> Result {
    let card = Card::open_control()?;
    kmsg::expect("Failed to get PLL")?;
    for pll in 0..hl_goya_pll_index::HL_GOYA_PLL_MAX {
        let mut info = hl_pll_frequency_info::default();
        card.info_of(HL_INFO_PLL_FREQUENCY, pll, &mut info).map_err(|e| format!("PLL {pll}: {e}"))?;
        check!(info.output.iter().any(|f| *f > 0), "PLL {pll}: {:?}", info.output);
    }
    Ok(())
}

/// A program with a longer structure than the driver's finds the rest as it was.
fn longer_structure() -> Result {
    let mut status = [0xAAAA_AAAAu32; 8];
    Card::open_control()?.info(HL_INFO_DEVICE_STATUS, &mut status).map_err(|e| e.to_string())?;
    check_eq!(status[..2], [0, 0], "the structure");
    check!(status[2..].iter().all(|w| *w == 0xAAAA_AAAA), "what is behind it was written: {status:x?}");
    Ok(())
}
