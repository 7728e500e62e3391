// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions and fences.

use std::thread;
use std::time::Duration;

use goya::{
    CommandBuffer, Commands, Device, Error, Fence, Queue, Submission, SyncObject, wait_all, wait_any,
};
use goya_tests::{Result, check, check_eq};

use super::{open, told};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(20);

/// A job that waits for a sync object, which is zero.
pub(super) fn gate(device: &Device, queue: Queue) -> Result<(SyncObject, CommandBuffer)> {
    let (object, monitor) = (told(device.sync_object())?, told(device.monitor())?);
    let mut clear = Commands::new();
    told(device.run(queue, clear.set(&object, 0)))?;
    let mut wait = Commands::new();
    wait.wait_for(&monitor, &object, 1, told(device.fence_counter(queue, 0))?);
    Ok((object, told(device.command_buffer(&wait))?))
}

/// Lets it go on.
pub(super) fn let_go(device: &Device, object: &SyncObject) -> Result {
    let mut commands = Commands::new();
    told(device.run(Queue::Dma4, commands.set(object, 1))).map(drop)
}

/// Packets that take a good part of a second.
pub(super) fn long(device: &Device) -> Result<Commands> {
    let (from, to) = (told(device.device_memory(64 << 20))?, told(device.device_memory(64 << 20))?);
    let mut commands = Commands::new();
    for _ in 0..60 {
        told(commands.copy(&from, &to, 64 << 20))?;
    }
    Ok(commands)
}

/// When 64 are in flight there is no room; who may wait for some, gets it.
pub(super) fn window() -> Result {
    let device = open()?;
    let (object, gate) = gate(&device, Queue::Dma3)?;
    let mut nop = Commands::new();
    let nop = told(device.command_buffer(nop.nop()))?;
    let mut opener = long(&device)?;
    let opener = told(device.command_buffer(opener.set(&object, 1)))?;
    let first = told(device.submit(Submission::new().job(Queue::Dma3, &gate).job(Queue::Dma4, &opener)))?;
    for _ in 1..64 {
        told(device.try_submit(Submission::new().job(Queue::Dma3, &nop)))?;
    }
    let full = device.try_submit(Submission::new().job(Queue::Dma3, &nop));
    check!(matches!(full, Err(Error::NoRoom)), "a 65th in flight: {full:?}");
    check!(!told(first.is_done())?, "the first has not waited");
    let last = told(device.submit(Submission::new().job(Queue::Dma3, &nop)))?;
    check!(told(first.is_done())?, "there was room before the first has ended");
    told(last.wait())?;
    told(device.finish())
}

pub(super) fn fences() -> Result {
    let device = open()?;
    let (object, gate) = gate(&device, Queue::Dma3)?;
    let mut nop = Commands::new();
    let nop = told(device.command_buffer(nop.nop()))?;
    let late = told(device.submit(Submission::new().job(Queue::Dma3, &gate).timestamp()))?;
    let soon = told(device.submit(Submission::new().job(Queue::Dma2, &nop)))?;
    check_eq!(told(wait_any(&[late.clone(), soon.clone()], LONG))?, Some(1), "which has ended");
    check_eq!(told(late.wait_timeout(SHORT))?, None, "what waits");
    check!(!told(late.is_done())?, "what waits has ended");
    check_eq!(told(wait_any(&[late.clone()], SHORT))?, None, "what waits alone");
    check_eq!(told(wait_any(&[], LONG))?, None, "none of none");
    check!(!told(wait_all([&soon, &late], SHORT))?, "all have ended");
    let_go(&device, &object)?;
    check!(told(wait_all([&soon, &late], LONG))?, "some have not ended");
    let time = told(late.wait())?.time.ok_or("no time")?;
    let now = Duration::from_nanos(goya_tests::sys::monotonic());
    check!(time <= now && now - time < LONG, "ended at {time:?}, now {now:?}");
    check_eq!(told(soon.wait())?.time, None, "a time that nobody has asked for");
    check!(soon.number() > late.number(), "numbers");
    Ok(())
}

/// Any thread may wait, for the same or for others' work, while others submit: fewer than the window holds, which does not
/// move on before the one that waits.
pub(super) fn threads() -> Result {
    let device = open()?;
    let (object, gate) = gate(&device, Queue::Dma3)?;
    let fence = told(device.submit(Submission::new().job(Queue::Dma3, &gate)))?;
    thread::scope(|scope| {
        let wait = |fence: Fence| move || told(fence.wait()).map(drop);
        let waiters: Vec<_> = (0..4).map(|_| scope.spawn(wait(fence.clone()))).collect();
        let workers: Vec<_> = Queue::DMA[..3]
            .iter()
            .map(|&queue| {
                let device = device.clone();
                scope.spawn(move || {
                    let mut nop = Commands::new();
                    nop.nop();
                    (0..15).try_for_each(|_| told(device.run(queue, &nop)).map(drop))
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a thread panics")?)?;
        let_go(&device, &object)?;
        waiters.into_iter().try_for_each(|waiter| waiter.join().map_err(|_| "a thread panics")?)
    })
}
