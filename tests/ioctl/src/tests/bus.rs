// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether the card may use the bus: only with a driver, and only as long as that one has hold of it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::nodes::{self, Nodes};
use goya_tests::packet::Packets;
use goya_tests::{Result, check, check_eq};
use goya_uapi::hl_device_status;
use serde_json::json;

use super::reload::{self, Binding};
use super::{Test, debugfs, fault, test};
use crate::held::Held;
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("bus.power_states", power_states),
    fault("bus.unbound", unbound),
    fault("bus.failed_probe", failed_probe),
    fault("bus.reset_hangs", reset_hangs),
    fault("bus.nothing_ends", nothing_ends),
];

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
    let mut user = Held::start("unmap")?;
    control.inject("hang-invalidation", &json!({}))?;
    user.go()?;
    check_eq!(user.line()?, format!("unmap: {}", libc::ETIMEDOUT), "what the user saw");
    user.ends_killed()?;
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()?;
    control.clear()?;
    works()?;

    let mut user = Held::start("unmap")?;
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
        crate::run::skip("only goya.ko takes note of the state that the card is in");
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
    works()
}
