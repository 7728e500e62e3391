// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A core with some memory, for programs of a few words.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use goya_tpc_isa::{RawWord, Word, asm, table};

use super::super::{Cause, Core, Progress, Regions};

pub const CODE: u64 = 0x1_0000_0000;
/// Where [`Machine`] has its data.
pub const DATA: u64 = 0x20_0000_0000;

/// A core that sees results at once, and memory with a program and data.
pub struct Machine {
    pub core: Core,
    pub memory: Regions,
    /// The registers that the core starts with.
    pub config: HashMap<u32, u32>,
}

impl Machine {
    /// With the program of `text` and `data` at [`DATA`].
    pub fn new(text: &str, data: Vec<u8>) -> Self {
        let program = asm::assemble(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        Self::of(program.to_bytes(), data)
    }

    /// With a program's bytes.
    pub fn of(code: Vec<u8>, data: Vec<u8>) -> Self {
        record(&code);
        let memory = Regions { regions: vec![(CODE, code), (DATA, data)], ..Regions::default() };
        let config = HashMap::from([(0x660, CODE as u32), (0x664, (CODE >> 32) as u32)]);
        Self { core: Core::new(false), memory, config }
    }

    /// Describes tensor `number`, at [`DATA`] and densely packed, with elements of `1 << kind` bytes.
    pub fn tensor(&mut self, number: u32, kind: u32, padding: u32, sizes: [u32; 5]) {
        let at = 0x400 + 0x4C * number;
        let head = [DATA as u32, (DATA >> 32) as u32, padding, kind | 0x1F00 | 4 << 16];
        self.config.extend((at..).step_by(4).zip(head));
        let mut stride = 1;
        for (d, size) in (0..).zip(sizes) {
            self.config.extend([(at + 0x10 + 12 * d, size), (at + 0x14 + 12 * d, stride)]);
            stride *= size;
        }
    }

    /// Starts the program; registers can be set before it runs.
    pub fn start(&mut self) -> &mut Self {
        let config = &self.config;
        self.core.start(|at| config.get(&at).copied().unwrap_or(0));
        self
    }

    /// Runs the program, which has to halt.
    pub fn halt(&mut self) -> &mut Self {
        assert_eq!(self.core.run(&mut self.memory, 100_000), Progress::Halted);
        self
    }

    /// Runs the program, which has to be stopped: the cause, and the word.
    pub fn stop(&mut self) -> (Cause, u32) {
        match self.core.run(&mut self.memory, 100_000) {
            Progress::Stopped(stop) => (stop.cause, stop.word),
            other => panic!("{other:?}"),
        }
    }

    pub fn data(&self) -> &[u8] {
        &self.memory.regions[1].1
    }
}

/// A form of an instruction, by its row in the table of its slot, with the code of its type.
pub type Pair = (usize, usize, Option<u8>);

thread_local! {
    /// What the programs of this thread have had in them.
    static SEEN: RefCell<BTreeSet<Pair>> = const { RefCell::new(BTreeSet::new()) };
}

/// What programs have had in them since this was asked last.
pub fn seen() -> BTreeSet<Pair> {
    SEEN.take()
}

fn record(code: &[u8]) {
    let words = code.chunks_exact(32).filter_map(|word| word.try_into().ok()).map(RawWord::from_bytes);
    for word in words.filter_map(|word| Word::decode(&word).ok()) {
        let Word::Slots(slots) = word else { continue };
        for instruction in slots.iter() {
            let slot = instruction.form().slot;
            let row = table::forms(slot).iter().position(|form| form == instruction.form());
            let ty = instruction.ty().map(|ty| ty.code());
            SEEN.with_borrow_mut(|seen| row.map(|row| seen.insert((slot as usize, row, ty))));
        }
    }
}

/// Random numbers.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    /// Any bits, but often those at an edge of what a type holds.
    pub fn bits(&mut self) -> u32 {
        const EDGES: [u32; 12] = [
            0,
            1,
            0xFFFF_FFFF,
            0x7FFF_FFFF,
            0x8000_0000,
            0x7F7F_7F7F,
            0x8080_8080,
            0x7FFF_7FFF,
            0x8000_8000,
            0x3F80_0000,
            0x7F80_0000,
            0x0000_0080,
        ];
        if self.below(3) == 0 { EDGES[self.below(EDGES.len())] } else { self.next() }
    }
}
