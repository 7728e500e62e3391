// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Another device reaches the card's memory by a dma-buf: QEMU's `edu`, with a driver for this
//! (`tests/peer/`).

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use goya_tests::card::{Card, open_node};
use goya_tests::kmsg::Kmsg;
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::sys::{errno, load_module, remove_module};
use goya_tests::{Result, check, check_eq, events, kmsg, noise};
use goya_uapi::*;

use super::pages::window;
use super::reload::Binding;
use super::{Test, debugfs, resets, test};
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    test("peer.copies", copies),
    test("peer.strangers", strangers),
    test("peer.keeps_the_card", keeps_the_card),
    test("peer.keeps_the_window", keeps_the_window),
];

/// Tests that reset the card.
pub const ROUGH: &[Test] = &[
    test("peer.revoked_by_reset", || revoked_by_reset("told=1")),
    test("peer.untold_of_reset", || revoked_by_reset("told=0")),
    test("peer.awaited_by_reset", awaited_by_reset),
    test("peer.revoked_by_removal", revoked_by_removal),
    test("peer.untold_of_removal", untold_of_removal),
    test("peer.named_only", named_only),
];

/// The other device's driver, in the guest.
const MODULE: &str = "/lib/goya_peer.ko";
/// The other device's vendor, as sysfs has it.
const VENDOR: &str = "0x1234";
const PAGE: u64 = 4096;
/// How long a reset may take to tell whoever reaches the card's memory.
const PATIENCE: Duration = Duration::from_secs(20);

/// The other device's driver, which reaches memory of the card's as long as it is loaded.
struct Peer(());

impl Peer {
    /// Lets the device in, if there is one: it copies the first page of what is exported to the second.
    fn import(exported: &File, parameters: &str) -> Result<std::io::Result<Self>> {
        if !Path::new(MODULE).exists() {
            skip("there is no other device's driver");
        }
        if !is_beside_card() {
            skip("no other device is behind the bridge of the card");
        }
        let parameters = format!("fd={} {parameters}", exported.as_raw_fd());
        match load_module(MODULE, &parameters) {
            Err(e) if e.raw_os_error() == Some(libc::ENODEV) => skip("there is no other device"),
            result => Ok(result.map(|()| Self(()))),
        }
    }

