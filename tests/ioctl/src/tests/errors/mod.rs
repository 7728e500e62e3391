// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Every error of every ioctl, in tables: its number, what is left in the arguments, what it is counted as;
//! and that it leaves the card as it was.
//!
//! Each test opens the card once: on a debug kernel that takes longer than a hundred refusals.

mod busy;
mod cb;
mod cs;
mod debug;
mod info;
mod mem;
mod nodes;
mod packets;
mod wait;

use std::io;

use goya_tests::card::Card;
use goya_tests::packet::Packets;
use goya_tests::sys::{self, errno};
use goya_tests::{Result, check_eq, kmsg};
use goya_uapi::*;

pub use busy::needs_reset;
pub use cs::{all_by as submissions_by, queues_by};

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("errors.info_control_node", info::control_node),
    test("errors.info_compute_node", info::compute_node),
    test("errors.cb", cb::all),
    test("errors.cs", cs::all),
    test("errors.cs_queues", cs::queues),
    test("errors.packets", packets::all),
    test("errors.wait", wait::all),
    test("errors.memory", mem::all),
    test("errors.debug", debug::all),
    test("errors.nodes", nodes::all),
];

/// An address where no program has memory.
const NOWHERE: u64 = 0x1000;
/// An address of the kernel's.
const KERNELS: u64 = 0xFFFF_8880_0000_0000;

/// How many submissions were refused, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Drops {
    memory: u64,
    parsing: u64,
    queue_full: u64,
    in_reset: u64,
    in_flight: u64,
    validation: u64,
}

impl Drops {
    /// Of all contexts, and of this one.
    fn read(card: &Card) -> Result<(Self, Self)> {
        let mut c = hl_info_cs_counters::default();
        card.info(HL_INFO_CS_COUNTERS, &mut c).map_err(|e| format!("CS_COUNTERS: {e}"))?;
        let total = Self {
            memory: c.total_out_of_mem_drop_cnt,
            parsing: c.total_parsing_drop_cnt,
            queue_full: c.total_queue_full_drop_cnt,
            in_reset: c.total_device_in_reset_drop_cnt,
            in_flight: c.total_max_cs_in_flight_drop_cnt,
            validation: c.total_validation_drop_cnt,
        };
        let own = Self {
            memory: c.ctx_out_of_mem_drop_cnt,
            parsing: c.ctx_parsing_drop_cnt,
            queue_full: c.ctx_queue_full_drop_cnt,
            in_reset: c.ctx_device_in_reset_drop_cnt,
            in_flight: c.ctx_max_cs_in_flight_drop_cnt,
            validation: c.ctx_validation_drop_cnt,
        };
        Ok((total, own))
    }

    fn validation(validation: u64) -> Self {
        Self { validation, ..Self::default() }
    }

    fn parsing(parsing: u64) -> Self {
        Self { parsing, ..Self::default() }
    }

    fn minus(self, before: Self) -> Self {
        Self {
            memory: self.memory - before.memory,
            parsing: self.parsing - before.parsing,
            queue_full: self.queue_full - before.queue_full,
            in_reset: self.in_reset - before.in_reset,
            in_flight: self.in_flight - before.in_flight,
            validation: self.validation - before.validation,
        }
    }
}

/// What errors must leave as it was.
struct Before<'a> {
    card: &'a Card,
    drops: (Drops, Drops),
    dram: (u64, u64),
    resets: (u32, u32),
}

impl<'a> Before<'a> {
    fn new(card: &'a Card) -> Result<Self> {
        Ok(Self { card, drops: Drops::read(card)?, dram: dram(card)?, resets: card.resets()? })
    }

    /// Submissions were refused as `expected` since [`Self::new`] or the last call.
    fn counted(&mut self, expected: Drops, what: &str) -> Result {
        let now = Drops::read(self.card)?;
        let drops = (now.0.minus(self.drops.0), now.1.minus(self.drops.1));
        self.drops = now;
        check_eq!(drops, (expected, expected), format!("{what}: drops of all, of this context"));
        Ok(())
    }

    /// Nothing else has changed, and the card works.
    fn unchanged(mut self) -> Result {
        self.counted(Drops::default(), "at the end")?;
        check_eq!(dram(self.card)?, self.dram, "free memory, own memory");
        check_eq!(self.card.resets()?, self.resets, "resets");
        self.card.run(1, &Packets::default().nop()).map(drop)
    }
}

/// Bytes of the card's memory that are free, and that this context has.
fn dram(card: &Card) -> Result<(u64, u64)> {
    let mut usage = hl_info_dram_usage::default();
    card.info(HL_INFO_DRAM_USAGE, &mut usage).map_err(|e| format!("DRAM_USAGE: {e}"))?;
    Ok((usage.dram_free_mem, usage.ctx_dram_mem))
}

/// Announces errors in the kernel log.
fn expect(texts: &[&str]) -> Result {
    texts.iter().try_for_each(|text| kmsg::expect(text))
}

/// Two 32-bit fields, one after the other.
const fn pair(first: u32, second: u32) -> u64 {
    first as u64 | (second as u64) << 32
}

/// Does an ioctl of `N` words and checks its error and all that it leaves in them.
fn refused<const N: usize>(
    card: &Card,
    command: u32,
    words: [u64; N],
    error: i32,
    left: [u64; N],
    what: &str,
) -> Result {
    let mut args = words;
    check_eq!(errno(sys::ioctl(card, command, &mut args)), error, what);
    check_eq!(args, left, format!("{what}: what is left of the arguments"));
    Ok(())
}

/// A result with its error in words.
fn ok<T>(result: io::Result<T>, what: &str) -> Result<T> {
    result.map_err(|e| format!("{what}: {e}"))
}
