// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Unloading and loading the driver, and what happens when the card does not come up.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

pub use goya_tests::binding::Binding;
use goya_tests::card::{Card, open_node};
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::nodes::{self, Nodes};
use goya_tests::packet::Packets;
use goya_tests::sys::{load_module, remove_module};
use goya_tests::{Result, check, noise};
use goya_uapi::hl_device_status;
use serde_json::json;

use super::{Test, errors};
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    Test { name: "reload.parameters", run: parameters, seconds: 240, emulated: false },
    Test { name: "reload.device_memory", run: device_memory, seconds: 240, emulated: false },
    Test { name: "boot.stages_fail", run: boot_stages_fail, seconds: 240, emulated: true },
    Test { name: "boot.status", run: boot_status, seconds: 240, emulated: true },
    Test { name: "reload.first_user", run: first_user, seconds: 240, emulated: false },
    Test { name: "fault.unplug", run: unplug, seconds: 240, emulated: true },
];

pub fn unload() -> Result {
    let module = nodes::module()?;
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        match remove_module(&module) {
            Err(e) if e.raw_os_error() == Some(libc::EAGAIN) && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result.map_err(|e| format!("unload {module}: {e}")),
        }
    }
}

pub fn load() -> Result {
    load_with(&nodes::module_parameters())
}

pub fn load_with(parameters: &str) -> Result {
    let path = nodes::module_file()?;
    load_module(&path, parameters).map_err(|e| format!("load {path} {parameters}: {e}"))
}

/// Unloads and loads the driver; the card works afterwards.
pub fn reload() -> Result {
    let node = Nodes::chosen().compute();
    unload()?;
    check!(!Path::new(&node).exists(), "{node} outlives the driver");
    load()?;
    let card = Card::open()?;
    card.run(1, &Packets::default().nop()).map(drop)
}

/// What the driver is loaded with can be seen, by everybody, and not be changed; and what it takes.
fn parameters() -> Result {
    let given = [
        ("timeout_locked", "0x11", "17"),
        ("reset_on_lockup", "0", "0"),
        ("memory_scrub", "00", "0"),
        ("boot_error_status_mask", "18446744073709551614", "18446744073709551614"),
    ];
    unload()?;
    kmsg::expect("invalid for parameter")?;
    for wrong in ["timeout_locked=soon", "boot_error_status_mask=-1"] {
        check!(load_with(wrong).is_err(), "{wrong} is taken");
    }
    let words: Vec<_> = given.iter().map(|(name, value, _)| format!("{name}={value}")).collect();
    load_with(&words.join(" "))?;
    let directory = format!("/sys/module/{}/parameters", nodes::module()?);
    for (name, _, shown) in given {
        let path = format!("{directory}/{name}");
        let value = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        check!(value.trim() == shown, "{name} is {value:?}, not {shown}");
        let mode = fs::metadata(&path).map_err(|e| format!("{path}: {e}"))?.permissions().mode();
        check!(mode & 0o777 == 0o444, "{name} has mode {mode:o}");
    }
    if Control::exists() {
        errors::needs_reset()?;
    }
    reload()
}

/// The first user of a driver does not find what users of the one before have left in device memory.
fn device_memory() -> Result {
    only_goya("overwrites device memory")?;
    const SIZE: u64 = 64 << 20;
    let secret = noise(11, 64);
    let ends = |device: u64| (device..device + SIZE).step_by(2 << 20);
    {
        let card = Card::open()?;
        let memory = card.device_memory(SIZE)?;
        ends(memory.device).try_for_each(|at| card.put(at, &secret))?;
    }
    let binding = Binding::current()?;
    binding.end()?;
    binding.renew()?;
    let card = Card::open()?;
    let memory = card.device_memory(SIZE)?;
    for at in ends(memory.device) {
        check!(card.get(at, 64)? != secret, "the memory at {at:#x} was another user's");
    }
    Ok(())
}

/// Each boot stage fails: the driver says so and leaves nothing behind; without the fault it comes up.
fn boot_stages_fail() -> Result {
    for expected in [
        "CPU boot ready timeout",
        "Device boot error - ",
        "failed to initialize CPU",
        "failed to initialize the H/W",
        "Fatal error during habanalabs device init",
        "Failed to initialize accel",
    ] {
        kmsg::expect(expected)?;
    }
    let mut control = Control::open()?;
    for (stage, text) in [
        ("preboot", "Device boot progress - Stuck in Preboot"),
        ("boot-fit", "Timeout waiting for boot fit load ack"),
        ("linux", "Failed to load firmware to device"),
    ] {
        kmsg::expect(text)?;
        control.clear()?;
        control.inject("fail-boot", &json!({"stage": stage}))?;
        // The driver resets the card when it goes: the card boots into the fault.
        unload()?;
        let mut log = Kmsg::here()?;
        load()?;
        log.wait_for(text, Duration::from_secs(40)).map_err(|e| format!("{stage}: {e}"))?;
        // Upstream keeps the node of a card that it could not start, for debugging; it cannot be opened.
        let node = Nodes::chosen().compute();
        check!(open_node(&node).is_err(), "{stage}: the card can be opened");
    }
    control.clear()?;
    reload()
}

