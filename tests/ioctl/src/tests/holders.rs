// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's user may be somebody else than who has opened it, and nobody who can be killed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use goya_tests::card::Card;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::passing::{self, Parcel};
use goya_tests::sys::{Deathless, errno};
use goya_tests::{Result, check, check_eq};
use goya_uapi::hl_device_status;

use super::reload::Binding;
use super::{Test, test};
use crate::card_user::CardUser;
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("holder.thread_gone", thread_gone),
    test("holder.child", child),
    test("holder.child_unbind", child_unbind),
    test("holder.mapped", mapped),
    test("holder.mapped_unbind", mapped_unbind),
    test("holder.mapped_busy", mapped_busy),
    Test { name: "holder.nobody", run: nobody, seconds: 60, emulated: false },
    Test { name: "holder.hoarder", run: hoarder, seconds: 60, emulated: false },
    Test { name: "holder.nobody_unbind", run: nobody_unbind, seconds: 60, emulated: false },
    Test { name: "holder.poster_unbind", run: poster_unbind, seconds: 60, emulated: false },
    Test { name: "holder.other_uid", run: other_uid, seconds: 60, emulated: false },
    Test { name: "holder.unbind_other_uid", run: other_uid_unbind, seconds: 60, emulated: false },
    Test { name: "holder.deathless", run: deathless, seconds: 120, emulated: false },
    Test { name: "holder.unbind_deathless", run: deathless_unbind, seconds: 120, emulated: false },
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
    let user = CardUser::start("thread")?;
    reset()?;
    user.ends_killed()?;
    works()
}

/// The process that has opened the card has ended; its child has the descriptor.
fn child() -> Result {
    only_goya("finds who has the card")?;
    let mut user = CardUser::start("fork")?;
    let child: u32 = user.line()?.parse().map_err(|_| "no child")?;
    reset()?;
    check!(!Path::new(&format!("/proc/{child}")).exists(), "the child lives on");
    works()
}

/// The same when the driver is taken away.
fn child_unbind() -> Result {
    only_goya("finds who has the card")?;
    let mut user = CardUser::start("fork")?;
    let child: u32 = user.line()?.parse().map_err(|_| "no child")?;
    let binding = Binding::current()?;
    binding.end()?;
    check!(!Path::new(&format!("/proc/{child}")).exists(), "the child lives on");
    binding.renew()?;
    works()
}

/// Somebody has closed the card, but has a buffer of it mapped: that keeps the file open.
fn with_mapping(work: &str, end: impl FnOnce() -> Result) -> Result {
    only_goya("finds who has memory mapped")?;
    let user = CardUser::start(work)?;
    end()?;
    user.ends_killed()?;
    works()
}

fn mapped() -> Result {
    with_mapping("mapped", reset)
}

fn mapped_unbind() -> Result {
    with_mapping("mapped", rebind)
}

/// The same for one whose threads change his address space all the time, whose lock is hardly ever free.
fn mapped_busy() -> Result {
    with_mapping("mapped-busy", reset)
}

/// Takes the card from its driver, and gives it back.
fn rebind() -> Result {
    let binding = Binding::current()?;
    binding.end()?;
    binding.renew()
}

/// An open card that is on its way from nobody to nobody, after some work.
pub fn posted(work: &str) -> Result<Parcel> {
    let user = CardUser::start(work)?;
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
    let parcel = posted("post")?;
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

/// What a file has had from which the card was taken, the next user can have.
fn hoarder() -> Result {
    only_goya("does without those that it can't kill")?;
    let parcel = posted("hoard")?;
    reset()?;
    let new = Card::open()?;
    new.create_cb(goya_uapi::HL_MAX_CB_SIZE).map_err(|e| format!("the next user's buffer: {e}"))?;
    drop(new);
    let old = Card::from(parcel.unpack()?);
    is_dead(&old)?;
    works()
}

/// The same when the driver is taken away.
fn nobody_unbind() -> Result {
    only_goya("does without those that it can't kill")?;
    let parcel = posted("post")?;
    let binding = Binding::current()?;
    binding.end()?;
    binding.renew()?;
    works()?;
    let old = Card::from(parcel.unpack()?);
    is_dead(&old)?;
    drop(old);
    works()
}

/// Somebody has the descriptor, and a copy of it is where nobody has it: his end is not the end of the file, and removal
/// does not wait for that.
fn poster_unbind() -> Result {
    only_goya("does without those that it can't kill")?;
    let user = CardUser::start("post")?;
    let parcel = passing::from(user.id())?;
    let binding = Binding::current()?;
    binding.end()?;
    user.ends_killed()?;
    binding.renew()?;
    works()?;
    is_dead(&Card::from(parcel.unpack()?))?;
    works()
}

/// The compute node, open to everybody.
struct Open(String);

impl Open {
    fn new() -> Result<Self> {
        let node = Self(Nodes::chosen().compute());
        node.permit(0o666).map(|()| node)
    }

    fn permit(&self, mode: u32) -> Result {
        std::fs::set_permissions(&self.0, Permissions::from_mode(mode))
            .map_err(|e| format!("{}: {e}", self.0))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // The node may be a new one.
        let _ = self.permit(0o600);
    }
}

/// Who is sent a file is not killed for it by somebody who could not kill him: this process is root's, who has opened the
/// card is not.
fn sent_by_somebody(end: impl FnOnce() -> Result) -> Result {
    only_goya("asks who has opened the file that somebody has")?;
    let node = Open::new()?;
    let user = CardUser::start("foreign")?;
    let old = Card::from(passing::from(user.id())?.unpack()?);
    check_eq!(
        old.status()?,
        hl_device_status::HL_DEVICE_STATUS_OPERATIONAL,
        "the status that the file tells of"
    );
    end()?;
    user.ends_killed()?;
    drop(node);
    works()?;
    is_dead(&old)?;
    drop(old);
    works()
}

fn other_uid() -> Result {
    sent_by_somebody(reset)
}

fn other_uid_unbind() -> Result {
    sent_by_somebody(rebind)
}

/// How long a card may be away whose user cannot die.
const DEATH: Duration = Duration::from_secs(40);

/// Whoever has the card cannot end, and keeps it open.
fn undying(end: impl FnOnce() -> Result) -> Result {
    only_goya("does without those that do not die")?;
    let user = CardUser::start("thread")?;
    let deathless = Deathless::make(user.id()).map_err(|e| format!("ptrace: {e}"))?;
    let start = Instant::now();
    end()?;
    works()?;
    check!(start.elapsed() < DEATH, "the card was away for {:?}", start.elapsed());
    println!("the card was away for {:?}", start.elapsed());
    drop(deathless);
    user.ends_killed()?;
    works()
}

fn deathless() -> Result {
    undying(|| {
        let card = Card::open_control()?;
        let (before, end) = (card.resets()?, Instant::now() + DEATH);
        hard_reset()?;
        while card.resets()?.0 == before.0 {
            check!(Instant::now() < end, "the card was not reset within {DEATH:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        card.wait_operational()
    })
}

fn deathless_unbind() -> Result {
    kmsg::expect("Failed to kill all open processes")?;
    undying(rebind)
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
    let user = CardUser::start("listen")?;
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
