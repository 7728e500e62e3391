// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the card can do with nobody in between: this program has a DMA channel's queue to itself, rings its doorbell, and
//! looks for completions. A driver can't be faster.
//!
//! The driver has set the card up, and must have nothing to do on that channel. The ring is moved to memory of ours, of
//! which the card needs the physical address. Nobody is interrupted: that takes a driver.

use std::fs::{File, OpenOptions};
use std::hint::spin_loop;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use goya_tests::Result;
use goya_tests::nodes::{self, Nodes};
use goya_tests::packet::Packets;
use goya_tests::sys::Mapping;

use crate::row;

/// The channel: not one that the driver has jobs of its own for.
const CHANNEL: u64 = 4;
/// Where the BAR of SRAM and configuration space has the queue managers' registers (`mmDMA_QM_0_BASE`), and how far they
/// are apart.
const MANAGERS: u64 = 0x0C00_0000 + 0x40_0000;
const STRIDE: u64 = 0x8000;
/// Registers of a queue manager (`dma_qm_0_regs.h`).
const GLBL_CFG0: usize = 0x00;
const PQ_BASE_LO: usize = 0x60;
const PQ_BASE_HI: usize = 0x64;
const PQ_SIZE: usize = 0x68;
const PQ_PI: usize = 0x6C;
const PQ_CI: usize = 0x70;
/// All four parts of it are on.
const ON: u32 = 0xF;
/// Where the card finds the host's memory (`HOST_PHYS_BASE`).
const HOST: u64 = 0x80_0000_0000;

const PAGE: usize = 4096;
/// Entries of the ring, and bytes of one.
const ENTRIES: usize = 128;
const ENTRY: usize = 16;
/// In the page behind the ring: a word for each job that its end is written to. In the pages behind that, the jobs.
const ENDS: usize = PAGE;
const JOBS: usize = 2 * PAGE;
/// Bytes between two jobs: a NOP and the message of its end.
const JOB: usize = 32;
const PAGES: usize = 3;
const ENDED: u32 = 1;

/// How long an end may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Samples of a row, and how long each takes.
const SAMPLES: usize = 8;
const TIME: Duration = Duration::from_millis(40);
/// Jobs of a sample of latency.
const RUNS: usize = 200;

/// All rows about the card alone. Measured last: the driver's queue is gone afterwards.
pub fn rows() {
    let mut queue = match nodes::module().as_deref() {
        Ok("goya") => Queue::take(),
        _ => Err("it is the card's, whoever drives it".to_owned()),
    };
    let mut of = |measure: fn(&mut Queue) -> Result<Vec<f64>>| match &mut queue {
        Ok(queue) => measure(queue),
        Err(reason) => Err(reason.clone()),
    };
    row::samples("bare_latency_us", &of(latency));
    row::samples("bare_per_second_depth16", &of(|queue| per_second(queue, 16)));
    row::samples("bare_per_second_depth64", &of(|queue| per_second(queue, 64)));
}

/// Microseconds from a doorbell to the end.
fn latency(queue: &mut Queue) -> Result<Vec<f64>> {
    let mut once = || {
        let start = Instant::now();
        queue.push();
        queue.ring();
        queue.pop().map(|()| start.elapsed().as_secs_f64() * 1e6)
    };
    let mut sample = |_| (0..RUNS).map(|_| once()).collect::<Result<Vec<_>>>().map(row::median);
    (0..SAMPLES).map(&mut sample).collect()
}

/// Jobs a second. Whenever one has ended the card is told of the next, and of all whose predecessors have ended meanwhile.
fn per_second(queue: &mut Queue, depth: usize) -> Result<Vec<f64>> {
    let mut sample = |_| {
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < TIME {
            while queue.under_way() < depth {
                queue.push();
            }
            queue.ring();
            queue.pop()?;
            count += 1;
            while queue.under_way() > 0 && queue.has_ended() {
                queue.pop()?;
                count += 1;
            }
        }
        let time = start.elapsed().as_secs_f64();
        while queue.under_way() > 0 {
            queue.pop()?;
        }
        Ok(f64::from(count) / time)
    };
    (0..SAMPLES).map(&mut sample).collect()
}

