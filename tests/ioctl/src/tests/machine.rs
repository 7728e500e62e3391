// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the bus and the machine do to the card: resets, errors, sleep.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::packet::Packets;
use goya_tests::{Result, check, check_eq};
use goya_uapi::hl_device_status;
use serde_json::json;

use super::reload::{Binding, load, reload, unload};
use super::{Test, bus, stress};
use crate::card_user::CardUser;
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    machine("machine.function_reset", || function_reset(None)),
    machine("machine.function_reset_with_user", || function_reset(ABORTED)),
    machine("machine.sleep", || sleep("devices", None)),
    machine("machine.sleep_with_user", || sleep("platform", INTERRUPTED)),
    Test { name: "machine.windows_of_firmware", run: windows_of_firmware, seconds: 240, emulated: true },
];

/// What leaves memory behind for good.
pub const LAST: &[Test] =
    &[Test { name: "machine.running_card", run: running_card, seconds: 120, emulated: true }];

/// Once `aer_inject` was used, lockdep finds fault with it at the first look at a device's configuration space by sysfs (a
/// spin lock under a raw one), and is off from then on.
pub const LINK_ERRORS: &[Test] = &[
    machine("machine.fatal_error", || error(FATAL, None)),
    machine("machine.fatal_error_with_user", || error(FATAL, ABORTED)),
    machine("machine.error", || error(NOT_FATAL, None)),
];

const fn machine(name: &'static str, run: fn() -> Result) -> Test {
    Test { name, run, seconds: 90, emulated: false }
}

const DEVICES: &str = "/sys/bus/pci/devices";
const INJECT: &str = "/dev/aer_inject";
/// Malformed TLP, which is fatal unless somebody says otherwise, and completion time-out, which is not.
const FATAL: u32 = 1 << 18;
const NOT_FATAL: u32 = 1 << 14;

/// How a user's wait ends with the card's work, and when the machine goes to sleep.
const ABORTED: Option<i32> = Some(libc::EIO);
const INTERRUPTED: Option<i32> = Some(libc::EINTR);

fn write(path: &str, text: &str) -> Result {
    fs::write(path, text).map_err(|e| format!("{path}: {e}"))
}

/// Lets something happen to the card, perhaps to one that is in use: its user's wait ends, with this error, he is killed,
/// and the card is brought up again.
fn survives(user: Option<i32>, happens: impl FnOnce() -> Result) -> Result {
    drop(Card::open()?);
    let control = Card::open_control()?;
    control.wait_unused()?;
    let before = control.resets()?;
    let held = user.map(|_| CardUser::start("hold")).transpose()?;
    if let Some(held) = &held {
        // Who comes later is told that the card is busy.
        stress::asleep(held.id())?;
    }
    happens()?;
    if let (Some(mut held), Some(error)) = (held, user) {
        check_eq!(held.line()?, format!("wait: {error}"), "what the user saw");
        held.ends_killed()?;
    }
    control.poll("a reset", |card| Ok(card.resets()? != before))?;
    control.wait_operational()?;
    check_eq!(control.resets()?, (before.0 + 1, before.1), "hard and soft resets");
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    card.put(goya_tests::device::SRAM, b"after all")?;
    check!(card.get(goya_tests::device::SRAM, 9)? == b"after all", "the data differ");
    Ok(())
}

/// Whoever manages the machine resets the function, by sysfs.
fn function_reset(user: Option<i32>) -> Result {
    only_goya("opens the card's windows when it is reset")?;
    kmsg::expect("has been aborted while user process is waiting for it")?;
    let device = Binding::current()?.device().to_owned();
    survives(user, || write(&format!("{DEVICES}/{device}/reset"), "1"))
}

/// Firmware has opened the card's windows, and does so again after a reset of the function; the driver only moves that to DRAM.
fn windows_of_firmware() -> Result {
    const IATU: u32 = 1 << 17;
    only_goya("works on after a function reset")?;
    let mut control = Control::open()?;
    control.inject("boot-status", &json!({"bits": IATU}))?;
    // The driver resets the card when it goes, and the card boots.
    reload()?;
    function_reset(None)?;
    function_reset(ABORTED)?;
    sleep("devices", None)?;
    control.clear()?;
    reload()
}

/// The other functions beside the card are not there: their drivers handle no errors, so that the kernel would not
/// try to recover any of them.
struct Alone;

