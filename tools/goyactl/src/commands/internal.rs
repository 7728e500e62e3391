// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets on the queues of the tensor cores and the matrix engine, which do not tell by themselves when they are done.

use std::time::Duration;

use goya::{Commands, Device, Queue, Submission};

use crate::failure::{Failure, Result};

/// The queue whose job tells the end, and the counter that it waits on.
const TELLS: Queue = Queue::Dma3;
const COUNTER: u8 = 2;

/// Runs packets on an internal queue, and waits until they are executed: the last one sets a sync object, for which a job of a
/// DMA queue waits.
pub fn run(device: &Device, queue: Queue, packets: &Commands, patience: Duration) -> Result {
    let (object, monitor) = (device.sync_object()?, device.monitor()?);
    let mut clear = Commands::new();
    clear.set(&object, 0);
    device.run(TELLS, &clear)?;
    let mut all = packets.clone();
    all.add(&object, 1);
    let len = u32::try_from(all.bytes().len()).map_err(|_| Failure::usage("so many packets fit nowhere"))?;
    let memory = device.device_memory(len.into())?;
    device.put(&memory, all.bytes())?;
    let mut wait = Commands::new();
    wait.wait_for(&monitor, &object, 1, device.fence_counter(TELLS, COUNTER)?).set(&object, 0);
    let wait = device.command_buffer(&wait)?;
    let submission = Submission::new().internal_job(queue, &memory, len as usize).job(TELLS, &wait);
    device.submit(submission.timeout(patience))?.wait()?;
    Ok(())
}
