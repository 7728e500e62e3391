// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_INFO`.

use goya_tests::card::Card;
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("info.hw_ip", hw_ip),
    test("info.idle", idle),
    test("info.status", status),
    test("info.small_and_null", small_and_null),
    test("info.counters", counters),
    test("info.clocks", clocks),
    test("info.time", time),
    test("info.power_and_energy", power_and_energy),
];

fn hw_ip() -> Result {
    let card = Card::open_control()?;
    let ip = card.hw_ip()?;
    check_eq!(ip.device_id, 1, "device id");
    check_eq!(ip.sram_base_address, 0x7F_F000_8000, "SRAM base");
    check_eq!(ip.sram_size, 0x32A_0000 - 0x8000, "SRAM size");
    check_eq!(ip.tpc_enabled_mask, 0xFF, "TPCs");
    check_eq!(ip.num_of_events, 1024, "events");
    check_eq!(ip.dram_enabled, 1, "DRAM");
    check_eq!(ip.dram_page_size, 2 << 20, "DRAM page size");
    check!(ip.dram_size >= 3 << 30 && ip.dram_size < 64 << 30, "DRAM size {:#x}", ip.dram_size);
    check_eq!(ip.revision_id, 1, "revision");
    check!(ip.card_name[0] != 0, "no card name");
    Ok(())
}

fn idle() -> Result {
    let idle = Card::open()?.hw_idle()?;
    check_eq!((idle.is_idle, idle.busy_engines_mask), (1, 0), "idle");
    Ok(())
}

fn status() -> Result {
    check_eq!(Card::open()?.status()?, hl_device_status::HL_DEVICE_STATUS_OPERATIONAL, "status");
    Ok(())
}

/// An answer is cut to what the caller has room for; no room at all is an error.
fn small_and_null() -> Result {
    let card = Card::open_control()?;
    let mut part = [0u64; 2];
    card.info(HL_INFO_HW_IP_INFO, &mut part).map_err(|e| e.to_string())?;
    check_eq!(part[0], 0x7F_F000_8000, "first field of a short answer");
    check_eq!(errno(card.info(HL_INFO_HW_IP_INFO, &mut ())), libc::EINVAL, "an answer of no bytes");
    Ok(())
}

fn counters() -> Result {
    let card = Card::open()?;
    let mut cs = hl_info_cs_counters::default();
    card.info(HL_INFO_CS_COUNTERS, &mut cs).map_err(|e| e.to_string())?;
    let mut sync = hl_info_sync_manager::default();
    card.info_of(HL_INFO_SYNC_MANAGER, 0, &mut sync).map_err(|e| e.to_string())?;
    let mut open = hl_open_stats_info::default();
    card.info(HL_INFO_OPEN_STATS, &mut open).map_err(|e| e.to_string())?;
    check!(open.open_counter > 0 && open.is_compute_ctx_active == 1, "open stats {:?}", open.open_counter);
    let mut dram = hl_info_dram_usage::default();
    card.info(HL_INFO_DRAM_USAGE, &mut dram).map_err(|e| e.to_string())?;
    check!(dram.dram_free_mem > 3 << 30 && dram.ctx_dram_mem == 0, "DRAM free {:#x}", dram.dram_free_mem);
    let mut pci = hl_info_pci_counters::default();
    card.info(HL_INFO_PCI_COUNTERS, &mut pci).map_err(|e| e.to_string())?;
    Ok(())
}

fn clocks() -> Result {
    let card = Card::open_control()?;
    let mut rate = hl_info_clk_rate::default();
    card.info(HL_INFO_CLK_RATE, &mut rate).map_err(|e| e.to_string())?;
    check!(rate.max_clk_rate_mhz > 0, "no clock: {} of {}", rate.cur_clk_rate_mhz, rate.max_clk_rate_mhz);
    let mut pll = hl_pll_frequency_info::default();
    card.info_of(HL_INFO_PLL_FREQUENCY, hl_goya_pll_index::HL_GOYA_PCI_PLL, &mut pll)
        .map_err(|e| e.to_string())?;
    check!(pll.output[1] > 0, "PCI PLL {:?}", pll.output);
    let mut throttle = hl_info_clk_throttle::default();
    card.info(HL_INFO_CLK_THROTTLE_REASON, &mut throttle).map_err(|e| e.to_string())?;
    Ok(())
}

/// The card's time stamp counter runs.
fn time() -> Result {
    let card = Card::open_control()?;
    let read = || {
        let mut sync = hl_info_time_sync::default();
        card.info(HL_INFO_TIME_SYNC, &mut sync).map_err(|e| e.to_string()).map(|()| sync)
    };
    let (a, b) = (read()?, read()?);
    check!(b.device_time > a.device_time, "device time {} then {}", a.device_time, b.device_time);
    check!(b.host_time > a.host_time, "host time {} then {}", a.host_time, b.host_time);
    Ok(())
}

fn power_and_energy() -> Result {
    let card = Card::open_control()?;
    let mut power = hl_power_info::default();
    card.info(HL_INFO_POWER, &mut power).map_err(|e| e.to_string())?;
    check!(power.power > 0, "no power");
    let mut energy = hl_info_energy::default();
    card.info(HL_INFO_TOTAL_ENERGY, &mut energy).map_err(|e| e.to_string())?;
    check!(energy.total_energy_consumption > 0, "no energy");
    Ok(())
}
