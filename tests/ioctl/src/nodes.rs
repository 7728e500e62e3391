// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Finding cards and the driver.

use std::fs;
use std::path::Path;

const CLASS: &str = "/sys/class/accel";
/// PCI vendor and device id of a Goya card.
const PCI_ID: (&str, &str) = ("0x1da3", "0x0001");

/// The nodes of one card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nodes {
    minor: u32,
}

impl Nodes {
    /// All cards that a driver has, by their place on the bus: they may be probed at the same time, so that their numbers
    /// have any order.
    pub fn all() -> Vec<Self> {
        let names = fs::read_dir(CLASS).into_iter().flatten().flatten().map(|e| e.file_name());
        let minor = |name: std::ffi::OsString| name.to_str()?.strip_prefix("accel")?.parse().ok();
        let mut all: Vec<_> =
            names.filter_map(minor).map(|minor| Self { minor }).filter(Self::is_goya).collect();
        all.sort_by_cached_key(|nodes| fs::canonicalize(nodes.sysfs()).ok());
        all
    }

    /// The card to test: the first, or the one that `GOYA_CARD` counts from zero.
    pub fn chosen() -> Self {
        let index = index();
        // While no driver is loaded, there are only names.
        Self::all().get(index).copied().unwrap_or(Self { minor: index as u32 })
    }

    /// Those of a card that is not the one to test, if there is another.
    pub fn other() -> Option<Self> {
        let chosen = Self::chosen();
        Self::all().into_iter().find(|nodes| *nodes != chosen)
    }

    fn is_goya(&self) -> bool {
        is_goya(Path::new(&self.sysfs()))
    }

    /// The compute node.
    pub fn compute(&self) -> String {
        format!("/dev/accel/accel{}", self.minor)
    }

    /// The control node: information only.
    pub fn control(&self) -> String {
        format!("/dev/accel/accel_controlD{}", self.minor)
    }

    /// The directory of its attributes.
    pub fn sysfs(&self) -> String {
        format!("{CLASS}/accel{}/device", self.minor)
    }
}

/// Whether a PCI device, by its directory in sysfs, is a Goya card.
pub fn is_goya(device: &Path) -> bool {
    let read = |file: &str| fs::read_to_string(device.join(file)).unwrap_or_default();
    (read("vendor").trim(), read("device").trim()) == PCI_ID
}

/// Which card to test, counted from zero.
pub fn index() -> usize {
    std::env::var("GOYA_CARD").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// File of the driver's module.
pub fn module_file() -> crate::Result<String> {
    std::env::var("GOYA_MODULE").map_err(|_| "GOYA_MODULE does not name the module".to_owned())
}

/// What the module was loaded with: what the runner's --module-params says.
pub fn module_parameters() -> String {
    std::env::var("GOYA_MODULE_PARAMS").unwrap_or_default()
}

/// The driver's name.
pub fn module() -> crate::Result<String> {
    let file = module_file()?;
    let stem = Path::new(&file).file_stem().and_then(|s| s.to_str());
    stem.map(|s| s.replace('-', "_")).ok_or_else(|| format!("{file} names no module"))
}
