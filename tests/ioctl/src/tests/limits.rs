// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory that a program has by the card is the program's: it is charged for it, and there is an end.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use goya_tests::card::{Card, open_node};
use goya_tests::kernel_memory::{read, total};
use goya_tests::nodes::Nodes;
use goya_tests::stall::Stall;
use goya_tests::sys::{self, Mapping, errno};
use goya_tests::{Result, check, check_eq, kmsg};
use goya_uapi::{HL_INFO_FW_GENERIC_REQ, HL_IOCTL_INFO, HL_MAX_CB_SIZE, HL_MEM_OP_TS_ALLOC};

use super::{Test, test};
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    test("limits.pinned", pinned),
    test("limits.pinned_by_root", pinned_by_root),
    test("limits.pinned_by_children", pinned_by_children),
    test("limits.buffers", buffers),
    test("limits.other_card", other_card),
    test("limits.stalled", stalled),
    Test { seconds: 120, ..test("limits.charged", charged) },
];

/// KiB that are pinned for this process.
fn pinned_kib() -> Result<u64> {
    let status = read("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmPin:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| format!("no VmPin in {status}"))
}

/// A user pins as much as he may lock, whatever the sizes of his mappings, and gets it back.
fn pinned() -> Result {
    only_goya("charges pinned pages to RLIMIT_MEMLOCK")?;
    kmsg::expect("RLIMIT_MEMLOCK")?;
    kmsg::expect("failed to get user memory")?;
    let card = Card::open()?;
    let memory = Mapping::anonymous(2 << 20).map_err(|e| e.to_string())?;
    sys::become_somebody(1 << 20).map_err(|e| e.to_string())?;
    let map = |size: u64| card.map_host_range(memory.address(), size);
    check_eq!(errno(map(2 << 20)), libc::ENOMEM, "all at once");
    check_eq!(pinned_kib()?, 0, "KiB that are pinned for a mapping that failed");
    let first = map(512 << 10).map_err(|e| format!("the first half: {e}"))?;
    map(512 << 10).map_err(|e| format!("the second half: {e}"))?;
    check_eq!(pinned_kib()?, 1 << 10, "KiB that are pinned");
    check_eq!(errno(map(1)), libc::ENOMEM, "a page more");
    card.unmap(first).map_err(|e| e.to_string())?;
    check_eq!(pinned_kib()?, 512, "KiB that are pinned after half was unmapped");
    map(1).map_err(|e| format!("a page, after half was unmapped: {e}"))?;
    drop(card);
    check_eq!(pinned_kib()?, 0, "KiB that are pinned when the card is closed");
    Ok(())
}

/// Root, who may lock what he likes, is charged, but not limited.
fn pinned_by_root() -> Result {
    only_goya("charges pinned pages")?;
    let card = Card::open()?;
    let host = card.host_memory(16 << 20)?;
    check_eq!(pinned_kib()?, 16 << 10, "KiB that are pinned");
    drop(host);
    check_eq!(pinned_kib()?, 0, "KiB that are pinned after all was unmapped");
    Ok(())
}

/// A user who forks is one user: what children had pinned is in the way of others, as long as the card has it.
fn pinned_by_children() -> Result {
    const HALF: u64 = 512 << 10;
    only_goya("charges pinned pages to the open file")?;
    kmsg::expect("RLIMIT_MEMLOCK")?;
    kmsg::expect("failed to get user memory")?;
    let card = Card::open()?;
    let memory = Mapping::anonymous(HALF as usize).map_err(|e| e.to_string())?;
    sys::become_somebody(2 * HALF).map_err(|e| e.to_string())?;
    let map = || card.map_host_range(memory.address(), HALF);
    let child = || sys::in_child(|| errno(map())).map_err(|e| e.to_string());
    check_eq!(child()?, 0, "the first child's half");
    check_eq!(child()?, 0, "the second child's half");
    check_eq!(child()?, libc::ENOMEM, "a third child's half");
    check_eq!(errno(map()), libc::ENOMEM, "the parent's half");
    Ok(())
}

/// Makes all the command buffers that a card has for its user, of the largest size.
fn all_buffers(card: &Card) -> Result<Vec<u64>> {
    let most = total()? / 4 / Nodes::all().len() as u64;
    let mut made = Vec::new();
    loop {
        match card.create_cb(HL_MAX_CB_SIZE) {
            Ok(handle) => made.push(handle),
            Err(e) => {
                check_eq!(e.raw_os_error(), Some(libc::ENOMEM), "the error");
                println!("{} buffers", made.len());
                // Others' memory may be in pieces; but there is more than a few.
                check!(made.len() > 8, "only {} buffers", made.len());
                return Ok(made);
            }
        }
        let bytes = made.len() as u64 * u64::from(HL_MAX_CB_SIZE);
        check!(bytes <= most, "{bytes} bytes of command buffers in a machine that has {}", total()?);
    }
}

/// Command buffers end with a quarter of the machine's memory, and what is refused says so in one line.
fn buffers() -> Result {
    only_goya("limits the memory of command buffers")?;
    let card = Card::open()?;
    let last = all_buffers(&card)?.pop().unwrap_or_default();
    card.destroy_cb(last).map_err(|e| e.to_string())?;
    card.create_cb(HL_MAX_CB_SIZE).map_err(|e| format!("in place of one that was destroyed: {e}"))?;
    drop(card);
    Card::open()?.create_cb(HL_MAX_CB_SIZE).map(drop).map_err(|e| format!("for the next user: {e}"))
}

/// Who has all the buffers of a card has none of another's.
fn other_card() -> Result {
    only_goya("limits the memory of command buffers")?;
    let Some(other) = Nodes::other() else { skip("there is one card") };
    let card = Card::open()?;
    let _all = all_buffers(&card)?;
    let other = open_node(&other.compute()).map_err(|e| format!("the other card: {e}"))?;
    all_buffers(&other).map(drop)
}

/// What is kept for callers whose memory does not come has an end, however many they are, unless they manage the machine.
fn stalled() -> Result {
    const CALLS: usize = 64;
    const SIZE: u32 = 1 << 20;
    const PATIENCE: Duration = Duration::from_secs(20);
    only_goya("limits what is kept for callers")?;
    let card = Card::open_control()?;
    let stall = Stall::new()?;
    let most = total()? / 64 / u64::from(SIZE) / Nodes::all().len() as u64;
    if most >= CALLS as u64 {
        skip("too few calls for so much memory");
    }
    sys::become_somebody(0).map_err(|e| e.to_string())?;
    // A request with what the caller sends along (`struct hl_info_args`).
    let call = || {
        let (op, parameter) = (u64::from(HL_INFO_FW_GENERIC_REQ), 1);
        let mut words = [stall.page().address(), op << 32 | u64::from(SIZE), parameter];
        errno(sys::ioctl(&card, HL_IOCTL_INFO, &mut words))
    };
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for _ in 0..CALLS {
            let (tell, call) = (tell.clone(), &call);
            scope.spawn(move || tell.send(call()));
        }
        let end = Instant::now() + PATIENCE;
        let (mut waiting, mut refused) = (0, Vec::new());
        let counted = loop {
            refused.extend(told.try_iter());
            match stall.waiting(Duration::from_millis(10)) {
                Ok(more) => waiting += more,
                Err(e) => break Err(e),
            }
            if waiting + refused.len() >= CALLS {
                break Ok(());
            }
            if Instant::now() > end {
                break Err(format!("{waiting} calls wait and {} were refused, of {CALLS}", refused.len()));
            }
        };
        stall.release();
        counted?;
        println!("{waiting} calls of {CALLS} were let in");
        check!(refused.iter().all(|error| *error == libc::ENOMEM), "refused with {refused:?}");
        check!(
            waiting as u64 <= most,
            "a MiB is kept for each of {waiting} calls in a machine that has {}",
            total()?
        );
        check!(waiting > 0, "none was let in");
        Ok(())
    })?;
    // All of that is given back: what is left is that the page is alone.
    check_eq!(call(), libc::EFAULT, "a call afterwards");
    Ok(())
}