    fn remove(self) -> Result {
        std::mem::forget(self);
        remove_module("goya_peer").map_err(|e| format!("unload goya_peer: {e}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = remove_module("goya_peer");
    }
}

/// Whether the other device is behind the same bridge as the card.
fn is_beside_card() -> bool {
    let Ok(card) = fs::canonicalize(Nodes::chosen().sysfs()) else { return false };
    let neighbours =
        card.parent().and_then(|bridge| fs::read_dir(bridge).ok()).into_iter().flatten().flatten();
    let vendor = |device: fs::DirEntry| fs::read_to_string(device.path().join("vendor")).unwrap_or_default();
    neighbours.map(vendor).any(|vendor| vendor.trim() == VENDOR)
}

/// What the other device's driver says when memory that is taken back is not there any more.
fn refused() -> String {
    format!("the memory is revoked; asked for again: -{}", libc::ENODEV)
}

/// Device memory and a dma-buf of its first two pages.
fn exported(card: &Card) -> Result<(u64, File)> {
    let handle = card.alloc(2 << 20, 0).map_err(|e| format!("alloc: {e}"))?;
    let memory = card.map_device(handle).map_err(|e| format!("map: {e}"))?;
    let fd = card.memory(HL_MEM_OP_EXPORT_DMABUF_FD, libc::O_CLOEXEC as u32, |m| {
        m.__bindgen_anon_1.export_dmabuf_fd =
            hl_mem_in__bindgen_ty_1__bindgen_ty_7 { addr: memory, mem_size: 2 * PAGE, offset: 0 };
    });
    let fd = match fd {
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => skip("the window does not reach users' memory"),
        fd => fd.map_err(|e| format!("export: {e}"))?,
    };
    Ok((memory, events::adopt(fd as i32).map_err(|e| e.to_string())?))
}

/// A device that reaches memory of a user who is gone.
fn left_behind(parameters: &str) -> Result<Peer> {
    let card = Card::open()?;
    let (_, file) = exported(&card)?;
    Peer::import(&file, parameters)?.map_err(|e| format!("import: {e}"))
}

/// Another device reads the card's memory and writes it. The memory stays mapped while it may.
fn copies() -> Result {
    kmsg::expect("memory is exported")?;
    let card = Card::open()?;
    let (memory, file) = exported(&card)?;
    let data = noise(11, PAGE as usize);
    card.put(memory, &data)?;
    let peer = Peer::import(&file, "")?.map_err(|e| format!("import: {e}"))?;
    check!(card.get(memory + PAGE, data.len())? == data, "the other device copied something else");
    drop(file);
    check_eq!(errno(card.unmap(memory)), libc::EINVAL, "unmapping what another device reaches");
    peer.remove()?;
    card.unmap(memory).map(drop).map_err(|e| format!("unmap: {e}"))
}

/// A device gets nothing if its driver cannot deal with memory that has no pages.
fn strangers() -> Result {
    let card = Card::open()?;
    let (memory, file) = exported(&card)?;
    check_eq!(errno(Peer::import(&file, "peer=0")?.map(drop)), libc::EPERM, "no peer");
    drop(file);
    card.unmap(memory).map(drop).map_err(|e| format!("unmap: {e}"))
}

/// Nobody else gets the card while another device reaches its user's memory.
fn keeps_the_card() -> Result {
    kmsg::expect("device is not idle after user context is closed")?;
    let peer = left_behind("")?;
    let again = open_node(&Nodes::chosen().compute());
    check_eq!(errno(again.map(drop)), libc::EBUSY, "opening the card");
    peer.remove()?;
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// A hard reset takes the memory back from a device whose driver can be told. From another one it cannot, and the
/// card has no next user before that one goes.
fn revoked_by_reset(told: &str) -> Result {
    only_goya("revokes what is exported")?;
    let peer = left_behind(told)?;
    let mut log = Kmsg::here()?;
    resets::reset("hard_reset")?;
    if told == "told=1" {
        log.wait_for(&refused(), PATIENCE)?;
        Card::open()?.run(1, &Packets::default().nop())?;
        return peer.remove();
    }
    check_eq!(errno(open_node(&Nodes::chosen().compute()).map(drop)), libc::EBUSY, "opening the card");
    let outside = look_outside()?;
    check_eq!(outside()?, libc::EBUSY, "looking outside of the window of who was not told");
    peer.remove()?;
    check_eq!(outside()?, 0, "looking there when he is gone");
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// A device that is told may take a moment to let go: the reset waits for it.
fn awaited_by_reset() -> Result {
    only_goya("revokes what is exported")?;
    let done = "Successfully finished resetting";
    let peer = left_behind("late=1")?;
    let mut log = Kmsg::here()?;
    let reset = thread::spawn(|| resets::reset("hard_reset").map(drop));
    log.wait_for("the memory is revoked; kept for now", PATIENCE)?;
    // Less than what a device gets.
    check!(
        log.wait_for(done, Duration::from_secs(2)).is_err(),
        "the reset did not wait for the other device"
    );
    peer.remove()?;
    log.wait_for(done, PATIENCE)?;
    reset.join().map_err(|_| "the thread that resets has panicked")??;
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// A card that is taken from its driver takes its memory with it.
fn revoked_by_removal() -> Result {
    only_goya("revokes what is exported")?;
    let peer = left_behind("")?;
    let mut log = Kmsg::here()?;
    let binding = Binding::current()?;
    binding.end()?;
    log.wait_for(&refused(), PATIENCE)?;
    binding.renew()?;
    // The device outlives what it had.
    Card::open()?.run(1, &Packets::default().nop())?;
    peer.remove()
}

/// The driver goes, and leaves nothing to a device that was not told, nor anything for that to give back.
fn untold_of_removal() -> Result {
    only_goya("revokes what is exported")?;
    let peer = left_behind("told=0")?;
    let binding = Binding::current()?;
    binding.end()?;
    peer.remove()?;
    binding.renew()?;
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// A name for an export (`O_PATH`) keeps neither the memory nor the card from its next user.
fn named_only() -> Result {
    only_goya("revokes what is exported")?;
    let card = Card::open()?;
    let (_, file) = exported(&card)?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let name = OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(&path);
    let name = name.map_err(|e| format!("{path}: {e}"))?;
    drop((file, card));
    resets::reset("hard_reset")?;
    Card::open()?.run(1, &Packets::default().nop())?;
    drop(name);
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// How looking at memory outside of the window ends, by debugfs.
fn look_outside() -> Result<impl Fn() -> Result<i32>> {
    kmsg::expect("is not in the window, which other devices use")?;
    kmsg::expect("Failed reading addr")?;
    let outside = window()?;
    if outside >= Card::open_control()?.hw_ip()?.dram_size {
        skip("the window shows all memory");
    }
    debugfs::write("addr", &format!("{outside:#x}"))?;
    Ok(|| debugfs::load("data32").map(errno))
}

/// debugfs does not move the window away from under what is exported; it looks elsewhere once that is over.
fn keeps_the_window() -> Result {
    only_goya("leaves the window where it is")?;
    let card = Card::open()?;
    let (memory, file) = exported(&card)?;
    let outside = look_outside()?;
    check_eq!(outside()?, libc::EBUSY, "looking outside of the window");
    check_eq!(errno(debugfs::store("data32", "1")?), libc::EBUSY, "writing there");
    drop(file);
    check_eq!(outside()?, 0, "looking there when nothing is exported");
    card.unmap(memory).map(drop).map_err(|e| format!("unmap: {e}"))
}
