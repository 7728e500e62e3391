// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether the card may use the bus: only with a driver, and only as long as that one has hold of it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::nodes::{self, Nodes};
use goya_tests::packet::Packets;
use goya_tests::pins;
use goya_tests::{Result, check, check_eq};
use goya_uapi::hl_device_status;
use serde_json::json;

use super::reload::{self, Binding};
use super::{Test, debugfs, fault, holders, machine};
use crate::card_user::CardUser;
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    Test { name: "bus.power_states", run: power_states, seconds: 120, emulated: false },
    Test { name: "bus.no_addresses", run: no_addresses, seconds: 60, emulated: false },
    fault("bus.unbound", unbound),
    fault("bus.failed_probe", failed_probe),
    fault("bus.reset_hangs", reset_hangs),
    fault("bus.nothing_ends", nothing_ends),
    fault("bus.reset_is_lost", reset_is_lost),
    fault("bus.kept_until_reset", kept_until_reset),
    Test { name: "bus.gone", run: gone, seconds: 120, emulated: true },
];

/// What leaves memory behind for good.
pub const LAST: &[Test] = &[fault("bus.kept_for_good", kept_for_good)];

/// How long a driver may take to notice something.
const PATIENCE: Duration = Duration::from_secs(20);

/// The card's PCI function, with a driver or without.
struct Function(PathBuf);

impl Function {
    fn current() -> Result<Self> {
        fs::canonicalize(Nodes::chosen().sysfs()).map(Self).map_err(|e| e.to_string())
    }

    /// Whether it may send requests of its own.
    fn is_master(&self) -> Result<bool> {
        let config = fs::read(self.0.join("config")).map_err(|e| format!("config: {e}"))?;
        Ok(config.get(4).is_some_and(|command| command & 1 << 2 != 0))
    }

    /// How many want it enabled.
    fn enabled(&self) -> Result<i32> {
        let text = fs::read_to_string(self.0.join("enable")).map_err(|e| format!("enable: {e}"))?;
        text.trim().parse().map_err(|e| format!("enable is {text:?}: {e}"))
    }

    fn is(&self, when: &str, enabled: bool) -> Result {
        check_eq!(self.enabled()?, i32::from(enabled), format!("enabled {when}"));
        check_eq!(self.is_master()?, enabled, format!("bus mastering {when}"));
        Ok(())
    }
}