/// A control group with the process in it.
struct Group(&'static str);

impl Group {
    fn enter() -> io::Result<Self> {
        const ROOT: &str = "/sys/fs/cgroup";
        const PATH: &str = "/sys/fs/cgroup/goya-tests";
        if !Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            sys::mount("cgroup2", ROOT)?;
        }
        fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+memory")?;
        fs::create_dir_all(PATH)?;
        fs::write("/sys/fs/cgroup/goya-tests/cgroup.procs", "0")?;
        Ok(Self(PATH))
    }

    /// Bytes of kernel memory that are charged to it.
    fn kernel(&self) -> Result<u64> {
        let stat = read(&format!("{}/memory.stat", self.0))?;
        let line = stat.lines().find_map(|line| line.strip_prefix("kernel "));
        line.and_then(|bytes| bytes.parse().ok()).ok_or_else(|| format!("no kernel memory in {stat}"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::write("/sys/fs/cgroup/cgroup.procs", "0");
        let _ = fs::remove_dir(self.0);
    }
}

/// What the kernel keeps for a program is charged to its control group.
fn charged() -> Result {
    only_goya("charges kernel memory to a control group")?;
    let card = Card::open()?;
    let group = Group::enter().map_err(|e| format!("control group: {e}"))?;
    let grown = |least: u64, what: &str, make: &dyn Fn() -> io::Result<()>| -> Result {
        let before = group.kernel()?;
        make().map_err(|e| format!("{what}: {e}"))?;
        // Counted in batches.
        let bytes = group.kernel()?.saturating_sub(before);
        println!("{what}: {bytes} bytes");
        check!(bytes >= least, "{bytes} bytes of kernel memory are charged for {what}, of at least {least}");
        Ok(())
    };
    grown(8 << 20, "command buffers", &|| (0..8).try_for_each(|_| card.create_cb(1 << 20).map(drop)))?;
    let stamps = || card.memory(HL_MEM_OP_TS_ALLOC, 0, |m| m.num_of_elements = 1 << 20).map(drop);
    grown(8 << 20, "time stamps", &stamps)?;
    const MAPPINGS: u64 = 1500;
    let memory = Mapping::anonymous(MAPPINGS as usize * 4096).map_err(|e| e.to_string())?;
    let pages = (0..MAPPINGS).map(|n| memory.address() + n * 4096);
    let map = || pages.clone().try_for_each(|page| card.map_host_range(page, 4096).map(drop));
    grown(MAPPINGS * 256, "mappings", &map)
}
