// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Driver for the Habana Labs Goya accelerator card (PCI 1da3:0001).
//!
//! The modules below are its rooms. `Documentation/rooms.txt` lists them, the highest first, with what each is for: a room
//! imports only rooms below it. `Documentation/driver.rst` says how they work together.

mod abstractions;
mod card;
mod context;
mod coresight;
mod driver;
mod file;
mod fw;
mod history;
mod hw;
mod ioctl;
mod lifecycle;
mod mem;
mod monitor;
mod observe;
mod params;
mod queue;
mod state;
mod submit;
mod uapi;

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
            numbers: ioctl::control::REGION.register()?,
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
