// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The first submission: host memory to SRAM and back.

use goya::{Commands, Device, Queue, Submission};

fn main() -> goya::Result {
    // [open]
    let device = Device::open_first()?;
    // [memory]
    let source = device.host_memory(4096)?;
    let target = device.host_memory(4096)?;
    source.write(0, b"There and back again")?;
    // [commands]
    let sram = goya::sram(0, 4096)?;
    let (mut there, mut back) = (Commands::new(), Commands::new());
    there.copy(&source, &sram, 4096)?;
    back.copy(&sram, &target, 4096)?;
    // [submit]
    let (there, back) = (device.command_buffer(&there)?, device.command_buffer(&back)?);
    device.submit(Submission::new().job(Queue::Dma1, &there))?.wait()?;
    let fence = device.submit(Submission::new().job(Queue::Dma2, &back))?;
    fence.wait()?;
    // [result]
    let text = target.to_vec(0, 20)?;
    println!("submission {}: {}", fence.number(), String::from_utf8_lossy(&text));
    // [end]
    if text == b"There and back again" {
        Ok(())
    } else {
        Err(goya::Error::Invalid("other bytes came back".into()))
    }
}
