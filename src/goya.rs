// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Driver for the Habana Labs Goya accelerator card (PCI 1da3:0001).

mod abstractions;
mod context;
mod hw;
mod queue;
mod submit;

use kernel::prelude::*;

module! {
    type: Goya,
    name: "goya",
    authors: ["The goya-rs authors"],
    description: "Habana Labs Goya accelerator",
    license: "GPL v2",
}

struct Goya;

impl kernel::Module for Goya {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("hello\n");
        Ok(Self)
    }
}
