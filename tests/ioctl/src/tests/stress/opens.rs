// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Opening and closing, very often.

use std::time::Instant;

use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::kernel_memory::KernelMemory;
use goya_tests::packet::Packets;
use goya_tests::sys::{Mapping, monotonic};
use goya_tests::{Result, check_eq};
use goya_uapi::hl_goya_dma_direction as direction;

use super::rounds;
use crate::card_user::CardUser;
use crate::tests::submit::EXTERNAL;

/// Processes that race.
const RACERS: usize = 4;
/// How far ahead they are told when to begin: enough for all to have read it.
const START_NS: u64 = 2_000_000;

/// Processes open the card at the same time: in each round one has it and can use it, and the others are told
/// that it is busy.
pub fn race() -> Result {
    let rounds = rounds(1000, 10);
    Card::open_control()?.wait_unused()?;
    let mut racers = (0..RACERS).map(|_| CardUser::start("race")).collect::<Result<Vec<_>>>()?;
    let mut won = [0u32; RACERS];
    let start = Instant::now();
    for round in 0..rounds {
        let begin = monotonic() + START_NS;
        racers.iter_mut().try_for_each(|racer| racer.tell(&begin.to_string()))?;
        let said = racers.iter_mut().map(CardUser::line).collect::<Result<Vec<_>>>()?;
        let busy = libc::EBUSY.to_string();
        let count = |what: &str| said.iter().filter(|s| *s == what).count();
        check_eq!((count("0"), count(&busy)), (1, RACERS - 1), format!("round {round}: {said:?}"));
        for (said, won) in said.iter().zip(&mut won) {
            *won += u32::from(said == "0");
        }
        // Nobody lets go before all have tried; and all have before the next round.
        racers.iter_mut().try_for_each(CardUser::go)?;
        for racer in &mut racers {
            check_eq!(racer.line()?, "closed", format!("a racer after round {round}"));
        }
    }
    println!(
        "{rounds} rounds of {RACERS} processes in {:.1} s, won by {won:?}",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// What is in flight when the card is closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// A NOP, behind others that are done: it mostly is done as well, or nearly.
    Nop,
    /// A NOP for each queue.
    Nops,
    /// Copies to host memory, which is mapped until the card is closed.
    Copies,
    /// A fence that nobody opens: the driver must reset the card.
    Fence,
}

/// Submits and closes without waiting.
fn leave(work: Work) -> Result {
    let card = Card::open()?;
    let submit = |queue: u32, packets: &Packets| -> Result<u64> {
        let job = card.job(queue, packets)?;
        card.submit(&[job.chunk], 0, 0).map_err(|e| format!("submit to queue {queue}: {e}"))
    };
    let to_all = |packets: &Packets| -> Result {
        for queue in EXTERNAL {
            submit(queue, packets)?;
        }
        Ok(())
    };
    match work {
        Work::Nop => {
            let last = (0..8).map(|_| submit(1, &Packets::default().nop())).collect::<Result<Vec<_>>>()?;
            card.finish(last[6]).map(drop)
        }
        Work::Nops => to_all(&Packets::default().nop()),
        Work::Fence => submit(3, &Packets::default().fence(0, 1, 1)).map(drop),
        Work::Copies => {
            let memory = Mapping::anonymous(64 << 10).map_err(|e| e.to_string())?;
            let (address, size) = (memory.address(), memory.len() as u64);
            let device = card.map_host_range(address, size).map_err(|e| e.to_string())?;
            let copy = Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, SRAM, device, size as u32);
            let done = to_all(&copy);
            // The memory goes first. The driver has pinned it, and the card may write to it still.
            drop(memory);
            done
        }
    }
}

/// Closing with work in flight costs no memory, whether the card is reset for it or not.
pub fn closes() -> Result {
    let rounds = rounds(1000, 10);
    let control = Card::open_control()?;
    let run = |count: u32| -> Result<[(u32, f64, u32); 4]> {
        let mut sums = [(0, 0.0, 0); 4];
        for n in 0..count {
            // A reset takes about a second, so most rounds seldom have one.
            let (kind, work) = match n % 10 {
                2 => (1, Work::Nops),
                5 => (2, Work::Copies),
                9 => (3, Work::Fence),
                _ => (0, Work::Nop),
            };
            let (before, start) = (control.resets()?.0, Instant::now());
            leave(work)?;
            control.wait_unused()?;
            control.wait_operational()?;
            let resets = control.resets()?.0 - before;
            if work == Work::Fence {
                check_eq!(resets, 1, format!("hard resets of round {n}, which left a fence"));
            }
            sums[kind].0 += 1;
            sums[kind].1 += start.elapsed().as_secs_f64();
            sums[kind].2 += resets;
        }
        Ok(sums)
    };
    run(rounds.div_ceil(10))?;
    let before = KernelMemory::now()?;
    for (name, (count, seconds, resets)) in ["a NOP", "NOPs", "copies", "a fence"].iter().zip(run(rounds)?) {
        println!("{count} times {name}: {resets} resets, {seconds:.1} s");
    }
    println!("kernel memory: {}", before.judge(rounds)?);
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}
