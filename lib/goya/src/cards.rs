// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Which cards there are.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

const CLASS: &str = "/sys/class/accel";
const BUS: &str = "/sys/bus/pci/devices";
/// PCI vendor and device of a Goya card.
const ID: (&str, &str) = ("0x1da3", "0x0001");

/// A card that a driver has, by its nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Card {
    // The order of cards is that of their places, so this comes first.
    pci_address: String,
    minor: u32,
}

/// All cards that a driver has and whose nodes are here, in the order of their places on the bus: the numbers of their nodes have
/// any order. A container sees all cards of the machine in sysfs, but has the nodes of those that were given to it.
#[must_use]
pub fn cards() -> Vec<Card> {
    let mut all: Vec<_> =
        entries(CLASS).filter_map(|path| Card::of_class(&path)).filter(Card::is_here).collect();
    all.sort();
    all
}

fn entries(directory: &str) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Whether the PCI device that a directory describes is a Goya card.
fn is_goya(device: &Path) -> bool {
    let read = |file: &str| fs::read_to_string(device.join(file)).unwrap_or_default();
    (read("vendor").trim(), read("device").trim()) == ID
}

impl Card {
    fn of_class(path: &Path) -> Option<Self> {
        let minor = path.file_name()?.to_str()?.strip_prefix("accel")?.parse().ok()?;
        let device = fs::canonicalize(path.join("device")).ok().filter(|device| is_goya(device))?;
        Some(Self { pci_address: device.file_name()?.to_str()?.to_owned(), minor })
    }

    /// Whether one of its nodes is here.
    fn is_here(&self) -> bool {
        self.compute_node().exists() || self.control_node().exists()
    }

    /// The first card.
    ///
    /// # Errors
    /// [`Error::NoCard`], with what to do about it.
    pub fn first() -> Result<Self> {
        Self::nth(0)
    }

    /// The card of this number, from zero, in the order of [`cards`].
    ///
    /// # Errors
    /// [`Error::NoCard`], with what to do about it.
    pub fn nth(number: usize) -> Result<Self> {
        cards().into_iter().nth(number).ok_or_else(|| Error::NoCard(why_none(number)))
    }

    /// The card at a place on the bus (`0000:01:00.0`), or of a node (`accel0`, `/dev/accel/accel0`).
    ///
    /// # Errors
    /// [`Error::NoCard`], with those that there are.
    pub fn find(name: &str) -> Result<Self> {
        let node = name.rsplit('/').next().unwrap_or(name);
        let all = cards();
        let known: Vec<_> = all.iter().map(|card| card.pci_address.clone()).collect();
        all.into_iter().find(|card| card.pci_address == name || card.name() == node).ok_or_else(|| {
            Error::NoCard(match known.len() {
                0 => why_none(0),
                _ => format!("none is {name}; there are {}", known.join(", ")),
            })
        })
    }

    /// Its place on the bus, as `0000:01:00.0`.
    #[must_use]
    pub fn pci_address(&self) -> &str {
        &self.pci_address
    }

    /// The number of its nodes.
    #[must_use]
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// Its name, as `accel0`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("accel{}", self.minor)
    }

    /// The compute node, for one program at a time.
    #[must_use]
    pub fn compute_node(&self) -> PathBuf {
        format!("/dev/accel/accel{}", self.minor).into()
    }

    /// The control node, for questions.
    #[must_use]
    pub fn control_node(&self) -> PathBuf {
        format!("/dev/accel/accel_controlD{}", self.minor).into()
    }

    /// The directory of its attributes in sysfs.
    #[must_use]
    pub fn sysfs(&self) -> PathBuf {
        Path::new(BUS).join(&self.pci_address)
    }

    /// The name of its driver: `goya`, or `habanalabs`.
    #[must_use]
    pub fn driver(&self) -> Option<String> {
        let link = fs::read_link(self.sysfs().join("driver")).ok()?;
        Some(link.file_name()?.to_str()?.to_owned())
    }
}

/// What is to be said of a number that no card has: the cards with nodes have the first numbers, those without come behind.
#[derive(Debug, PartialEq, Eq)]
enum Missing {
    /// There is no card at all.
    All,
    /// This one has no node.
    Node(String),
    /// There are others.
    Number(String),
}

impl Missing {
    fn of(number: usize, known: &[String], mut others: Vec<String>) -> Self {
        others.retain(|place| !known.contains(place));
        // If there is but one thing to be done first, that is it, whatever the number.
        let other = if known.is_empty() { 0 } else { number.saturating_sub(known.len()) };
        if other < others.len() {
            return Self::Node(others.swap_remove(other));
        }
        if known.is_empty() {
            return Self::All;
        }
        let numbered = known.iter().enumerate().map(|(n, place)| format!("number {n} at {place}"));
        Self::Number(numbered.collect::<Vec<_>>().join(", "))
    }
}

/// Why there is no card of this number, and what can be done.
fn why_none(number: usize) -> String {
    let mut bus: Vec<_> = entries(BUS)
        .filter(|device| is_goya(device))
        .filter_map(|device| Some(device.file_name()?.to_str()?.to_owned()))
        .collect();
    bus.sort();
    let known: Vec<_> = cards().into_iter().map(|card| card.pci_address).collect();
    let name = match Missing::of(number, &known, bus) {
        Missing::All => return no_device(Path::new(BUS)),
        Missing::Number(known) => return format!("none is number {number}; there is {known}"),
        Missing::Node(name) => name,
    };
    match fs::read_link(Path::new(BUS).join(&name).join("driver")) {
        Ok(driver) => {
            let driver = driver.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!(
                "{name} has the driver {driver}, but no node here; dmesg may say why, or it is not this container's"
            )
        }
        Err(_) => format!(
            "{name} has no driver: \"modprobe goya\" as root loads it, if it is installed (goya-dkms or goya-modules); dmesg may say \
             why that fails"
        ),
    }
}

/// What is to be said where the bus has none.
fn no_device(bus: &Path) -> String {
    if bus.is_dir() {
        "none is on the bus: \"lspci -d 1da3:0001\" shows those that this machine has".to_owned()
    } else {
        format!("{} is not there, so none can be found: is sysfs mounted?", bus.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_card_learns_where_to_look() {
        assert!(no_device(Path::new("/")).contains("lspci"));
        assert!(no_device(Path::new("/nowhere")).starts_with("/nowhere is not there"));
    }

    #[test]
    fn who_asks_for_a_card_that_is_not_there_learns_of_those_that_are() {
        let places = |all: &[&str]| all.iter().map(|&place| place.to_owned()).collect::<Vec<_>>();
        let of = |number, known: &[&str], bus: &[&str]| Missing::of(number, &places(known), places(bus));
        assert_eq!(of(0, &[], &[]), Missing::All);
        assert_eq!(of(7, &["a", "b"], &["a", "b"]), Missing::Number("number 0 at a, number 1 at b".into()));
        // One that has no driver is behind those that have, wherever it is on the bus.
        assert_eq!(of(1, &["b"], &["a", "b"]), Missing::Node("a".into()));
        assert_eq!(of(2, &["b"], &["a", "b"]), Missing::Number("number 0 at b".into()));
        assert_eq!(of(7, &[], &["a"]), Missing::Node("a".into()));
    }
}
