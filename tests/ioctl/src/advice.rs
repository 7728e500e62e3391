// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a person can do whose card does not open.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::card::open_node;
use crate::nodes::{Nodes, is_goya};

const DEVICES: &str = "/sys/bus/pci/devices";

/// Advice for one who could not open the card to test.
pub fn advice() -> String {
    let node = Nodes::chosen().compute();
    if Path::new(&node).exists() {
        return match open_node(&node).map_err(|e| e.kind()) {
            Err(ErrorKind::PermissionDenied) => {
                "Nodes belong to the group render: \"adduser NAME render\" as root, and log in anew."
                    .to_owned()
            }
            Err(ErrorKind::ResourceBusy) => "Another program has the card open.".to_owned(),
            _ => "The kernel log may say more: dmesg.".to_owned(),
        };
    }
    let devices = fs::read_dir(DEVICES).into_iter().flatten().flatten();
    let cards: Vec<_> = devices.filter(|device| is_goya(&device.path())).collect();
    let Some(card) = cards.get(crate::nodes::index()) else {
        return format!("The bus has {} Goya cards (lspci -d 1da3:0001).", cards.len());
    };
    let name = card.file_name();
    let name = name.to_string_lossy();
    match fs::read_link(card.path().join("driver")) {
        Ok(driver) => {
            let driver = driver.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("The card {name} has the driver {driver}, but no node: dmesg may say why.")
        }
        Err(_) => format!("The card {name} has no driver: \"modprobe goya\" as root; dmesg may say why."),
    }
}
