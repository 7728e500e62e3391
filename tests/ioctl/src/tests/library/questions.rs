// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Every question about a card, on both nodes.

use goya::info::{FirmwareRequest, text};
use goya::{Card, Control, Info, Status};
use goya_tests::nodes::Nodes;
use goya_tests::{Result, check, check_eq, kmsg};

use super::{card, open, told};

pub(super) fn cards() -> Result {
    let (card, nodes) = (card()?, Nodes::chosen());
    check_eq!(card.compute_node().display().to_string(), nodes.compute(), "the compute node");
    check_eq!(card.control_node().display().to_string(), nodes.control(), "the control node");
    check_eq!(told(Card::find(card.pci_address()))?, card, "the card at its address");
    check_eq!(told(Card::find(&nodes.compute()))?, card, "the card of its node");
    check_eq!(goya::cards().len(), Nodes::all().len(), "cards");
    check!(card.driver().is_some() && card.sysfs().join("status").exists(), "{card:?} in sysfs");
    let none = Card::find("nothing").err().map(|e| e.to_string()).unwrap_or_default();
    check!(none.contains(card.pci_address()), "what there is instead: {none}");
    check!(Card::nth(99).is_err(), "the hundredth card");
    Ok(())
}

pub(super) fn questions() -> Result {
    for text in ["rows info pkt, error -5", "Failed to handle CPU-CP pkt", "generic fw pkt"] {
        kmsg::expect(text)?;
    }
    let device = open()?;
    answers(device.info()).map_err(|e| format!("the compute node: {e}"))?;
    let control = told(Control::open(&card()?))?;
    answers(control.info()).map_err(|e| format!("the control node: {e}"))
}

fn answers(info: Info<'_>) -> Result {
    let hardware = told(info.hardware())?;
    check_eq!(hardware.sram_base_address, goya::SRAM.start, "SRAM");
    check_eq!(u64::from(hardware.sram_size), goya::SRAM.end - goya::SRAM.start, "bytes of SRAM");
    check_eq!(hardware.dram_base_address, goya::DRAM.start, "DRAM");
    check!(!text(&hardware.card_name).is_empty(), "no name");
    check_eq!(told(info.status())?, Status::Operational, "status");
    check_eq!((told(info.events())?.len(), told(info.events_ever())?.len()), (1024, 1024), "events");
    check!(told(info.dram_usage())?.dram_free_mem > 0, "no memory");
    told(info.idle())?;
    check!(told(info.utilization())? <= 100, "load");
    let clock = told(info.clock_rate())?;
    check!(clock.cur_clk_rate_mhz > 0 && clock.cur_clk_rate_mhz <= clock.max_clk_rate_mhz, "{clock:?}");
    told(info.resets())?;
    let (one, two) = (told(info.time_sync())?, told(info.time_sync())?);
    check!(one.host_time < two.host_time && one.device_time < two.device_time, "{one:?}, {two:?}");
    told(info.refused())?;
    told(info.pci_counters())?;
    told(info.throttling())?;
    check_eq!(told(info.sync_manager())?.first_available_cq, 0xFFFF, "completion queues");
    told(info.energy())?;
    check!(told(info.power())? > 0, "no power");
    check!(
        told(info.pll(goya_uapi::hl_goya_pll_index::HL_GOYA_TPC_PLL))?.iter().any(|mhz| *mhz > 0),
        "a PLL"
    );
    check_eq!(told(info.open_stats())?.is_compute_ctx_active, 1, "users");
    check!(told(info.last_open())? > 0, "the last open");
    check_eq!(told(info.page_sizes())?, 0, "page sizes");
    let text = told(info.engine_status())?;
    check!(text.contains("TPC") && text.lines().count() > 10, "engines: {text}");
    // Records of errors that there were none of.
    check!(told(info.cs_timeout())?.is_none() && told(info.razwi())?.is_none(), "records");
    check!(told(info.undefined_opcode())?.is_none() && told(info.page_fault())?.is_none(), "records");
    check!(told(info.page_fault_mappings())?.is_empty() && told(info.hardware_error())?.is_none(), "records");
    check!(told(info.firmware_error())?.is_none() && told(info.engine_error())?.is_none(), "records");
    // What Goya's firmware does not know.
    let unknown = [
        info.replaced_rows().map(drop),
        info.pending_rows().map(drop),
        info.attestation(1).map(drop),
        info.signed(1).map(drop),
        info.firmware_request(FirmwareRequest::Versions, &mut [0; 64]),
    ];
    for (n, result) in unknown.into_iter().enumerate() {
        let error = result.err().ok_or_else(|| format!("unknown question {n} was answered"))?;
        check_eq!(error.errno(), libc::EIO, format!("unknown question {n}"));
        check!(error.to_string().contains("does not know"), "unknown question {n}: {error}");
    }
    Ok(())
}
