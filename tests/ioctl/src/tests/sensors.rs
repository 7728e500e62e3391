// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! hwmon and sysfs.

use std::fs;
use std::path::{Path, PathBuf};

use goya_tests::control::Control;
use goya_tests::nodes::Nodes;
use goya_tests::{Result, check, check_eq};
use serde_json::json;

use super::{Test, fault, test};

pub const TESTS: &[Test] = &[
    test("sensors.read", read_all),
    test("sensors.offset", offset),
    fault("sensors.change", change),
    test("sysfs.read", sysfs),
    test("sysfs.frequencies", frequencies),
    test("sysfs.max_power", max_power),
];

fn hwmon() -> Result<PathBuf> {
    let dir = format!("{}/hwmon", Nodes::chosen().sysfs());
    let first = fs::read_dir(&dir).map_err(|e| format!("{dir}: {e}"))?.flatten().next();
    first.map(|e| e.path()).ok_or_else(|| "no hwmon device".into())
}

fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    fs::read_to_string(path).map(|s| s.trim().to_owned()).map_err(|e| format!("{}: {e}", path.display()))
}

fn number(path: impl AsRef<Path>) -> Result<i64> {
    let text = read(&path)?;
    text.parse().map_err(|_| format!("{}: {text:?} is no number", path.as_ref().display()))
}

fn write(path: impl AsRef<Path>, text: &str) -> Result {
    fs::write(&path, text).map_err(|e| format!("{}: {e}", path.as_ref().display()))
}

/// Every attribute of every sensor can be read, and every kind is there.
fn read_all() -> Result {
    let dir = hwmon()?;
    for kind in ["temp1_input", "in0_input", "curr1_input", "power1_input", "fan1_input", "pwm1"] {
        number(dir.join(kind))?;
    }
    let mut count = 0;
    for entry in fs::read_dir(&dir).map_err(|e| e.to_string())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // With a number: `power` alone is the directory of runtime power management.
        let is =
            |kind| name.strip_prefix(kind).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let sensor = ["temp", "in", "curr", "power", "fan", "pwm"].into_iter().any(is);
        if sensor && !name.ends_with("reset_history") {
            number(entry.path())?;
            count += 1;
        }
    }
    check!(count > 30, "only {count} attributes");
    Ok(())
}

fn offset() -> Result {
    let dir = hwmon()?;
    let before = number(dir.join("temp1_input"))?;
    write(dir.join("temp1_offset"), "1500")?;
    check_eq!(number(dir.join("temp1_input"))?, before + 1500, "temperature with an offset");
    write(dir.join("temp1_offset"), "0")?;
    check_eq!(number(dir.join("temp1_input"))?, before, "temperature without it");
    Ok(())
}

/// What the card measures is what hwmon shows, history included.
fn change() -> Result {
    let dir = hwmon()?;
    let mut control = Control::open()?;
    let before = number(dir.join("temp1_input"))?;
    for value in [88_000, before] {
        control.ask(&json!({"cmd": "set-sensor", "kind": "temp", "index": 0, "value": value}))?;
        check_eq!(number(dir.join("temp1_input"))?, value, "temperature");
    }
    check_eq!(number(dir.join("temp1_highest"))?, 88_000, "highest temperature");
    write(dir.join("temp1_reset_history"), "1")?;
    check_eq!(number(dir.join("temp1_highest"))?, before, "highest temperature after a reset of history");
    Ok(())
}

fn sysfs() -> Result {
    let dir = PathBuf::from(Nodes::chosen().sysfs());
    check_eq!(read(dir.join("status"))?, "Operational", "status");
    check_eq!(read(dir.join("device_type"))?, "GOYA", "device type");
    for name in [
        "cpucp_kernel_ver",
        "cpucp_ver",
        "cpld_ver",
        "fuse_ver",
        "hard_reset_cnt",
        "pci_addr",
        "preboot_btl_ver",
        "soft_reset_cnt",
        "thermal_ver",
        "uboot_ver",
        "security_enabled",
        "infineon_ver",
        "pm_mng_profile",
        "high_pll",
        "armcp_kernel_ver",
        "armcp_ver",
        "module_id",
        "parent_device",
    ] {
        check!(!read(dir.join(name))?.is_empty(), "{name} is empty");
    }
    let eeprom = fs::read(dir.join("eeprom")).map_err(|e| format!("eeprom: {e}"))?;
    check!(!eeprom.is_empty(), "the EEPROM is empty");
    Ok(())
}

fn frequencies() -> Result {
    let dir = PathBuf::from(Nodes::chosen().sysfs());
    write(dir.join("pm_mng_profile"), "manual")?;
    for name in ["mme_clk", "tpc_clk", "ic_clk"] {
        write(dir.join(name), "400000000")?;
        check_eq!(number(dir.join(name))?, 400_000_000, name);
        check_eq!(number(dir.join(format!("{name}_curr")))?, 400_000_000, name);
    }
    write(dir.join("pm_mng_profile"), "auto")
}

fn max_power() -> Result {
    let at = Path::new(&Nodes::chosen().sysfs()).join("max_power");
    let before = number(&at)?;
    write(&at, "150000")?;
    check_eq!(number(&at)?, 150_000, "max_power");
    write(&at, &before.to_string())
}
