// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Which instructions were executed between two marks: a line `ADDRESS COUNT` for each block of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Mutex;

use crate::qemu::{self, Block, Counter};

/// Counts what is executed between marks `first` and `first + 1`.
pub struct Profile {
    first: u16,
    path: String,
    blocks: Mutex<HashMap<u64, Counted>>,
}

struct Counted {
    counter: Counter,
    /// What it was at the first mark, and the sum of what was executed between marks.
    before: u64,
    sum: u64,
}

// SAFETY: a counter is a handle; the functions that take it may be called on every thread.
unsafe impl Send for Counted {}

impl Profile {
    /// `argument` is `LABEL:FILE`.
    pub fn new(argument: &str) -> Option<Self> {
        let (first, path) = argument.split_once(':')?;
        Some(Self { first: first.parse().ok()?, path: path.to_owned(), blocks: Mutex::default() })
    }

    /// `block` is to be counted.
    ///
    /// # Safety
    /// QEMU is translating it.
    pub unsafe fn translated(&self, block: *mut Block) {
        let Ok(mut blocks) = self.blocks.lock() else { return };
        // SAFETY: by the contract of this function.
        unsafe {
            let address = qemu::qemu_plugin_tb_vaddr(block);
            let counted = blocks.entry(address).or_insert_with(|| Counted {
                counter: Counter { score: qemu::qemu_plugin_scoreboard_new(size_of::<u64>()), offset: 0 },
                before: 0,
                sum: 0,
            });
            qemu::qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
                block,
                qemu::INLINE_ADD_U64,
                counted.counter,
                qemu::qemu_plugin_tb_n_insns(block) as u64,
            );
        }
    }

    /// A mark was executed.
    pub fn marked(&self, label: u16) {
        let Ok(mut blocks) = self.blocks.lock() else { return };
        for counted in blocks.values_mut() {
            // SAFETY: scoreboards are never freed.
            let now = unsafe { qemu::qemu_plugin_u64_sum(counted.counter) };
            if label == self.first {
                counted.before = now;
            } else if label == self.first + 1 {
                counted.sum += now - counted.before;
            }
        }
        if label == self.first + 1 {
            // A file that is not written is missed by whoever reads it.
            let _ = self.write(&blocks);
        }
    }

    fn write(&self, blocks: &HashMap<u64, Counted>) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(&self.path)?);
        for (address, counted) in blocks.iter().filter(|(_, counted)| counted.sum > 0) {
            writeln!(file, "{address:x} {}", counted.sum)?;
        }
        file.flush()
    }
}
