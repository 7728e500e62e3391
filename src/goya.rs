// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Driver for the Habana Labs Goya accelerator card (PCI 1da3:0001).

// Tests look into what the driver itself need not.
#![cfg_attr(not(CONFIG_KUNIT), allow(dead_code))]

mod abstractions;
mod bringup;
mod context;
mod device;
mod driver;
mod events;
mod fw;
mod heartbeat;
mod hw;
mod link;
mod mem;
mod observe;
mod observers;
mod params;
mod power_management;
mod queue;
mod removal;
mod reset;
mod submit;
mod uapi;
mod watchdog;

use abstractions::pci_callbacks::Adapter;
use kernel::prelude::*;
use kernel::{driver::Registration, InPlaceModule, ModuleMetadata, ThisModule};

/// What the module has. Fields are dropped in order: first the cards, then their numbers.
#[pin_data]
struct Goya {
    #[pin]
    driver: Registration<Adapter<driver::GoyaDriver>>,
    numbers: abstractions::chrdev::Numbers,
}

impl InPlaceModule for Goya {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            numbers: uapi::control::REGION.register()?,
            driver <- Registration::new(<Self as ModuleMetadata>::NAME, module),
        })
    }
}

module! {
    type: Goya,
    name: "goya",
    authors: ["The goya-rs authors"],
    description: "Driver for the Habana Labs Goya accelerator card",
    license: "GPL v2",
    firmware: [
        "habanalabs/goya/goya-boot-fit.itb",
        "habanalabs/goya/goya-fit.itb",
    ],
    imports_ns: ["DMA_BUF"],
}
