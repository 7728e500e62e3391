// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is asked for `goyactl info`, and of whom. What no Goya firmware knows is not asked: drivers tell the log of such questions.

use goya::info::text;
use goya::{Card, Control, Info};
use serde_json::{Value, json};

use super::section::Section;
use crate::system::{engines, holders, hwmon, sysfs};

/// Attributes of the driver in sysfs, beside those that only write, or that a section has by another way.
const ATTRIBUTES: [&str; 21] = [
    "device_type",
    "module_id",
    "parent_device",
    "status",
    "security_enabled",
    "preboot_btl_ver",
    "uboot_ver",
    "fw_os_ver",
    "cpucp_kernel_ver",
    "cpucp_ver",
    "fuse_ver",
    "thermal_ver",
    "cpld_ver",
    "infineon_ver",
    "pm_mng_profile",
    "high_pll",
    "mme_clk",
    "tpc_clk",
    "ic_clk",
    "max_power",
    "vrm_ver",
];
/// PLLs, by `hl_goya_pll_index`.
const PLLS: [&str; 7] = ["cpu", "ic", "mc", "mme", "pci", "emmc", "tpc"];

/// Everything.
pub fn all(card: &Card, control: &Control) -> Vec<Section> {
    let info = control.info();
    vec![
        of_card(card, info),
        memory(info),
        engines(info),
        clocks(info),
        power(info),
        sensors(card),
        link(card, info),
        resets(card, info),
        submissions(info),
        events(info),
        records(info),
        attributes(card),
        users(card, info),
    ]
}

fn of_card(card: &Card, info: Info<'_>) -> Section {
    Section::new("card")
        .fact("node", card.compute_node().display().to_string())
        .fact("control_node", card.control_node().display().to_string())
        .fact("pci", card.pci_address())
        .fact("driver", card.driver())
        .fact("serial", sysfs::serial(card))
        .fact("status", info.status().map_or(Value::Null, |status| status.to_string().into()))
        .facts(
            &info.hardware(),
            &[
                ("name", |h| text(&h.card_name).into()),
                ("firmware", |h| text(&h.cpucp_version).into()),
                ("device_id", |h| format!("{:#06x}", h.device_id).into()),
                ("revision", |h| h.revision_id.into()),
                ("module_id", |h| h.module_id.into()),
                ("cpld_version", |h| h.cpld_version.into()),
                ("security_enabled", |h| (h.security_enabled != 0).into()),
            ],
        )
}

fn memory(info: Info<'_>) -> Section {
    Section::new("memory")
        .facts(
            &info.hardware(),
            &[
                ("dram_enabled", |h| (h.dram_enabled != 0).into()),
                ("dram_bytes", |h| h.dram_size.into()),
                ("dram_start_address", |h| h.dram_base_address.into()),
                ("dram_page_bytes", |h| h.dram_page_size.into()),
                ("dram_reserved_bytes", |h| h.reserved_dram_size.into()),
                ("sram_bytes", |h| h.sram_size.into()),
                ("sram_start_address", |h| h.sram_base_address.into()),
            ],
        )
        .facts(&info.dram_usage(), &[("dram_free_bytes", |usage| usage.dram_free_mem.into())])
        .facts(&info.page_sizes(), &[("page_sizes_mask", |mask| (*mask).into())])
}

fn engines(info: Info<'_>) -> Section {
    Section::new("engines")
        .facts(
            &info.hardware(),
            &[
                ("tpc_enabled_mask", |h| h.tpc_enabled_mask_ext.into()),
                ("mme_master_slave", |h| (h.mme_master_slave_mode != 0).into()),
            ],
        )
        .facts(
            &info.idle(),
            &[
                ("idle", |idle| (idle.is_idle != 0).into()),
                ("busy_engines", |idle| json!(engines::busy(idle.busy_engines_mask_ext[0]))),
            ],
        )
        .facts(&info.utilization(), &[("utilization_percent", |load| (*load).into())])
        .facts(
            &info.sync_manager(),
            &[
                ("first_sync_object", |sync| sync.first_available_sync_object.into()),
                ("first_monitor", |sync| sync.first_available_monitor.into()),
            ],
        )
}

fn clocks(info: Info<'_>) -> Section {
    let section = Section::new("clocks")
        .facts(
            &info.clock_rate(),
            &[
                ("current_mhz", |clock| clock.cur_clk_rate_mhz.into()),
                ("highest_mhz", |clock| clock.max_clk_rate_mhz.into()),
            ],
        )
        .facts(
            &info.throttling(),
            &[
                ("slow_for_power", |t| (t.clk_throttling_reason & 1 != 0).into()),
                ("slow_for_heat", |t| (t.clk_throttling_reason & 2 != 0).into()),
                ("slow_for_power_ns", |t| t.clk_throttling_duration_ns[0].into()),
                ("slow_for_heat_ns", |t| t.clk_throttling_duration_ns[1].into()),
            ],
        )
        .facts(
            &info.time_sync(),
            &[("card_time", |time| time.device_time.into()), ("host_time_ns", |time| time.host_time.into())],
        );
    (0u32..).zip(PLLS).fold(section, |section, (index, pll)| {
        let outputs = info.pll(index).map_or(Value::Null, |outputs| json!(outputs));
        section.fact(&format!("pll_{pll}"), outputs)
    })
}

