// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's files in debugfs: names, modes and formats are upstream's (`common/debugfs.c`).

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use goya_tests::card::{Card, open_node};
use goya_tests::control::Control;
use goya_tests::device::SRAM;
use goya_tests::kmsg;
use goya_tests::nodes::Nodes;
use goya_tests::packet::{CFG, Packets};
use goya_tests::sys::Mapping;
use goya_tests::{Result, check, check_eq};
use serde_json::json;

use super::{Test, fault, test};
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("debugfs.names", names),
    test("debugfs.command_buffers", command_buffers),
    Test { name: "debugfs.readers", run: readers, seconds: 90, emulated: false },
    fault("debugfs.work", work),
    test("debugfs.maps", maps),
    test("debugfs.data", data),
    test("debugfs.user_data", user_data),
    test("debugfs.settings", settings),
    test("debugfs.refused", refused),
];

/// All files, with their modes.
const FILES: &[(&str, u32)] = &[
    ("command_buffers", 0o644),
    ("command_submission", 0o644),
    ("command_submission_jobs", 0o644),
    ("userptr", 0o644),
    ("vm", 0o644),
    ("userptr_lookup", 0o644),
    ("mmu", 0o644),
    ("mmu_error", 0o644),
    ("engines", 0o644),
    ("memory_scrub_val", 0o644),
    ("memory_scrub", 0o200),
    ("addr", 0o644),
    ("data32", 0o644),
    ("data64", 0o644),
    ("set_power_state", 0o644),
    ("device", 0o644),
    ("clk_gate", 0o644),
    ("stop_on_err", 0o644),
    ("dump_security_violations", 0o400),
    ("dump_razwi_events", 0o400),
    ("dma_size", 0o200),
    ("data_dma", 0o400),
    ("monitor_dump_trig", 0o200),
    ("monitor_dump", 0o400),
    ("skip_reset_on_timeout", 0o644),
    ("state_dump", 0o644),
    ("timeout_locked", 0o644),
    ("device_release_watchdog_timeout", 0o644),
    ("server_type", 0o444),
    ("i2c_bus", 0o644),
    ("i2c_addr", 0o644),
    ("i2c_reg", 0o644),
    ("i2c_len", 0o644),
    ("i2c_data", 0o644),
    ("led0", 0o200),
    ("led1", 0o200),
    ("led2", 0o200),
];

fn path(name: &str) -> Result<PathBuf> {
    let device = fs::canonicalize(Nodes::chosen().sysfs()).map_err(|e| e.to_string())?;
    let address = device.file_name().unwrap_or_default();
    Ok(PathBuf::from("/sys/kernel/debug/accel").join(address).join(name))
}

