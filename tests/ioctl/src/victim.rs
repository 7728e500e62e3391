// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A process that has the card, submits work which never ends when it is told to, and is killed by the
//! driver when that resets the card.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::Packets;
use goya_tests::sys::{Mapping, errno};
use goya_tests::{Result, check_eq};
use goya_uapi::{HL_CS_FLAGS_CUSTOM_TIMEOUT, hl_goya_dma_direction as direction};

/// Seconds that its work may take.
const TIMEOUT: u32 = 1;
/// A device address that is never mapped: behind the DRAM range, all of which has a default page.
pub const UNMAPPED: u64 = 0x30_0000_0000;
/// A device address of host memory that was mapped once.
pub const STALE: u64 = (1 << 48) + (3 << 30);

/// Submits to a queue: `nop1` to DMA queue 1, and so on; `fence2`; `fault3` reads where nothing is mapped,
/// `stale2` writes where nothing is mapped any more.
pub fn run(what: &str) -> ExitCode {
    match submit(what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started us may not listen any more.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn submit(what: &str) -> Result {
    let at = what.len().saturating_sub(1);
    let queue: u32 = what.get(at..).unwrap_or("").parse().map_err(|_| format!("no queue in {what:?}"))?;
    let card = Card::open()?;
    // A first submission, which switches the context, so that the second finds the card as it is.
    card.run(4, &Packets::default().nop())?;
    let packets = match &what[..at] {
        "nop" => Packets::default().nop(),
        "fence" => Packets::default().fence(0, 1, 1),
        "fault" => Packets::default().copy(direction::HL_DMA_DRAM_TO_SRAM, UNMAPPED, SRAM, 4096),
        "stale" => stale(&card, queue)?,
        _ => return Err(format!("unknown work {what:?}")),
    };
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
    let job = card.job(queue, &packets)?;
    let seq = card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, TIMEOUT).map_err(|e| e.to_string())?;
    check_eq!(errno(card.wait(seq, 60_000_000)), libc::ETIMEDOUT, "waiting for work that never ends");
    // The driver kills whoever has the card.
    std::thread::sleep(Duration::from_secs(60));
    Err("the driver let us live".into())
}

/// Uses memory at [`STALE`], so that the card knows it, and unmaps it; the packets that use it again.
fn stale(card: &Card, queue: u32) -> Result<Packets> {
    let packets = Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, SRAM, STALE, 64);
    let host = card.map_host_at(Mapping::anonymous(4096).map_err(|e| e.to_string())?, STALE)?;
    card.run(queue, &packets)?;
    drop(host);
    Ok(packets)
}
