// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A process that submits work which never ends, and that the driver kills when it resets the card.

use std::io::Write;
use std::process::ExitCode;

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::Packets;
use goya_uapi::{HL_CS_FLAGS_CUSTOM_TIMEOUT, hl_goya_dma_direction};

/// Seconds that its work may take.
const TIMEOUT: u32 = 2;

/// Submits to a queue: `nop1` to DMA queue 1, and so on; `fence2`; `fault3` reads where nothing is mapped.
pub fn run(what: &str) -> ExitCode {
    match submit(what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started us may not listen any more.
            let _ = writeln!(std::io::stdout(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn submit(what: &str) -> Result {
    let at = what.len().saturating_sub(1);
    let queue: u32 = what.get(at..).unwrap_or("").parse().map_err(|_| format!("no queue in {what:?}"))?;
    let packets = match &what[..at] {
        "nop" => Packets::default().nop(),
        "fence" => Packets::default().fence(0, 1, 1),
        "fault" => Packets::default().copy(hl_goya_dma_direction::HL_DMA_DRAM_TO_SRAM, UNMAPPED, SRAM, 4096),
        _ => return Err(format!("unknown work {what:?}")),
    };
    let card = Card::open()?;
    // A first submission, which switches the context, so that the second finds the card as it is.
    card.run(4, &Packets::default().nop())?;
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
    let job = card.job(queue, &packets)?;
    let seq = card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, TIMEOUT).map_err(|e| e.to_string())?;
    let waited = card.wait(seq, 60_000_000).map_err(|e| e.to_string())?;
    Err(format!("the work ended: {waited:?}"))
}

/// A device address that is never mapped: behind the DRAM range, all of which has a default page.
pub const UNMAPPED: u64 = 0x30_0000_0000;