/// All of a file.
pub fn read(name: &str) -> Result<String> {
    let path = path(name)?;
    // Some can be read in one piece only.
    let (mut text, mut buffer) = (String::new(), vec![0; 1 << 16]);
    let fail = |e| format!("{}: {e}", path.display());
    let mut file = fs::File::open(&path).map_err(fail)?;
    while let count @ 1.. = file.read(&mut buffer).map_err(fail)? {
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    // Some of upstream's end with a zero.
    Ok(text.trim_end_matches('\0').to_owned())
}

/// Reads words, many of them: finding the files takes the debug kernel longer than reading them.
pub struct Words {
    address: fs::File,
    word: fs::File,
}

impl Words {
    pub fn open() -> Result<Self> {
        let open = |name, options: &fs::OpenOptions| {
            let path = path(name)?;
            options.open(&path).map_err(|e| format!("{}: {e}", path.display()))
        };
        Ok(Self {
            address: open("addr", fs::File::options().write(true))?,
            word: open("data32", fs::File::options().read(true))?,
        })
    }

    /// The word at an address.
    pub fn at(&self, address: u64) -> Result<u32> {
        let mut text = [0; 64];
        (&self.address).write_all(format!("{address:#x}").as_bytes()).map_err(|e| format!("addr: {e}"))?;
        let length = self.word.read_at(&mut text, 0).map_err(|e| format!("data32: {e}"))?;
        let text = String::from_utf8_lossy(&text[..length]);
        let digits = text.trim_end_matches('\0').trim().trim_start_matches("0x");
        u32::from_str_radix(digits, 16).map_err(|e| format!("data32 {text:?}: {e}"))
    }
}

/// The same, or the error of the file's.
pub fn load(name: &str) -> Result<io::Result<Vec<u8>>> {
    Ok(fs::read(path(name)?))
}

/// Writes to a file; the error is the file's.
pub fn store(name: &str, text: &str) -> Result<io::Result<()>> {
    Ok(fs::write(path(name)?, text))
}

/// Writes to a file.
pub fn write(name: &str, text: &str) -> Result {
    store(name, text)?.map_err(|e| format!("{text:?} to {name}: {e}"))
}

/// The words of the rows of a table, below its head.
fn rows(name: &str) -> Result<Vec<Vec<String>>> {
    let text = read(name)?;
    let below = text.lines().skip_while(|line| !line.starts_with("----")).skip(1);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    Ok(below.filter(|line| !line.trim().is_empty()).map(words).collect())
}

fn names() -> Result {
    for (name, mode) in FILES {
        let data = fs::metadata(path(name)?).map_err(|e| format!("{name}: {e}"))?;
        check_eq!(data.permissions().mode() & 0o777, *mode, format!("the mode of {name}"));
    }
    Ok(())
}

fn command_buffers() -> Result {
    let card = Card::open()?;
    check_eq!(read("command_buffers")?, "", "nobody's command buffers");
    let handle = card.create_cb(0x3000).map_err(|e| e.to_string())?;
    let (before, mapping) = (rows("command_buffers")?, card.map_cb(handle, 0x3000));
    let after = rows("command_buffers")?;
    drop(mapping.map_err(|e| e.to_string())?);
    let expected = |mapped: &str| {
        let numbers = [format!("{handle:03}"), "1".into(), "0x00003000".into()];
        let counts = [if mapped == "1" { "2" } else { "1" }, mapped, "0"].map(str::to_owned);
        vec![numbers.into_iter().chain(counts).collect::<Vec<_>>()]
    };
    // Who refers to it is the driver's own business; that it is mapped is not.
    check_eq!((before[0].len(), before[0][..3].to_vec()), (6, expected("0")[0][..3].to_vec()), "the row");
    check_eq!((&before[0][4..], &after[0][4..]), (&expected("0")[0][4..], &expected("1")[0][4..]), "mapped?");
    Ok(())
}

/// What is on a queue that hangs is shown; and gone when it goes on.
fn work() -> Result {
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    let mut control = Control::open()?;
    control.inject("hang-queue", &json!({"queue": "dma2"}))?;
    let (first, second) = (card.job(1, &Packets::default().nop())?, card.job(2, &Packets::default().nop())?);
    let seq =
        card.submit(&[first.chunk, second.chunk, second.chunk], 0, 0).map_err(|e| format!("submit: {e}"))?;
    let seen = (rows("command_submission")?, rows("command_submission_jobs")?);
    control.clear()?;
    card.finish(seq)?;
    let (submissions, jobs) = seen;
    check_eq!(submissions.len(), 1, "submissions");
    check_eq!(submissions[0][..3].join(" "), format!("{seq} 0 1"), "number, type and address space");
    check_eq!(submissions[0][4..].join(" "), "1 0", "submitted, completed");
    // Those of queue 1 may be done.
    let mut queues: Vec<String> =
        jobs.iter().map(|job| format!("{} {} {}", job[0], job[1..4].join(" "), job[5])).collect();
    queues.sort_unstable();
    queues.retain(|job| !job.ends_with(" 1"));
    check_eq!(queues, [format!("02 {seq} 0 1 2"), format!("03 {seq} 0 1 2")], "jobs");
    card.poll("an empty list", |_| Ok(read("command_submission")?.is_empty()))?;
    check_eq!(read("command_submission_jobs")?, "", "jobs that are done");
    check!(read("engines")?.contains("DMA"), "no engines");
    Ok(())
}

/// Who reads keeps nothing of a user's: the next one can open the card as soon as it is closed.
fn readers() -> Result {
    only_goya("has no file that keeps a context")?;
    for text in ["no ctx available", "is not mapped to phys addr"] {
        kmsg::expect(text)?;
    }
    let node = Nodes::chosen().compute();
    Card::open_control()?.wait_unused()?;
    write("mmu", "1 0x1000")?;
    let done = AtomicBool::new(false);
    let read_on = |name: &'static str| {
        while !done.load(Ordering::Relaxed) {
            // Without a user there is nothing to show: an error.
            let _ = load(name);
        }
    };
    thread::scope(|scope| {
        let (done, read_on) = (&done, &read_on);
        for name in ["vm", "mmu"] {
            scope.spawn(move || read_on(name));
        }
        let opens = (0..40).try_for_each(|n| {
            // What is in there makes a table longer.
            let card = open_node(&node).map_err(|e| format!("open {n}: {e}"))?;
            let memory = card.host_memory(0x1000)?;
            drop(memory);
            Ok(())
        });
        done.store(true, Ordering::Relaxed);
        opens
    })
}