/// The channel's queue.
struct Queue {
    registers: Mapping,
    memory: Mapping,
    /// Where the card finds each of the pages.
    pages: [u64; PAGES],
    /// Jobs so far, and how many of them have ended.
    pushed: usize,
    popped: usize,
}

impl Queue {
    fn take() -> Result<Self> {
        let bar = format!("{}/resource0", Nodes::chosen().sysfs());
        let error = |e| format!("{bar}: {e}");
        let file = OpenOptions::new().read(true).write(true).open(&bar).map_err(error)?;
        let registers = Mapping::of_file(&file, PAGE, MANAGERS + CHANNEL * STRIDE).map_err(error)?;
        let memory = Mapping::anonymous(PAGES * PAGE).map_err(|e| format!("memory: {e}"))?;
        let mut pages = [0; PAGES];
        for (n, page) in pages.iter_mut().enumerate() {
            *page = HOST + physical(memory.address() + (n * PAGE) as u64)?;
        }
        let queue = Self { registers, memory, pages, pushed: 0, popped: 0 };
        (0..ENTRIES).for_each(|n| queue.describe(n));
        let [ring, ..] = queue.pages;
        for (register, value) in [
            (GLBL_CFG0, 0),
            (PQ_BASE_LO, ring as u32),
            (PQ_BASE_HI, (ring >> 32) as u32),
            (PQ_SIZE, ENTRIES.ilog2()),
            (PQ_PI, 0),
            (PQ_CI, 0),
            (GLBL_CFG0, ON),
        ] {
            queue.registers.store(register, value);
        }
        Ok(queue)
    }

    /// Where the card finds what is at `at` in the memory.
    fn address(&self, at: usize) -> u64 {
        self.pages[at / PAGE] + (at % PAGE) as u64
    }

    /// Writes job `n` and its descriptor, which stay as they are.
    fn describe(&self, n: usize) {
        let job = Packets::default().nop().msg_prot(self.address(ENDS + 4 * n), ENDED);
        let at = JOBS + n * JOB;
        self.memory.write(at, job.bytes());
        self.memory.write(n * ENTRY, &self.address(at).to_le_bytes());
        self.memory.write(n * ENTRY + 8, &(job.bytes().len() as u64).to_le_bytes());
    }

    fn under_way(&self) -> usize {
        self.pushed - self.popped
    }

    fn end(&self, job: usize) -> usize {
        ENDS + job % ENTRIES * 4
    }

    /// One job more.
    fn push(&mut self) {
        self.memory.store(self.end(self.pushed), 0);
        self.pushed += 1;
    }

    /// The card is told of all.
    fn ring(&self) {
        self.registers.store(PQ_PI, (self.pushed % (2 * ENTRIES)) as u32);
    }

    /// Whether the oldest job has ended.
    fn has_ended(&self) -> bool {
        self.memory.load(self.end(self.popped)) == ENDED
    }

    /// Waits for the end of the oldest job.
    fn pop(&mut self) -> Result {
        let start = Instant::now();
        while !self.has_ended() {
            spin_loop();
            if start.elapsed() > PATIENCE {
                return Err("the card does not end a job".to_owned());
            }
        }
        self.popped += 1;
        Ok(())
    }
}

impl Drop for Queue {
    /// The card uses the memory no more.
    fn drop(&mut self) {
        self.registers.store(GLBL_CFG0, 0);
        // A read comes back after the write has arrived.
        self.registers.load(GLBL_CFG0);
    }
}

/// The physical address of what is at `address`.
fn physical(address: u64) -> Result<u64> {
    const PRESENT: u64 = 1 << 63;
    const NUMBER: u64 = (1 << 55) - 1;
    let mut entry = [0; 8];
    let map = File::open("/proc/self/pagemap").map_err(|e| format!("pagemap: {e}"))?;
    map.read_exact_at(&mut entry, address / PAGE as u64 * 8).map_err(|e| format!("pagemap: {e}"))?;
    let entry = u64::from_le_bytes(entry);
    match entry & NUMBER {
        number if number != 0 && entry & PRESENT != 0 => Ok(number * PAGE as u64),
        _ => Err("pagemap tells no address".to_owned()),
    }
}