/// What preboot says of itself: whether it has set up the iATU, which the driver then leaves alone, and whether it is
/// secure, which programs can see.
fn boot_status() -> Result {
    const SECURE: u32 = 1;
    const IATU: u32 = 1 << 17;
    /// Registers of two inbound regions and of the outbound one.
    const WINDOWS: u64 = 4 + 4 + 8;

    let mut control = Control::open()?;
    let mut load_after = |bits: u32| -> Result<u64> {
        control.clear()?;
        control.inject("boot-status", &json!({"bits": bits}))?;
        // The driver resets the card when it goes, and the card boots.
        unload()?;
        let mut count = || -> Result<u64> {
            let answer = control.ask(&json!({"cmd": "counters"}))?;
            answer["iatu_writes"].as_u64().ok_or_else(|| format!("no iatu_writes: {answer}"))
        };
        let before = count()?;
        load()?;
        Ok(count()? - before)
    };
    let opened = load_after(0)?;
    let moved = load_after(IATU)?;
    check!(moved + WINDOWS <= opened, "{moved} writes to the firmware's iATU, {opened} to another");
    Card::open()?.run(1, &Packets::default().nop())?;
    load_after(SECURE)?;
    let info = Card::open_control()?.hw_ip()?;
    check!(info.security_enabled == 1, "the firmware is secure, and nobody sees it");
    let pll =
        (info.psoc_pci_pll_nr, info.psoc_pci_pll_nf, info.psoc_pci_pll_od, info.psoc_pci_pll_div_factor);
    check!(pll == (0, 0, 0, 0), "registers of a PLL that is the firmware's: {pll:?}");
    Card::open()?.run(1, &Packets::default().nop())?;
    control.clear()?;
    reload()?;
    check!(Card::open_control()?.hw_ip()?.security_enabled == 0, "the firmware is not secure any more");
    Ok(())
}

/// Who opens the card as soon as there is a node finds one that is ready for all that he can do.
fn first_user() -> Result {
    only_goya("shows a card that is ready")?;
    let node = Nodes::chosen().compute();
    unload()?;
    let end = Instant::now() + Duration::from_secs(30);
    let opener = std::thread::spawn(move || {
        loop {
            match open_node(&node) {
                Ok(card) => return card.status(),
                Err(e) if Instant::now() > end => return Err(format!("{node}: {e}")),
                Err(_) => std::thread::yield_now(),
            }
        }
    });
    load()?;
    let status = opener.join().map_err(|_| "a thread that panicked")??;
    let operational = hl_device_status::HL_DEVICE_STATUS_OPERATIONAL;
    check!(status == operational, "the first user finds status {status}, not {operational}");
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// The card falls off the bus: the heartbeat fails and the card is given up; plugged in again, a new
/// load brings it back.
fn unplug() -> Result {
    for expected in [
        // Device memory may be being overwritten, or about to be.
        "QMAN0 Job timeout",
        "Can't send driver job on QMAN0 because the device is not idle",
        "Device CPU packet timeout",
        "Pkt info[",
        "Device heartbeat failed! PCI link is broken",
        "Timeout while waiting for QMAN to stop",
        "failed to stop",
        // Firmware that was about to be asked to leave the host's memory alone.
        "Failed to disable FW's PCI access",
        "Failed to do compute reset",
        "Failed to reset! Device is NOT usable",
        "hw_fini failed",
        "The device may reach memory that it has used, which is kept",
        "ELBI",
        "The window to DRAM is lost",
        "The reset has not reached the device",
        "Timeout while waiting for device to reset",
    ] {
        kmsg::expect(expected)?;
    }
    let mut control = Control::open()?;
    let mut log = Kmsg::here()?;
    control.inject("unplug", &json!({}))?;
    // The job that was overwriting device memory may be missed first, and its reset fails.
    log.wait_for_any(&["heartbeat failed", "Device is NOT usable"], Duration::from_secs(40))?;
    control.clear()?;
    unload()?;
    load()?;
    let card = Card::open()?;
    card.run(1, &Packets::default().nop()).map(drop)
}