fn maps() -> Result {
    let card = Card::open()?;
    let memory = Mapping::anonymous(0x5000).map_err(|e| e.to_string())?;
    let host = card.map_host_range(memory.address(), 0x4800).map_err(|e| e.to_string())?;
    let dram = card.device_memory(2 << 20)?;
    let row = rows("userptr")?.pop().unwrap_or_default().join(" ");
    let pid = std::process::id();
    check_eq!(row, format!("{pid} {:#x} {} DMA_BIDIRECTIONAL", memory.address(), 0x4800), "userptr");
    let vm = read("vm")?;
    for text in [
        "ctx asid: 1".to_owned(),
        format!("    {host:#x}    "),
        format!("    {:#x}", dram.device),
        "page size: 2097152".to_owned(),
        "   va_range 2".to_owned(),
        "   physical address".to_owned(),
    ] {
        check!(vm.contains(&text), "no {text:?} in vm:\n{vm}");
    }
    write("userptr_lookup", &format!("{:#x}\n", memory.address() + 0x1004))?;
    let found = rows("userptr_lookup")?;
    check_eq!(found.len(), 1, "places of an address");
    let bus = u64::from_str_radix(found[0][1].trim_start_matches("0x"), 16).map_err(|e| e.to_string())?;
    // The walk ends there, too.
    write("mmu", &format!("1 {:#x}\n", host + 0x1004))?;
    let walk = read("mmu")?;
    let physical = walk.lines().next().and_then(|line| line.split("phys_addr: 0x").nth(1));
    let physical = physical.and_then(|text| u64::from_str_radix(text, 16).ok());
    check_eq!(physical, Some(bus), format!("the end of\n{walk}"));
    check!(walk.contains("hop0_addr: 0x") && walk.contains("hop3_pte_addr: 0x"), "hops of\n{walk}");
    card.unmap(host).map_err(|e| e.to_string())?;
    check_eq!(read("userptr")?, "", "unmapped memory");
    kmsg::expect("usage: echo <asid> <0xaddr> > mmu")?;
    for wrong in ["1", "1 1000", "x 0x1000", "1 0x"] {
        check!(store("mmu", wrong)?.is_err(), "{wrong:?} is taken");
    }
    Ok(())
}

/// Reads what `addr` is set to, as `data32` and `data64` show it.
fn look(address: u64) -> Result<(String, String)> {
    write("addr", &format!("{address:#x}"))?;
    Ok((read("data32")?, read("data64")?))
}

/// Registers, SRAM and DRAM, the latter beyond the window too.
fn data() -> Result {
    let card = Card::open_control()?;
    let dram_end = 0x2000_0000 + card.hw_ip()?.dram_size;
    for address in [SRAM + 0x10_0000, 0x3000_0000, dram_end - 0x1000] {
        write("addr", &format!("{address:#x}"))?;
        check_eq!(read("addr")?, format!("{address:#018x}\n"), "addr");
        write("data64", "1122334455667788")?;
        write("data32", "0xAABBCCDD")?;
        let expected = ("0xaabbccdd\n".into(), "0x11223344aabbccdd\n".into());
        check_eq!(look(address)?, expected, format!("what is at {address:#x}"));
    }
    // The first sync object counts what is written to it.
    let object = CFG + 0x11_2000;
    write("addr", &format!("{object:#x}"))?;
    write("data32", "0x23")?;
    check_eq!(look(object)?.0, "0x00000023\n", "a sync object");
    write("data32", "0")?;
    kmsg::expect("invalid addr 0x7e00000000")?;
    write("addr", "0x7e00000000")?;
    check!(load("data32")?.is_err() && store("data64", "1")?.is_err(), "a wrong address");
    check!(store("data32", "0x100000000")?.is_err(), "a number that is too large");
    Ok(())
}

/// What a user has mapped, by the card's addresses.
fn user_data() -> Result {
    let card = Card::open()?;
    let memory = card.host_memory(0x2000)?;
    memory.memory.write(0x1000, &0x0102_0304u32.to_le_bytes());
    check_eq!(look(memory.device + 0x1000)?.0, "0x01020304\n", "a user's word");
    write("data32", "55667788")?;
    check_eq!(memory.memory.word(0x1000), 0x5566_7788, "the word");
    let dram = card.device_memory(2 << 20)?;
    write("addr", &format!("{:#x}", dram.device + 8))?;
    write("data64", "99")?;
    check_eq!(card.get(dram.device + 8, 8)?, 0x99u64.to_le_bytes(), "the card's word");
    kmsg::expect("is not mapped")?;
    write("addr", &format!("{:#x}", memory.device + 0x10_0000))?;
    check!(load("data32")?.is_err(), "an address that is not mapped");
    Ok(())
}

