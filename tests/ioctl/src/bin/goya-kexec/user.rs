// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A process that has the card at work until there is no card any more.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::device::{Job, SRAM};
use goya_tests::packet::Packets;
use goya_tests::{Result, check_eq};
use goya_uapi::{HL_CS_FLAGS_CUSTOM_TIMEOUT, hl_goya_dma_direction as direction};

/// Bytes of a copy.
const SIZE: u32 = 1 << 20;
/// Seconds that a job may take: longer than it lives.
const TIMEOUT: u32 = 600;
/// Copies on their way at the same time.
const WINDOW: usize = 8;

/// Starts one, which outlives this process, and returns when the card is at work.
pub fn start() -> Result {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut child =
        Command::new(program).arg("--user").stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let mut line = String::new();
    let stdout = child.stdout.take().ok_or("no pipe")?;
    BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
    check_eq!(line.trim_end(), "ready", "what the user says");
    Ok(())
}

pub fn run() -> ExitCode {
    if let Err(what) = work() {
        // Perhaps nobody listens any more.
        let _ = writeln!(std::io::stdout(), "{what}");
    }
    ExitCode::FAILURE
}

/// A job that waits for what nobody does, and copies to host memory without end.
fn work() -> Result {
    let card = Card::open()?;
    let host = card.host_memory(SIZE as usize)?;
    let fence = card.job(3, &Packets::default().fence(0, 1, 1))?;
    let copy = Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, SRAM, host.device, SIZE);
    let copy = card.job(2, &copy)?;
    let submit = |job: &Job<'_>| {
        card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, TIMEOUT).map_err(|e| e.to_string())
    };
    submit(&fence)?;
    let mut flying = std::collections::VecDeque::new();
    let mut turn = || -> Result {
        flying.push_back(submit(&copy)?);
        if flying.len() < WINDOW {
            return Ok(());
        }
        flying.pop_front().map_or(Ok(()), |first| card.finish(first).map(drop))
    };
    (0..4 * WINDOW).try_for_each(|_| turn())?;
    println!("ready");
    // Goes on trying when the card is taken away.
    loop {
        if turn().is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
