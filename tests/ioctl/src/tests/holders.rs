// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's user may be somebody else than who has opened it, and nobody who can be killed.

use std::path::Path;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::passing::{self, Parcel};
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq};

use super::reload::Binding;
use super::{Test, test};
use crate::held::Held;
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("holder.thread_gone", thread_gone),
    test("holder.child", child),
    test("holder.child_unbind", child_unbind),
    Test { name: "holder.nobody", run: nobody, seconds: 60, emulated: false },
    Test { name: "holder.nobody_unbind", run: nobody_unbind, seconds: 60, emulated: false },
    test("holder.late_reset_is_forgotten", put_off_is_forgotten),
];

/// How long a driver may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn hard_reset() -> Result {
    kmsg::expect("Reset requested through sysfs")?;
    std::fs::write(format!("{}/hard_reset", Nodes::chosen().sysfs()), "1").map_err(|e| e.to_string())
}

fn works() -> Result {
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// Resets the card; it comes back.
fn reset() -> Result {
    let card = Card::open_control()?;
    let before = card.resets()?;
    hard_reset()?;
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()
}

/// The thread that has opened the card has ended, its process has not.
fn thread_gone() -> Result {
    only_goya("finds the process when the thread has gone")?;
    let user = Held::start("thread")?;
    reset()?;
    user.ends_killed()?;
    works()
}

/// The process that has opened the card has ended; its child has the descriptor.
fn child() -> Result {
    only_goya("finds who has the card")?;
    let mut user = Held::start("fork")?;
    let child: u32 = user.line()?.parse().map_err(|_| "no child")?;
    reset()?;
    check!(!Path::new(&format!("/proc/{child}")).exists(), "the child lives on");
    works()
}

/// The same when the driver is taken away.
fn child_unbind() -> Result {
    only_goya("finds who has the card")?;
    let mut user = Held::start("fork")?;
    let child: u32 = user.line()?.parse().map_err(|_| "no child")?;
    let binding = Binding::current()?;
    binding.end()?;
    check!(!Path::new(&format!("/proc/{child}")).exists(), "the child lives on");
    binding.renew()?;
    works()
}

/// An open card that is on its way from nobody to nobody.
fn posted() -> Result<Parcel> {
    let user = Held::start("post")?;
    let parcel = passing::from(user.id())?;
    drop(user);
    Ok(parcel)
}

/// A file that was open over a reset is of no use, and does no harm.
fn is_dead(card: &Card) -> Result {
    let memory = goya_tests::sys::Mapping::anonymous(4096).map_err(|e| e.to_string())?;
    check_eq!(errno(card.map_host_range(memory.address(), 4096)), libc::ENODEV, "mapping memory");
    check_eq!(errno(card.create_cb(4096)), libc::ENODEV, "a command buffer");
    check_eq!(errno(card.alloc(2 << 20, 0)), libc::ENODEV, "device memory");
    check_eq!(errno(card.submit(&[], 0, 0)), libc::ENODEV, "a submission");
    Ok(())
}

/// The descriptor is in a socket, and nobody has it: the card comes back, the file does not.
fn nobody() -> Result {
    only_goya("does without those that it can't kill")?;
    let parcel = posted()?;
    reset()?;
    works()?;
    let old = Card::from(parcel.unpack()?);
    let new = Card::open()?;
    is_dead(&old)?;
    new.run(1, &Packets::default().nop())?;
    let memory = new.host_memory(1 << 20)?;
    drop(old);
    new.put(goya_tests::device::SRAM, b"after its end")?;
    check!(new.get(goya_tests::device::SRAM, 13)? == b"after its end", "the data differ");
    drop(memory);
    drop(new);
    works()
}

/// The same when the driver is taken away.
fn nobody_unbind() -> Result {
    only_goya("does without those that it can't kill")?;
    let parcel = posted()?;
    let binding = Binding::current()?;
    binding.end()?;
    binding.renew()?;
    works()?;
    let old = Card::from(parcel.unpack()?);
    is_dead(&old)?;
    drop(old);
    works()
}

/// A reset that waited for its user to go is not waited for after another one.
fn put_off_is_forgotten() -> Result {
    only_goya("can be seen to forget it")?;
    if !goya_tests::control::Control::exists() {
        crate::run::skip("needs an emulated card");
    }
    for text in [
        "has not finished in",
        "has been aborted",
        "has timed-out",
        "Timeout while waiting for device to reset",
        "Failed to do compute reset",
        "Reset requested through sysfs",
    ] {
        kmsg::expect(text)?;
    }
    let card = Card::open_control()?;
    let before = card.resets()?;
    let mut control = goya_tests::control::Control::open()?;
    let user = Held::start("listen")?;
    control.inject("hang-reset", &serde_json::json!({"count": 1}))?;
    let mut log = Kmsg::here()?;
    std::fs::write(format!("{}/soft_reset", Nodes::chosen().sysfs()), "1").map_err(|e| e.to_string())?;
    log.wait_for("Failed to do compute reset", PATIENCE)?;
    user.ends_killed()?;
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()?;
    let next = Card::open()?;
    let job = next.job(1, &Packets::default().nop())?;
    let seq = next.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    check_eq!(errno(next.wait(seq, PATIENCE.as_micros() as u64)), 0, "waiting after the reset");
    Ok(())
}
