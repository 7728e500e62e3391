// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's files in sysfs and debugfs: all are read, and those are written that do no harm which their name promises.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use goya_tests::device::SRAM;
use goya_tests::nodes::Nodes;

use crate::random::Random;
use crate::tally::{Kind, Tally};

/// The most bytes read at once.
const READ: u64 = 64 << 10;
/// How deep sysfs' directories are looked into.
const DEPTH: usize = 3;

/// What is written to a file.
#[derive(Clone, Copy)]
enum Value {
    /// Any number.
    Number,
    /// A number below this.
    Below(u64),
    /// An address of memory that users have.
    Address,
    /// One of these words.
    Words(&'static [&'static str]),
}

/// Files in sysfs.
const SYSFS: &[(&str, Value)] = &[
    ("max_power", Value::Number),
    ("high_pll", Value::Number),
    ("ic_clk", Value::Number),
    ("mme_clk", Value::Number),
    ("tpc_clk", Value::Number),
    ("pm_mng_profile", Value::Words(&["auto", "manual", "neither", ""])),
    ("soft_reset", Value::Words(&["1"])),
];

/// Files in debugfs.
const DEBUGFS: &[(&str, Value)] = &[
    ("addr", Value::Address),
    ("data32", Value::Number),
    ("data64", Value::Number),
    ("dma_size", Value::Below(64 << 10)),
    ("userptr_lookup", Value::Address),
    ("mmu", Value::Words(&["0x1 0x7ff0010000", "1 0x1000000000000", "0 0x8000000000", "x"])),
    ("mmu_error", Value::Below(4)),
    ("memory_scrub_val", Value::Number),
    ("memory_scrub", Value::Below(2)),
    ("stop_on_err", Value::Below(2)),
    ("skip_reset_on_timeout", Value::Words(&["0"])),
    ("timeout_locked", Value::Words(&["1", "2"])),
    ("state_dump", Value::Below(8)),
    ("monitor_dump_trig", Value::Below(4)),
    ("i2c_bus", Value::Number),
    ("i2c_addr", Value::Number),
    ("i2c_reg", Value::Number),
    ("i2c_len", Value::Below(9)),
    ("i2c_data", Value::Number),
    ("led0", Value::Below(3)),
    ("led1", Value::Below(3)),
    ("led2", Value::Below(3)),
];

/// The files of a card.
pub struct Attributes {
    tally: Tally,
    sysfs: Vec<PathBuf>,
    debugfs: Vec<PathBuf>,
}

impl Attributes {
    /// Those that there are now.
    pub fn find(tally: Tally) -> Self {
        let device = fs::canonicalize(Nodes::chosen().sysfs()).unwrap_or_default();
        let (mut sysfs, mut debugfs) = (Vec::new(), Vec::new());
        walk(&device, DEPTH, &mut sysfs);
        // What the bus has in the same directory is not the driver's.
        sysfs.retain(|path| !is_of_bus(path));
        let name = device.file_name().unwrap_or_default();
        walk(&Path::new("/sys/kernel/debug/accel").join(name), 1, &mut debugfs);
        Self { tally, sysfs, debugfs }
    }

    /// Reads or writes one of them.
    pub fn any(&self, random: &mut Random) {
        let (kind, files, values) = if random.once_in(2) {
            (Kind::Sysfs, &self.sysfs, SYSFS)
        } else {
            (Kind::Debugfs, &self.debugfs, DEBUGFS)
        };
        let done = if random.once_in(3) {
            let at = random.below(values.len() as u64) as usize;
            let Some((name, value)) = values.get(at) else { return };
            // A reset takes everybody's time.
            if *name == "soft_reset" && !random.once_in(16) {
                return;
            }
            let Some(path) = files.iter().find(|path| path.ends_with(name)) else { return };
            fs::write(path, text(random, *value))
        } else {
            let at = random.below(files.len() as u64) as usize;
            let Some(path) = files.get(at) else { return };
            read(random, path)
        };
        let _ = self.tally.count(kind, u32::from(done.is_err()), done);
    }
}

fn read(random: &mut Random, path: &Path) -> io::Result<()> {
    let mut buffer = vec![0; random.size(READ) as usize];
    let at = if random.once_in(4) { random.size(READ) } else { 0 };
    File::open(path)?.read_at(&mut buffer, at).map(drop)
}

fn text(random: &mut Random, value: Value) -> String {
    let number = match value {
        Value::Number => random.number(),
        Value::Below(limit) => random.below(limit),
        Value::Address => SRAM + random.below(1 << 20) * 4,
        Value::Words(words) => return random.pick(words).unwrap_or("").to_owned(),
    };
    match random.below(16) {
        0 => format!("{number}\n"),
        1 => "x".repeat(1 + random.below(5000) as usize),
        2 => String::new(),
        3 => "-1".to_owned(),
        _ => format!("{number:#x}"),
    }
}

fn is_of_bus(path: &Path) -> bool {
    const BUS: [&str; 12] = [
        "remove",
        "rescan",
        "reset",
        "reset_method",
        "enable",
        "config",
        "rom",
        "driver_override",
        "unbind",
        "bind",
        "uevent",
        "msi_bus",
    ];
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    BUS.contains(&name) || name.starts_with("resource")
}

fn walk(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            // Links lead elsewhere.
            Ok(kind) if kind.is_file() => files.push(path),
            Ok(kind) if kind.is_dir() && depth > 1 => walk(&path, depth - 1, files),
            _ => {}
        }
    }
}