fn power(info: Info<'_>) -> Section {
    Section::new("power")
        .facts(&info.power(), &[("power_mw", |power| (*power).into())])
        .facts(&info.energy(), &[("energy_mj", |energy| (*energy).into())])
}

fn sensors(card: &Card) -> Section {
    hwmon::sensors(card).iter().fold(Section::new("sensors"), |section, sensor| {
        let mut section = section.fact(&sensor.name, sensor.input.map(|n| hwmon::human(n, sensor.unit)));
        for (what, value) in [("highest", sensor.highest), ("max", sensor.max), ("crit", sensor.crit)] {
            if let Some(value) = value {
                section = section.fact(&format!("{}_{what}", sensor.name), hwmon::human(value, sensor.unit));
            }
        }
        section
    })
}

fn link(card: &Card, info: Info<'_>) -> Section {
    let attributes =
        ["current_link_speed", "current_link_width", "max_link_speed", "max_link_width", "numa_node"];
    attributes
        .into_iter()
        .fold(Section::new("link"), |section, name| section.fact(name, sysfs::attribute(card, name)))
        .facts(
            &info.pci_counters(),
            &[
                ("received", |pci| pci.rx_throughput.into()),
                ("sent", |pci| pci.tx_throughput.into()),
                ("replays", |pci| pci.replay_cnt.into()),
            ],
        )
}

fn resets(card: &Card, info: Info<'_>) -> Section {
    Section::new("resets")
        .facts(
            &info.resets(),
            &[
                ("hard", |resets| resets.hard_reset_cnt.into()),
                ("soft", |resets| resets.soft_reset_cnt.into()),
            ],
        )
        .fact("reset_method", sysfs::attribute(card, "reset_method"))
}

fn submissions(info: Info<'_>) -> Section {
    Section::new("refused_submissions").facts(
        &info.refused(),
        &[
            ("out_of_memory", |n| n.total_out_of_mem_drop_cnt.into()),
            ("wrong_packets", |n| n.total_parsing_drop_cnt.into()),
            ("queue_full", |n| n.total_queue_full_drop_cnt.into()),
            ("in_reset", |n| n.total_device_in_reset_drop_cnt.into()),
            ("too_many", |n| n.total_max_cs_in_flight_drop_cnt.into()),
            ("not_valid", |n| n.total_validation_drop_cnt.into()),
        ],
    )
}

/// Events that came, each as its number and how often.
fn events(info: Info<'_>) -> Section {
    let seen = |counts: &Vec<u32>| {
        let seen = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        json!(seen.map(|(number, count)| format!("{number}: {count}")).collect::<Vec<_>>())
    };
    Section::new("events")
        .fact("since_reset", info.events().as_ref().map_or(Value::Null, seen))
        .fact("since_loaded", info.events_ever().as_ref().map_or(Value::Null, seen))
}

/// The first errors since the card was opened last.
fn records(info: Info<'_>) -> Section {
    Section::new("first_errors")
        .facts(&info.last_open(), &[("since_ns", |time| (*time).into())])
        .facts(
            &info.cs_timeout(),
            &[("late_submission", |record| record.as_ref().map_or(json!("none"), |r| r.seq.into()))],
        )
        .facts(
            &info.page_fault(),
            &[("page_fault", |record| {
                record.as_ref().map_or(json!("none"), |r| format!("{:#x}", r.addr).into())
            })],
        )
        .facts(
            &info.firmware_error(),
            &[("firmware_error_event", |record| {
                record.as_ref().map_or(json!("none"), |r| r.event_id.into())
            })],
        )
}

fn attributes(card: &Card) -> Section {
    ATTRIBUTES.iter().fold(Section::new("attributes"), |section, name| match sysfs::attribute(card, name) {
        Some(value) => section.fact(name, value),
        None => section,
    })
}

fn users(card: &Card, info: Info<'_>) -> Section {
    let users = holders::all(card).into_iter().map(|holder| {
        let node = if holder.compute { "card" } else { "questions" };
        format!("{} ({}, {node})", holder.command, holder.pid)
    });
    Section::new("users").fact("processes", json!(users.collect::<Vec<_>>())).facts(
        &info.open_stats(),
        &[
            ("in_use", |stats| (stats.is_compute_ctx_active != 0).into()),
            ("being_closed", |stats| (stats.compute_ctx_in_release != 0).into()),
            ("opens", |stats| stats.open_counter.into()),
            ("last_use_ms", |stats| stats.last_open_period_ms.into()),
        ],
    )
}