/// Settings show what was stored.
fn settings() -> Result {
    for (name, text, shown) in [
        ("timeout_locked", "17", "17\n"),
        ("timeout_locked", "0", "4294967\n"),
        ("timeout_locked", "30", "30\n"),
        ("skip_reset_on_timeout", "1", "0x01\n"),
        ("skip_reset_on_timeout", "0", "0x00\n"),
        ("device_release_watchdog_timeout", "31", "31\n"),
        ("device_release_watchdog_timeout", "30", "30\n"),
        ("memory_scrub_val", "0x5", "0x0000000000000005\n"),
        ("memory_scrub_val", "0x1122334455667788", "0x1122334455667788\n"),
        ("i2c_bus", "3", "3\n"),
    ] {
        write(name, text)?;
        check_eq!(read(name)?, shown, format!("{name} after {text}"));
    }
    check_eq!(read("server_type")?, "0\n", "server_type");
    check_eq!(read("set_power_state")?, "current power state: 1\n1 - D0\n2 - D3hot\n3 - Unknown\n", "power");
    let orders = "Valid values: disable, enable, suspend, resume, cpu_timeout\n";
    check_eq!(read("device")?, orders, "device");
    // A dump, once there is one, has the heads of lists that are empty on this card.
    let dump = read("state_dump")?;
    check!(dump.is_empty() || dump.contains("Non zero sync objects:\n\nValid"), "state_dump: {dump}");
    for empty in ["clk_gate", "dump_security_violations", "dump_razwi_events"] {
        check_eq!(read(empty)?, "", empty);
    }
    // The engines take this when they are started again.
    let card = Card::open_control()?;
    for stop in ["0\n", "1\n"] {
        let before = card.resets()?;
        write("stop_on_err", stop)?;
        card.poll("a soft reset", |card| Ok(card.resets()?.1 > before.1))?;
        card.wait_operational()?;
        check_eq!(read("stop_on_err")?, stop, "stop_on_err");
    }
    write("device", "disable")?;
    let disabled = Card::open();
    write("device", "enable")?;
    check!(disabled.is_err(), "a card that is disabled can be opened");
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

fn refused() -> Result {
    for text in [
        "Valid values: disable",
        "Must write 1 to trigger monitor dump",
        "Failed to dump monitors",
        "DMA read failed",
        "Reading via DMA is unimplemented yet",
        "Failed to DMA from",
        "Invalid number of dumps to skip",
        "can't scrub dram, context exist",
        "mmu_cap_mask is not set",
        "usage: echo <0xmmu_cap_mask",
    ] {
        kmsg::expect(text)?;
    }
    write("addr", &format!("{SRAM:#x}"))?;
    let mut wrong = vec![
        ("device", "sleep", libc::EINVAL),
        ("monitor_dump_trig", "2", libc::EINVAL),
        ("monitor_dump_trig", "1", libc::EIO),
        ("dma_size", "0", libc::EINVAL),
        ("dma_size", "0x8000001", libc::EINVAL),
        ("dma_size", "0x1000", libc::EIO),
        ("state_dump", "0", libc::EINVAL),
        ("state_dump", "5", libc::EINVAL),
        ("memory_scrub", "1", libc::EOPNOTSUPP),
        ("mmu_error", "1", libc::EINVAL),
        ("set_power_state", "3", libc::EINVAL),
        ("timeout_locked", "soon", libc::EINVAL),
        ("vm", "1", libc::EINVAL),
    ];
    let try_all = |wrong: &[(&str, &str, i32)]| -> Result {
        wrong.iter().try_for_each(|(name, text, error)| {
            let got = store(name, text)?.err().and_then(|e| e.raw_os_error());
            check_eq!(got, Some(*error), format!("{text:?} to {name}"));
            Ok(())
        })
    };
    try_all(&wrong)?;
    // Goya has nothing to acknowledge.
    write("mmu_error", "0x1")?;
    check!(fs::read(path("mmu_error")?).is_err(), "mmu_error can be read");
    let _card = Card::open()?;
    wrong = vec![("memory_scrub", "1", libc::EBUSY)];
    try_all(&wrong)
}
