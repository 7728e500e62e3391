// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Taking the card from its driver and giving it back.

use std::fs;
use std::path::PathBuf;

use crate::Result;
use crate::nodes::Nodes;

/// The card and its driver, which can be parted.
#[derive(Debug, Clone)]
pub struct Binding {
    driver: PathBuf,
    device: String,
}

impl Binding {
    /// As it is.
    pub fn current() -> Result<Self> {
        Self::of(Nodes::chosen())
    }

    /// That of a card.
    pub fn of(nodes: Nodes) -> Result<Self> {
        let device = fs::canonicalize(nodes.sysfs()).map_err(|e| e.to_string())?;
        let driver = fs::canonicalize(device.join("driver")).map_err(|e| e.to_string())?;
        let device = device.file_name().and_then(|n| n.to_str()).ok_or("a card without a name")?.to_owned();
        Ok(Self { driver, device })
    }

    /// The card's address.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Takes the card from its driver.
    pub fn end(&self) -> Result {
        self.tell("unbind")
    }

    /// Gives it back.
    pub fn renew(&self) -> Result {
        self.tell("bind")
    }

    fn tell(&self, file: &str) -> Result {
        fs::write(self.driver.join(file), &self.device).map_err(|e| format!("{file} {}: {e}", self.device))
    }
}
