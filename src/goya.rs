// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Driver for the Habana Labs Goya accelerator card (PCI 1da3:0001).

#![allow(dead_code)]

mod abstractions;
mod bringup;
mod context;
mod device;
mod driver;
mod events;
mod fw;
mod hw;
mod mem;
mod observe;
mod params;
mod queue;
mod removal;
mod reset;
mod submit;
mod uapi;

kernel::module_pci_driver! {
    type: driver::GoyaDriver,
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
