// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl`, as operators and their scripts use it. Where it is not in the guest, all is skipped.

mod container;
mod gone;
mod look;
mod rough;
mod schema;
mod shell;
mod work;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use goya_tests::{Result, check, check_eq};
use serde_json::Value;

use super::{Test, fault, test};
use crate::run::skip;

pub const TESTS: &[Test] = &[
    test("ctl.list", look::list),
    test("ctl.info", look::info),
    test("ctl.top", look::top),
    test("ctl.users", look::users),
    test("ctl.exporter", look::exporter),
    test("ctl.readers", look::readers),
    test("ctl.cdi", look::cdi),
    Test { name: "ctl.spreadsheets", run: look::spreadsheets, seconds: 120, emulated: false },
    test("ctl.texts", look::texts),
    test("ctl.mistakes", look::mistakes),
    Test { name: "ctl.selftest", run: work::selftest, seconds: 120, emulated: false },
    Test { name: "ctl.copy", run: work::copy, seconds: 120, emulated: false },
    Test { name: "ctl.bench", run: work::bench, seconds: 120, emulated: false },
    test("ctl.run", work::run),
    test("ctl.kernel", work::kernel),
    test("ctl.absurdities", shell::absurdities),
    test("ctl.container", container::container),
    test("ctl.ordinary_user", shell::users),
    test("ctl.pipes", shell::pipes),
    test("ctl.screen", shell::screen),
    test("ctl.strangers", shell::strangers),
    test("ctl.trace", work::trace),
];

/// Tests that reset the card, or have it go wrong.
pub const ROUGH: &[Test] = &[
    fault("ctl.monitor", rough::monitor),
    fault("ctl.notifier", rough::notifier),
    Test { name: "ctl.reset", run: rough::reset, seconds: 60, emulated: false },
    test("ctl.interrupts", shell::interrupts),
    Test { name: "ctl.gone", run: gone::gone, seconds: 60, emulated: false },
    Test { name: "ctl.watched_gone", run: gone::watched, seconds: 60, emulated: false },
    fault("ctl.drill_broken_off", shell::broken_drill),
    Test { name: "ctl.drill", run: rough::drill, seconds: 180, emulated: true },
];

const PROGRAM: &str = "/bin/goyactl";

/// Skips the test where the program is not: before it has done anything to the card.
fn present() {
    if !std::path::Path::new(PROGRAM).exists() {
        skip("goyactl is not in this guest");
    }
}

/// The program, for the card to test.
fn goyactl(arguments: &[&str]) -> Command {
    present();
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("GOYA_CARD", goya_tests::nodes::index().to_string());
    command
}

/// What it says, and its exit code.
fn said(arguments: &[&str]) -> Result<(i32, String, String)> {
    let output = goyactl(arguments).output().map_err(|e| format!("{PROGRAM}: {e}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// What it says when all is well.
fn text(arguments: &[&str]) -> Result<String> {
    let (code, out, err) = said(arguments)?;
    check_eq!((code, err.as_str()), (0, ""), format!("goyactl {arguments:?} says {out}{err}"));
    Ok(out)
}

fn parse(text: &str) -> Result<Value> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("{text:?}: {e}"))?;
    check_eq!(value["schema"], 1, "the schema");
    schema::check(described()?, &value)?;
    Ok(value)
}

/// What `goyactl schema` says of all answers. It has no descriptor of the card, so that it may be asked at any time.
fn described() -> Result<&'static Value> {
    static SCHEMA: OnceLock<Result<Value>> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let output = Command::new(PROGRAM).arg("schema").output().map_err(|e| format!("{PROGRAM}: {e}"))?;
        serde_json::from_slice(&output.stdout).map_err(|e| format!("goyactl schema: {e}"))
    });
    schema.as_ref().map_err(Clone::clone)
}

/// The same as JSON.
fn json(arguments: &[&str]) -> Result<Value> {
    parse(&text(&[arguments, &["--json"]].concat())?)
}

/// A tool of the guest's.
fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/busybox");
    command.args(arguments);
    command
}

/// Sees to it that there is a network: that inside of the guest, there is no other.
fn network() -> Result {
    present();
    let said = tool(&["ip", "link", "set", "lo", "up"]).output().map_err(|e| e.to_string())?;
    check!(said.status.success(), "lo does not go up: {}", String::from_utf8_lossy(&said.stderr));
    Ok(())
}

/// A file of the test's own.
fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("goyactl-{}-{name}", std::process::id()))
}
