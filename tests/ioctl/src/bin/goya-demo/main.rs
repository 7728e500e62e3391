// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-demo`: shows a person that the card works.

mod image;
mod kernels;
mod options;
mod timeline;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use goya_tests::advice::advice;
use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::Packets;
use goya_tests::{Result, noise};
use goya_uapi::goya_queue_id;
use goya_uapi::hl_goya_dma_direction as direction;
use options::Options;

struct Colours(bool);

impl Colours {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn verdict(&self, good: bool) -> String {
        if good { self.paint("32", "ok") } else { self.paint("31", "FAILED") }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let colours = match std::env::var("GOYA_COLOR").as_deref() {
        Ok("always") => true,
        Ok("never") => false,
        _ => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    match show(&options, &Colours(colours)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("goya-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

/// What the kernel says of itself.
fn kernel(what: &str) -> String {
    let said = std::fs::read_to_string(format!("/proc/sys/kernel/{what}"));
    said.map_or_else(|_| "unknown".to_owned(), |said| said.trim().to_owned())
}

fn show(options: &Options, colours: &Colours) -> Result<bool> {
    let card = Card::open().map_err(|error| format!("{error}\n{}", advice()))?;
    let ip = card.hw_ip()?;
    println!("{}", colours.paint("1", "The kernel"));
    println!("  release    {}", kernel("osrelease"));
    println!("  build      {}", kernel("version"));
    println!("\n{}", colours.paint("1", "The card"));
    println!("  name       {}", text(&ip.card_name));
    println!("  firmware   {}", text(&ip.cpucp_version));
    println!("  DRAM       {} MiB for users, from {:#x}", ip.dram_size >> 20, ip.dram_base_address);
    println!("  SRAM       {} KiB for users, from {:#x}", ip.sram_size >> 10, ip.sram_base_address);
    println!("  TPCs       {}", ip.tpc_enabled_mask.count_ones());
    let queues = queues(&card, colours)?;
    let moved = data(&card, colours)?;
    let computed = kernels::show(&card, colours)?;
    // What follows is the library's, which opens the card by itself.
    drop(card);
    let changed = image::show(options, colours)?;
    Ok(queues && moved && computed && changed)
}

/// A job on each queue writes a word into SRAM, which is read back.
fn queues(card: &Card, colours: &Colours) -> Result<bool> {
    println!("\n{}", colours.paint("1", "A job on each queue"));
    println!("  {:<8}{:>14}{:>14}{:>12}", "queue", "wrote", "read back", "time");
    let mut good = true;
    let external = (0..5).map(|n| (format!("dma{n}"), n, false));
    let mme = [("mme".to_owned(), goya_queue_id::GOYA_QUEUE_ID_MME, true)];
    let tpcs = (0..8).map(|n| (format!("tpc{n}"), goya_queue_id::GOYA_QUEUE_ID_TPC0 + n, true));
    for (name, queue, internal) in external.chain(mme).chain(tpcs) {
        let (at, value) = (SRAM + u64::from(queue) * 64, 0x600D_0000 + queue);
        let packets = Packets::default().msg_long(at, value);
        let start = Instant::now();
        if internal {
            card.run_internal(queue, &packets)?;
            let engine = 1 << (5 + queue - goya_queue_id::GOYA_QUEUE_ID_MME);
            card.poll("an idle engine", |card| Ok(card.hw_idle()?.busy_engines_mask & engine == 0))?;
        } else {
            card.run(queue, &packets)?;
        }
        let time = start.elapsed();
        let got = card.get(at, 4)?;
        let got = u32::from_le_bytes([got[0], got[1], got[2], got[3]]);
        good &= got == value;
        let verdict = colours.verdict(got == value);
        println!("  {name:<8}{value:>#14x}{got:>#14x}{:>9} us  {verdict}", time.as_micros());
    }
    Ok(good)
}

/// Host to DRAM to SRAM to host, through the MMU.
fn data(card: &Card, colours: &Colours) -> Result<bool> {
    // An ordinary user may not lock so much memory: then it is less.
    let all = |size| Ok((size, card.host_memory(size)?, card.host_memory(size)?));
    let (size, source, target) = all(16 << 20).or_else(|_: String| all(2 << 20))?;
    let dram = card.device_memory(size as u64)?;
    let mib = size >> 20;
    println!("\n{}", colours.paint("1", &format!("{mib} MiB from the host to DRAM to SRAM and back")));
    let data = noise(2026, size);
    source.memory.write(0, &data);
    let sram = SRAM + 0x10_0000;
    let steps = [
        ("host to DRAM", 1, direction::HL_DMA_HOST_TO_DRAM, source.device, dram.device),
        ("DRAM to SRAM", 3, direction::HL_DMA_DRAM_TO_SRAM, dram.device, sram),
        ("SRAM to host", 2, direction::HL_DMA_SRAM_TO_HOST, sram, target.device),
    ];
    for (what, queue, direction, from, to) in steps {
        let start = Instant::now();
        card.run(queue, &Packets::default().copy(direction, from, to, size as u32))?;
        let time = start.elapsed();
        println!("  {what:<16} dma{queue} {:>10.1} MiB/s", mib as f64 / time.as_secs_f64());
    }
    let good = target.memory.read(0, size) == data;
    println!("  compared         {}", colours.verdict(good));
    Ok(good)
}