fn works() -> Result {
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// Waits until the card is given up, and says how it is then.
fn given_up(card: &Card) -> Result {
    card.poll("a card that is given up", |card| {
        Ok(card.status()? == hl_device_status::HL_DEVICE_STATUS_MALFUNCTION)
    })
}

fn hard_reset() -> Result {
    kmsg::expect("Reset requested through sysfs")?;
    fs::write(format!("{}/hard_reset", Nodes::chosen().sysfs()), "1").map_err(|e| e.to_string())
}

/// Without a driver the card has no access to memory; with each new one it is enabled once.
fn unbound() -> Result {
    let (function, binding) = (Function::current()?, Binding::current()?);
    for _ in 0..2 {
        function.is("with a driver", true)?;
        binding.end()?;
        function.is("without one", false)?;
        binding.renew()?;
    }
    works()
}

/// The same for a card that did not come up.
fn failed_probe() -> Result {
    only_goya("lets go of a card that does not come up")?;
    for text in
        ["failed to initialize", "Failed to load firmware", "Fatal error during habanalabs device init"]
    {
        kmsg::expect(text)?;
    }
    let function = Function::current()?;
    let mut control = Control::open()?;
    reload::unload()?;
    control.inject("fail-boot", &json!({"stage": "linux"}))?;
    let mut log = Kmsg::here()?;
    reload::load()?;
    log.wait_for("Fatal error during habanalabs device init", Duration::from_secs(40))?;
    function.is("after a probe that failed", false)?;
    control.clear()?;
    reload::reload()
}

/// A card that can't be reset is kept from memory, of which it may have taken any. A later reset that succeeds brings all
/// back.
fn reset_hangs() -> Result {
    only_goya("keeps a card that it has given up from memory")?;
    for text in ["Timeout while waiting for device to reset", "Failed to reset! Device is NOT usable"] {
        kmsg::expect(text)?;
    }
    let function = Function::current()?;
    let card = Card::open_control()?;
    card.wait_unused()?;
    let mut control = Control::open()?;
    control.inject("hang-reset", &json!({"count": 1}))?;
    hard_reset()?;
    given_up(&card)?;
    check!(!function.is_master()?, "bus mastering of a card that is given up");
    hard_reset()?;
    card.wait_operational()?;
    function.is("after a reset that succeeded", true)?;
    works()
}

/// A reset that was never begun is none, although the card says that it is at none.
fn reset_is_lost() -> Result {
    only_goya("keeps a card that it has given up from memory")?;
    for text in ["The reset has not reached the device", "Failed to reset! Device is NOT usable"] {
        kmsg::expect(text)?;
    }
    let function = Function::current()?;
    let card = Card::open_control()?;
    card.wait_unused()?;
    let mut control = Control::open()?;
    control.inject("ignore-reset", &json!({"count": 1}))?;
    hard_reset()?;
    given_up(&card)?;
    check!(!function.is_master()?, "bus mastering of a card that is given up");
    hard_reset()?;
    card.wait_operational()?;
    works()
}

/// What the driver says of a card that it can neither reset nor keep from the bus.
fn expect_no_proof() -> Result {
    for text in [
        "Timeout while waiting for device to reset",
        "The device may reach memory that it has used, which is kept",
        "Failed to reset! Device is NOT usable",
        "hw_fini failed in device fini",
    ] {
        kmsg::expect(text)?;
    }
    Ok(())
}

/// A card that can be neither reset nor kept from the bus keeps what it may reach, until a reset succeeds; then it is as
/// good as new.
fn kept_until_reset() -> Result {
    only_goya("takes the card from who has not closed it")?;
    expect_no_proof()?;
    let card = Card::open_control()?;
    card.wait_unused()?;
    let before = pins::pinned()?;
    let parcel = holders::posted("post")?;
    let held = pins::pinned()?;
    check!(held > before, "nothing is pinned for the user");
    let mut control = Control::open()?;
    control.inject("hang-reset", &json!({}))?;
    control.inject("endless-requests", &json!({}))?;
    hard_reset()?;
    given_up(&card)?;
    // Once more, with nobody left: what is kept is kept.
    hard_reset()?;
    let resets = card.resets()?;
    card.poll("one more reset", |card| Ok(card.resets()? != resets))?;
    given_up(&card)?;
    check_eq!(pins::pinned()?, held, "pages pinned for a card that may reach them");
    drop(parcel);
    check_eq!(pins::pinned()?, held, "pages pinned for it once the file is closed");
    control.clear()?;
    hard_reset()?;
    card.wait_operational()?;
    pins::released(before)?;
    works()
}

/// The kernel's checker of memory for devices.
const CHECKER: &str = "/sys/kernel/debug/dma-api";

/// Tells it not to complain any more: it would at each removal of a card that has had memory left behind for good.
pub fn may_leave_memory() -> Result {
    let filter = format!("{CHECKER}/driver_filter");
    if !fs::exists(&filter).unwrap_or(false) {
        return Ok(());
    }
    kmsg::expect("DMA-API: enable driver filter for driver [nobody]")?;
    fs::write(&filter, "nobody").map_err(|e| format!("{filter}: {e}"))
}

/// How many pieces of memory it knows.
fn pieces() -> Result<i64> {
    let number = |name: &str| -> Result<i64> {
        let path = format!("{CHECKER}/{name}");
        let Ok(text) = fs::read_to_string(&path) else {
            skip("the kernel does not look after memory for devices")
        };
        text.trim().parse().map_err(|e| format!("{path} is {text:?}: {e}"))
    };
    let disabled = fs::read_to_string(format!("{CHECKER}/disabled"));
    check!(!disabled.is_ok_and(|it| it.trim() == "Y"), "the checker of memory for devices is off");
    Ok(number("nr_total_entries")? - number("num_free_entries")?)
}

/// The same when the driver goes: it leaves its own memory, too.
fn kept_for_good() -> Result {
    only_goya("keeps memory that a card may reach")?;
    // A kernel without the checker skips this while the card has its driver.
    pieces()?;
    expect_no_proof()?;
    Card::open_control()?.wait_unused()?;
    let binding = Binding::current()?;
    binding.end()?;
    let without = pieces()?;
    binding.renew()?;
    may_leave_memory()?;
    let before = pins::pinned()?;
    let parcel = holders::posted("post")?;
    let held = pins::pinned()?;
    let mut control = Control::open()?;
    control.inject("hang-reset", &json!({}))?;
    control.inject("endless-requests", &json!({}))?;
    binding.end()?;
    let left = pieces()? - without;
    // A ring and a completion queue for each of five queues, and what firmware has.
    check!(left >= 11, "only {left} pieces of memory are left");
    drop(parcel);
    check_eq!(pins::pinned()?, held, "pages pinned for a card that may reach them");
    check!(held > before, "nothing was pinned for the user");
    control.clear()?;
    binding.renew()?;
    works()
}

/// A card that does not answer may still send requests: what it may reach is kept until it was reset.
fn gone() -> Result {
    only_goya("keeps memory that a card may reach")?;
    expect_no_proof()?;
    for text in [
        "Device CPU packet timeout",
        "Pkt info[",
        "Device heartbeat failed! PCI link is broken",
        "Timeout while waiting for QMAN to stop",
        "failed to stop",
        "cache invalidation failed",
        "ELBI",
        "The window to DRAM is lost",
        "device is not idle after user context is closed",
    ] {
        kmsg::expect(text)?;
    }
    let binding = Binding::current()?;
    let card = Card::open_control()?;
    card.wait_unused()?;
    let before = pins::pinned()?;
    let user = CardUser::start("unmap")?;
    let held = pins::pinned()?;
    check!(held > before, "nothing is pinned for the user");
    let mut control = Control::open()?;
    let mut log = Kmsg::here()?;
    control.inject("unplug", &json!({}))?;
    log.wait_for("Failed to reset! Device is NOT usable", Duration::from_secs(60))?;
    user.ends_killed()?;
    check_eq!(pins::pinned()?, held, "pages pinned for a card that may reach them");
    control.clear()?;
    machine::forget_master(binding.device())?;
    hard_reset()?;
    card.wait_operational()?;
    pins::released(before)?;
    works()
}

/// Memory that the card does not forget is given back after a reset; if that fails, too, only once the card can reach
/// no memory at all.
fn nothing_ends() -> Result {
    only_goya("keeps a card that it has given up from memory")?;
    for text in [
        "cache invalidation failed",
        "cache range invalidation failed",
        "Timeout while waiting for device to reset",
        "Failed to reset! Device is NOT usable",
        "failed to destroy page pack mapping",
    ] {
        kmsg::expect(text)?;
    }
    let function = Function::current()?;
    let card = Card::open_control()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    let mut user = CardUser::start("unmap")?;
    control.inject("hang-invalidation", &json!({}))?;
    user.go()?;
    check_eq!(user.line()?, format!("unmap: {}", libc::ETIMEDOUT), "what the user saw");
    user.ends_killed()?;
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()?;
    control.clear()?;
    works()?;

    let mut user = CardUser::start("unmap")?;
    control.inject("hang-invalidation", &json!({}))?;
    control.inject("hang-reset", &json!({}))?;
    let mut log = Kmsg::here()?;
    user.go()?;
    user.ends_killed()?;
    log.wait_for("Failed to reset! Device is NOT usable", PATIENCE)?;
    given_up(&card)?;
    check!(!function.is_master()?, "bus mastering of a card that is given up");
    control.clear()?;
    hard_reset()?;
    card.wait_operational()?;
    works()
}

/// Steps between power states that do nothing, and a hard reset of a card that sleeps, which wakes it.
fn power_states() -> Result {
    if nodes::module()? != "goya" {
        skip("only goya.ko takes note of the state that the card is in");
    }
    let function = Function::current()?;
    let card = Card::open_control()?;
    card.wait_unused()?;
    let shown = |state: u32| -> Result {
        let text = debugfs::read("set_power_state")?;
        let first = text.lines().next().unwrap_or_default();
        check_eq!(first, format!("current power state: {state}"), "the state");
        Ok(())
    };
    for (state, enabled) in [("2", false), ("2", false), ("1", true), ("1", true)] {
        debugfs::write("set_power_state", state)?;
        shown(state.parse().unwrap_or_default())?;
        function.is(&format!("in state {state}"), enabled)?;
    }
    hard_reset()?;
    let before = card.resets()?;
    card.poll("a reset", |card| Ok(card.resets()? != before))?;
    card.wait_operational()?;
    works()?;
    debugfs::write("set_power_state", "2")?;
    let before = card.resets()?;
    hard_reset()?;
    card.poll("a reset", |card| Ok(card.resets()? != before))?;
    card.wait_operational()?;
    function.is("after a reset of a card that slept", true)?;
    works()?;
    // The bus wakes it itself for its own resets, and the machine when it has slept.
    debugfs::write("set_power_state", "2")?;
    let before = card.resets()?;
    fs::write(function.0.join("reset"), "1").map_err(|e| format!("a function reset: {e}"))?;
    card.poll("a reset", |card| Ok(card.resets()? != before))?;
    card.wait_operational()?;
    function.is("after a function reset of a card that slept", true)?;
    if machine::can_sleep() {
        debugfs::write("set_power_state", "2")?;
        let before = card.resets()?;
        machine::nap("platform")?;
        card.poll("a reset", |card| Ok(card.resets()? != before))?;
        card.wait_operational()?;
        function.is("after the machine has slept", true)?;
    }
    let binding = Binding::current()?;
    binding.end()?;
    function.is("without a driver", false)?;
    binding.renew()?;
    function.is("with a new one", true)?;
    works()
}

/// The kernel is told to give the card's BARs more addresses than there are.
struct Hungry;

impl Hungry {
    const FILE: &str = "/sys/bus/pci/resource_alignment";

    fn new(device: &str) -> Result<Self> {
        fs::write(Self::FILE, format!("42@{device}")).map_err(|e| format!("{}: {e}", Self::FILE))?;
        Ok(Self)
    }
}

impl Drop for Hungry {
    fn drop(&mut self) {
        let _ = fs::write(Self::FILE, "\n");
    }
}

/// Has the kernel find the card anew.
fn found_anew(function: &Function) -> Result {
    let remove = function.0.join("remove");
    fs::write(&remove, "1").map_err(|e| format!("{}: {e}", remove.display()))?;
    fs::write("/sys/bus/pci/rescan", "1").map_err(|e| format!("rescan: {e}"))
}

/// A card for whose BARs there are no addresses: the log names each and says what to try, and nothing was done to it.
fn no_addresses() -> Result {
    for text in [
        "can't assign; no space",
        "failed to assign",
        "got no addresses",
        "not assigned; can't enable device",
        "Not habanalabs? BAR 0 size",
        "Fatal error during habanalabs",
        "Failed to initialize",
        "probe with driver",
    ] {
        kmsg::expect(text)?;
    }
    let function = Function::current()?;
    let device = function.0.file_name().and_then(|name| name.to_str()).ok_or("a device without a name")?;
    let size = fs::metadata(function.0.join("resource4")).map_err(|e| format!("resource4: {e}"))?.len();
    let mut log = Kmsg::here()?;
    let hungry = Hungry::new(device)?;
    found_anew(&function)?;
    if nodes::module()? == "goya" {
        let line = log.wait_for("BAR 0 (SRAM and registers, 0x10000000 bytes) got no addresses", PATIENCE)?;
        check!(line.contains("try \"Above 4G decoding\""), "the log does not say what to try: {line}");
        log.wait_for(&format!("BAR 4 (DRAM, {size:#x} bytes) got no addresses"), PATIENCE)?;
    } else {
        log.wait_for("Not habanalabs? BAR 0 size", PATIENCE)?;
    }
    drop(hungry);
    function.is("without addresses", false)?;
    found_anew(&function)?;
    let end = Instant::now() + PATIENCE;
    while works().is_err() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    function.is("with addresses again", true)?;
    works()
}
