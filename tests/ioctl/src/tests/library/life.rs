// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How long things live, and what is said when something is wrong.

use std::time::{Duration, Instant};

use goya::{Commands, Control, Device, Error, Notifications, Queue, Submission};
use goya_tests::{Result, check, check_eq, kmsg, noise, pins};

use super::wait::{gate, let_go, long};
use super::{card, open, told};

/// Memory that a submission uses stays mapped, although everybody has dropped it.
pub(super) fn memory_in_use() -> Result {
    const SIZE: usize = 1 << 20;
    let device = open()?;
    let (object, gate) = gate(&device, Queue::Dma1)?;
    let before = pins::pinned()?;
    let host = told(device.host_memory(SIZE))?;
    let dram = told(device.device_memory(SIZE as u64))?;
    let data = noise(3, SIZE);
    told(host.write(0, &data))?;
    let mut commands = Commands::new();
    told(told(commands.copy(&host, &dram, SIZE as u32))?.copy(
        &dram,
        told(goya::sram(0, SIZE as u64))?,
        SIZE as u32,
    ))?;
    let buffer = told(device.command_buffer(&commands))?;
    let fence = told(device.submit(Submission::new().job(Queue::Dma1, &gate).job(Queue::Dma1, &buffer)))?;
    drop((host, dram, commands, buffer));
    drop(fence);
    let usage = |device: &Device| told(device.info().dram_usage()).map(|usage| usage.ctx_dram_mem);
    check_eq!((usage(&device)?, pins::pinned()? - before), (2 << 20, 256), "memory and pages in use");
    let_go(&device, &object)?;
    told(device.finish())?;
    check_eq!((usage(&device)?, pins::pinned()? - before), (0, 0), "memory and pages that nobody uses");
    let mut back = vec![0; SIZE];
    told(device.get(told(goya::sram(0, SIZE as u64))?, &mut back))?;
    check!(back == data, "other data have arrived");
    Ok(())
}

/// A device that is dropped while the card works waits for it: nothing is reset.
pub(super) fn last_user() -> Result {
    let control = told(Control::open(&card()?))?;
    let resets = || told(control.info().resets()).map(|count| (count.hard_reset_cnt, count.soft_reset_cnt));
    let before = resets()?;
    let device = open()?;
    let buffer = told(device.command_buffer(&long(&device)?))?;
    told(device.submit(Submission::new().job(Queue::Dma4, &buffer)))?;
    drop(buffer);
    drop(device);
    // Opening waits for the last user to have gone.
    drop(open()?);
    check_eq!(resets()?, before, "resets");
    Ok(())
}

pub(super) fn listener() -> Result {
    let device = open()?;
    let events = told(device.events())?;
    check_eq!(device.events().err().map(|e| e.errno()), Some(libc::EINVAL), "a second listener");
    check_eq!(told(events.wait(Duration::from_millis(20)))?, Notifications::empty(), "events of a calm card");
    check_eq!(told(device.take_notifications())?, Notifications::empty(), "the same without a descriptor");
    drop(events);
    told(device.events()).map(drop)
}

/// What is said is of use.
pub(super) fn errors() -> Result {
    for text in [
        "Cannot allocate device memory",
        "Can't DMA from host",
        "Failed to parse JOB",
        "User not allowed to use",
    ] {
        kmsg::expect(text)?;
    }
    let device = open()?;
    let said = |result: goya::Result<()>| result.err().map(|e| e.to_string()).unwrap_or_default();
    let busy = said(Device::open_node(device.path(), Duration::ZERO).map(drop));
    check!(busy.contains("Another program has the card open"), "a second user: {busy}");
    let range = goya::sram(0, u64::MAX).err().map(|e| e.to_string()).unwrap_or_default();
    check!(range.contains("are not inside of its 53051392 bytes"), "too much: {range}");
    let huge = said(device.device_memory(1 << 36).map(drop));
    check!(huge.contains("Less device memory is free"), "too much device memory: {huge}");
    let mut commands = Commands::new();
    let host = told(device.host_memory(4096))?;
    told(commands.copy(&host, told(goya::sram(0, 4096))?, 4096))?;
    let wrong = said(device.run(Queue::Dma2, &commands).map(drop));
    check!(wrong.contains("Only DMA queue 1 may read host memory"), "the wrong queue: {wrong}");
    check!(commands.copy(&host, told(goya::sram(0, 8192))?, 4097).is_err(), "more than there is");
    let mut stop = Commands::new();
    let refused = said(device.run(Queue::Dma1, stop.stop()).map(drop));
    check!(refused.contains("not for users"), "a packet that is not for users: {refused}");
    Ok(())
}

/// A submission that is late is told so; who listens lives to tell the tale, and the next user finds the card anew.
pub(super) fn overdue() -> Result {
    for text in ["has not finished in", "has been aborted", "has timed-out"] {
        kmsg::expect(text)?;
    }
    let control = told(Control::open(&card()?))?;
    let resets = || told(control.info().resets()).map(|count| count.hard_reset_cnt);
    let before = resets()?;
    let device = open()?;
    let events = told(device.events())?;
    let (_, gate) = gate(&device, Queue::Dma2)?;
    let fence =
        told(device.submit(Submission::new().job(Queue::Dma2, &gate).timeout(Duration::from_secs(1))))?;
    let error = fence.wait().err().ok_or("what never ends has ended")?;
    check!(matches!(error, Error::Overdue { .. } | Error::Aborted { .. }), "{error}");
    let happened = told(events.wait(Duration::from_secs(5)))?;
    check_eq!(happened, Notifications::CS_TIMEOUT | Notifications::DEVICE_RESET, "what has happened");
    let record = told(device.info().cs_timeout())?.ok_or("no record")?;
    check_eq!(record.seq, fence.number(), "which was late");
    drop((device, events, fence, gate));
    let end = Instant::now() + Duration::from_secs(20);
    while resets()? == before {
        check!(Instant::now() < end, "no reset");
        std::thread::sleep(Duration::from_millis(20));
    }
    told(control.info().wait_operational(Duration::from_secs(20)))?;
    let device = open()?;
    let mut nop = Commands::new();
    told(device.run(Queue::Dma2, nop.nop())).map(drop)
}