impl Alone {
    fn new(device: &str) -> Result<Self> {
        let (slot, _) = device.rsplit_once('.').ok_or("a device without a function")?;
        for entry in fs::read_dir(DEVICES).map_err(|e| e.to_string())?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(slot) && name != device {
                write(&format!("{DEVICES}/{name}/remove"), "1")?;
            }
        }
        Ok(Self)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = write("/sys/bus/pci/rescan", "1");
    }
}

/// An error that the card's link reports.
fn error(uncorrectable: u32, user: Option<i32>) -> Result {
    if !fs::exists(INJECT).unwrap_or(false) {
        skip("the kernel injects no errors");
    }
    for expected in [
        "AER: ",
        "[1da3:0001] error status/mask=",
        " | Requester ",
        "PCI ",
        "Resuming device after PCI slot reset",
        "has been aborted while user process is waiting for it",
    ] {
        kmsg::expect(expected)?;
    }
    let device = Binding::current()?.device().to_owned();
    let parts: Vec<u32> = device
        .split([':', '.'])
        .map(|part| u32::from_str_radix(part, 16))
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| e.to_string())?;
    let [domain, bus, slot, function] = parts[..] else { return Err(format!("what is {device}?")) };
    let mut injection = vec![bus as u8, slot as u8, function as u8, 0];
    for word in [uncorrectable, 0, 0, 0, 0, 0, domain] {
        injection.extend(word.to_ne_bytes());
    }
    let _alone = Alone::new(&device)?;
    survives(user, || {
        let mut log = Kmsg::here()?;
        fs::write(INJECT, &injection).map_err(|e| format!("{INJECT}: {e}"))?;
        log.wait_for("device recovery successful", Duration::from_secs(20)).map(drop)
    })
}

const SLEEP_TEST: &str = "/sys/power/pm_test";

/// Whether the kernel can try to sleep.
pub fn can_sleep() -> bool {
    fs::exists(SLEEP_TEST).unwrap_or(false)
}

/// The machine goes to sleep as far as `level`, and wakes up at once.
pub fn nap(level: &str) -> Result {
    write("/sys/module/suspend/parameters/pm_test_delay", "0")?;
    write(SLEEP_TEST, level)?;
    let result = write("/sys/power/state", "freeze");
    write(SLEEP_TEST, "none")?;
    result
}

/// The same with a card that may be in use.
fn sleep(level: &str, user: Option<i32>) -> Result {
    if !can_sleep() {
        skip("the kernel cannot try to sleep");
    }
    kmsg::expect("user process got signal while waiting for CS")?;
    survives(user, || nap(level))
}

/// Takes bus mastering from a card that was away. QEMU notes what is written while the card is away, but the kernel reads
/// what the card says, and would see no need to give back what QEMU has taken.
pub fn forget_master(device: &str) -> Result {
    const COMMAND: u64 = 4;
    let path = format!("{DEVICES}/{device}/config");
    let config = File::options().read(true).write(true).open(&path).map_err(|e| format!("{path}: {e}"))?;
    let mut command = [0; 2];
    config.read_exact_at(&mut command, COMMAND).map_err(|e| format!("{path}: {e}"))?;
    command[0] &= !(1 << 2);
    config.write_all_at(&command, COMMAND).map_err(|e| format!("{path}: {e}"))
}

/// A driver that finds the card at work, as after another kernel that did not stop it, resets it first.
fn running_card() -> Result {
    only_goya("resets a card that runs before it waits for preboot")?;
    for expected in [
        "Device CPU packet timeout",
        "Pkt info[",
        "Device heartbeat failed! PCI link is broken",
        "Timeout while waiting for QMAN to stop",
        "failed to stop ",
        "ELBI",
        "The window to DRAM is lost",
        "Timeout while waiting for device to reset",
        "hw_fini failed",
        "The device may reach memory that it has used, which is kept",
        "Failed to ",
    ] {
        kmsg::expect(expected)?;
    }
    bus::may_leave_memory()?;
    Card::open_control()?.wait_operational()?;
    let mut control = Control::open()?;
    let mut log = Kmsg::here()?;
    control.inject("unplug", &json!({}))?;
    log.wait_for("heartbeat failed", Duration::from_secs(40))?;
    // The driver's last reset does not reach the card either.
    let device = Binding::current()?.device().to_owned();
    unload()?;
    control.clear()?;
    forget_master(&device)?;
    load()?;
    let card = Card::open()?;
    check_eq!(card.status()?, hl_device_status::HL_DEVICE_STATUS_OPERATIONAL, "status");
    card.run(1, &Packets::default().nop()).map(drop)
}
