// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Taking the driver away, very often, and under those who use it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use goya_tests::card::Card;
use goya_tests::kernel_memory::{self, KernelMemory};
use goya_tests::nodes::{self, Nodes};
use goya_tests::packet::Packets;
use goya_tests::sys::{errno, remove_module};
use goya_tests::{Result, check, check_eq, kmsg};
use goya_uapi::hl_device_status;

use super::rounds;
use crate::card_user::CardUser;
use crate::tests::reload::{Binding, load, reload, unload};

/// Loading and unloading costs no memory, which few rounds cannot tell.
pub fn reloads() -> Result {
    let rounds = rounds(1000, 1);
    let run = |count: u32| (0..count).try_for_each(|n| reload().map_err(|e| format!("load {n}: {e}")));
    let works = || Card::open()?.run(1, &Packets::default().nop()).map(drop);
    if rounds < kernel_memory::LEAST {
        run(rounds)?;
        return works();
    }
    run(rounds / 20)?;
    // Measured without a driver: whatever is used then, nobody will give back.
    unload()?;
    let before = KernelMemory::now();
    load()?;
    let (before, start) = (before?, Instant::now());
    run(rounds)?;
    let seconds = start.elapsed().as_secs_f64();
    unload()?;
    let memory = before.judge(rounds);
    load()?;
    println!("{rounds} rounds in {seconds:.1} s, {:.2} s each", seconds / f64::from(rounds));
    println!("kernel memory: {}", memory?);
    works()
}

/// How long a process may take to go to sleep.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until a process sleeps in the kernel.
pub fn asleep(pid: u32) -> Result {
    let end = Instant::now() + PATIENCE;
    let path = format!("/proc/{pid}/stat");
    loop {
        let stat = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        // The state follows the name, which is in parentheses.
        if stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['S', 'D'])) {
            return Ok(());
        }
        check!(Instant::now() < end, "process {pid} does not sleep: {stat}");
        std::thread::yield_now();
    }
}

/// Taken from the driver, a card lets go of its user: his wait ends, he is killed, and the card works as soon
/// as it has a driver again. The module stays while he has the card open.
pub fn unbind() -> Result {
    kmsg::expect("has been aborted while user process is waiting for it")?;
    let rounds = rounds(20, 1);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        let binding = Binding::current()?;
        let node = Nodes::chosen().compute();
        let mut user = CardUser::start("hold")?;
        asleep(user.id())?;
        check_eq!(errno(remove_module(&nodes::module()?)), libc::EAGAIN, "unloading under a user");
        let start = Instant::now();
        binding.end()?;
        let unbound = start.elapsed();
        check!(!Path::new(&node).exists(), "{node} outlives the driver");
        check_eq!(user.line()?, format!("wait: {}", libc::EIO), "what the user saw");
        // He is killed after a second, if not before he could ask for this.
        let status = user.line()?;
        let gone = format!("status: {}", hl_device_status::HL_DEVICE_STATUS_MALFUNCTION);
        check!(status == gone || status.is_empty(), "then the card has {status:?}, not {gone:?}");
        slowest = slowest.max(unbound);
        user.ends_killed()?;
        binding.renew()?;
        Card::open()?.run(1, &Packets::default().nop())?;
    }
    println!("{rounds} times; the slowest was unbound in {:.1} s", slowest.as_secs_f64());
    Ok(())
}
