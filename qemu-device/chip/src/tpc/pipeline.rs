// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The exposed pipeline: a result is in its register at once, and what it replaced is kept for as long as
//! somebody may still have to read that.
//!
//! What was replaced is in a ring, where each entry leads to the one before of the same register: whether something is read too
//! early is seen at the register's newest entry, nearly always by its age. A vector is not copied: it changes places.

use goya_tpc_isa::latency::{self, MAX_DISTANCE, Read, Write};
use goya_tpc_isa::{File, Instruction, Loop, Register};

use super::registers::{Address, Registers};
use super::vector::Mask;
use super::vectors::Place;

/// Registers that results reach late.
const REGISTERS: usize = 148;
/// Values that can have been replaced a short time ago, and more: LOAD writes two registers a word, SPU two, VPU four, STORE one.
const VALUES: usize = 128;
const _: () = assert!(VALUES >= 9 * (MAX_DISTANCE as usize + 1));
/// Vectors among them: LOAD writes two a word, VPU four.
const VECTORS: usize = 64;
const _: () = assert!(VECTORS >= 6 * (MAX_DISTANCE as usize + 1));

/// A read or a write of one register.
#[derive(Debug, Clone, Copy)]
pub struct One<T> {
    register: Register,
    /// Its number among the registers of all files.
    number: u8,
    when: T,
}

impl<T: Copy> One<T> {
    /// Those of `count` registers from `first` on; none of a file whose registers have their results at once.
    fn each(first: Register, count: u8, when: T) -> impl Iterator<Item = Self> {
        let base = match first.file {
            File::S => Some(0),
            File::Vp => Some(36),
            File::Sp => Some(52),
            File::I => Some(68),
            File::Ad => Some(100),
            File::V => Some(108),
            _ => None,
        };
        let numbers =
            (first.number..first.number + count).filter_map(move |number| Some((number, base? + number)));
        numbers.map(move |(at, number)| Self { register: Register { number: at, ..first }, number, when })
    }
}

/// The registers that are read.
fn each_read(reads: impl Iterator<Item = Read>) -> Box<[One<Read>]> {
    reads.flat_map(|read| One::each(read.register, read.count, read)).collect()
}

/// The registers that `instruction` reads.
pub fn reads(instruction: &Instruction) -> Box<[One<Read>]> {
    each_read(latency::reads(instruction))
}

/// The registers that `instruction` writes.
pub fn writes(instruction: &Instruction) -> Box<[One<Write>]> {
    latency::writes(instruction).flat_map(|write| One::each(write.register, write.count, write)).collect()
}

/// The registers that are a loop's bounds and its predicate.
pub fn loop_reads(l: &Loop) -> Box<[One<Read>]> {
    each_read(latency::loop_reads(l))
}

/// What a register held; of a vector, its place among those that were replaced. It is written and read by words, for a processor
/// stalls when it reads as a whole what has just been written in parts.
type Value = [u32; 8];

/// When a register was written last, and in the low byte where that is in the ring.
#[derive(Debug, Clone, Copy, Default)]
struct Last(u64);

impl Last {
    fn new(word: u64, at: u8) -> Self {
        Self(word << 8 | u64::from(at))
    }

    /// How many words before `word` it was.
    fn age(self, word: u64) -> u64 {
        word - (self.0 >> 8)
    }

    const fn at(self) -> usize {
        (self.0 & 0xFF) as usize
    }
}

/// A value that was replaced.
#[derive(Debug, Default)]
struct Replaced {
    value: Value,
    write: Option<Write>,
    /// The write before of the same register.
    before: Last,
}

/// The values that have been replaced a short time ago.
#[derive(Debug)]
pub struct Pipeline {
    exposed: bool,
    word: u64,
    /// The newest of each register.
    last: [Last; REGISTERS],
    replaced: Vec<Replaced>,
    next: u8,
    /// Vectors among them, in turns.
    vectors: Vec<Place>,
    next_vector: u8,
    /// The word of the newest of all.
    newest: u64,
    /// Registers that hold old values for a moment, and what they held. A vector is where the old one was.
    patched: Vec<(Register, Value)>,
}

impl Pipeline {
    /// A pipeline; unless it is `exposed`, results are seen by the next word.
    pub fn new(exposed: bool) -> Self {
        let mut pipeline = Self {
            exposed,
            word: 0,
            last: [Last::default(); REGISTERS],
            replaced: Vec::new(),
            next: 0,
            vectors: Vec::new(),
            next_vector: 0,
            newest: 0,
            patched: Vec::new(),
        };
        pipeline.restart(exposed);
        pipeline
    }

    /// The same of one that has been used.
    pub fn restart(&mut self, exposed: bool) {
        self.exposed = exposed;
        if exposed {
            self.replaced.resize_with(VALUES, Replaced::default);
            self.vectors.resize_with(VECTORS, Place::default);
        }
        // All is too old to matter, whatever it was.
        self.word += u64::from(MAX_DISTANCE) + 1;
    }

    /// So many words begin.
    #[inline]
    pub fn pass(&mut self, words: u64) {
        self.word += words;
        // Where nothing is left, what was used last is used again: it is in the processor's cache.
        if self.word - self.newest > u64::from(MAX_DISTANCE) {
            (self.next, self.next_vector) = (0, 0);
        }
    }

    /// Keeps what `writes` will replace, but for vectors.
    #[inline]
    pub fn record(&mut self, writes: &[One<Write>], registers: &Registers) {
        if !self.exposed {
            return;
        }
        for write in writes.iter().filter(|write| write.register.file != File::V) {
            get(registers, write.register, self.keep(write));
        }
    }

    /// Keeps the vectors that `writes` have replaced, of registers from `first` on: they change places with older ones.
    #[inline]
    pub fn record_vectors(
        &mut self,
        writes: &[One<Write>],
        first: u8,
        replaced: &mut [Place],
        registers: &Registers,
    ) {
        if !self.exposed {
            return;
        }
        for write in writes.iter().filter(|write| write.register.file == File::V) {
            let (number, place) = (write.register.number, self.next_vector);
            self.next_vector = (place + 1) % VECTORS as u8;
            let Some(to) = self.vectors.get_mut(usize::from(place)) else { continue };
            match number.checked_sub(first).and_then(|k| replaced.get_mut(usize::from(k))) {
                Some(vector) => std::mem::swap(to, vector),
                None => **to = *registers.v(number),
            }
            self.keep(write)[0] = place.into();
        }
    }

    /// Where what `write` replaces is kept.
    #[inline]
    fn keep(&mut self, write: &One<Write>) -> &mut Value {
        let (at, last) = (self.next, &mut self.last[usize::from(write.number)]);
        self.next = (at + 1) % VALUES as u8;
        self.newest = self.word;
        let replaced = &mut self.replaced[usize::from(at)];
        replaced.write = Some(write.when);
        replaced.before = *last;
        *last = Last::new(self.word, at);
        &mut replaced.value
    }

    /// Makes the registers that are read too early hold what the reader sees. Answers after how many words all would have been
    /// there.
    #[inline]
    pub fn patch(&mut self, reads: &[One<Read>], registers: &mut Registers) -> u8 {
        let mut stall = 0;
        for read in reads {
            let last = self.last[usize::from(read.number)];
            let age = last.age(self.word);
            if age >= u64::from(read.when.longest) {
                continue;
            }
            let newest = &self.replaced[last.at()];
            let there = newest.write.is_none_or(|write| u64::from(read.when.distance(&write)) <= age);
            // What came before it is nearly always too old to matter.
            if !there || newest.before.age(self.word) < u64::from(read.when.longest) {
                stall = stall.max(self.patch_one(read, last, registers));
            }
        }
        stall
    }

    /// The same of one whose newest entry is `last`.
    fn patch_one(&mut self, read: &One<Read>, mut last: Last, registers: &mut Registers) -> u8 {
        // The oldest result that is not there yet hides all that came after it.
        let mut early = None;
        while let Some(age) = Some(last.age(self.word)).filter(|&age| age <= u64::from(MAX_DISTANCE)) {
            let replaced = &self.replaced[last.at()];
            let distance = replaced.write.map_or(0, |write| read.when.distance(&write));
            let rest = distance.saturating_sub(age as u8);
            if rest > 0 {
                early = Some((last.at(), rest));
            }
            last = replaced.before;
        }
        let Some((at, rest)) = early else { return 0 };
        self.show(read.register, self.replaced[at].value, registers);
        rest
    }

    /// Makes `register` hold an old value for a moment.
    fn show(&mut self, register: Register, value: Value, registers: &mut Registers) {
        // What is read twice, at other stages, is as the later reader sees it.
        if let Some(at) = self.patched.iter().position(|(patched, _)| *patched == register) {
            let (_, held) = self.patched.swap_remove(at);
            self.put(register, held, registers);
        }
        let mut held = value;
        get(registers, register, &mut held);
        self.put(register, value, registers);
        self.patched.push((register, held));
    }

    /// Gives a register a value; a vector changes places with the one that it held.
    fn put(&mut self, register: Register, value: Value, registers: &mut Registers) {
        let number = register.number;
        let pair = |i: usize| u64::from(value[2 * i]) | u64::from(value[2 * i + 1]) << 32;
        match register.file {
            File::S => registers.set_s(number, value[0]),
            File::Sp => registers.set_sp(number, value[0] != 0),
            File::I => *registers.i_mut(number) = std::array::from_fn(|d| value[d] as i32),
            File::Ad => registers.set_ad(number, Address { address: pair(0), element: value[2] as u8 }),
            File::Vp => {
                let mask = Mask(std::array::from_fn(pair));
                registers.vp_mut(number).into_iter().for_each(|to| *to = mask);
            }
            _ => registers.v.exchange(number, &mut self.vectors[value[0] as usize]),
        }
    }

    /// Gives the registers back what they held.
    #[inline]
    pub fn unpatch(&mut self, registers: &mut Registers) {
        while let Some((register, held)) = self.patched.pop() {
            self.put(register, held, registers);
        }
    }

    /// The same as [`Self::unpatch`], but for loop counters, which the loop has set.
    pub fn unpatch_scalars(&mut self, registers: &mut Registers) {
        let counter = |register: &Register| register.file == File::S && register.number >= 32;
        self.patched.retain(|(register, _)| !counter(register));
        self.unpatch(registers);
    }
}

/// What a register holds. A vector's place is not known here: it is the one of the value that is shown in its stead.
#[inline]
fn get(registers: &Registers, register: Register, to: &mut Value) {
    let number = register.number;
    match register.file {
        File::S => to[0] = registers.s(number),
        File::Sp => to[0] = registers.sp(number).into(),
        File::I => to.iter_mut().zip(registers.i(number)).for_each(|(to, at)| *to = at as u32),
        File::Ad => {
            let Address { address, element } = registers.ad(number);
            [to[0], to[1], to[2]] = [address as u32, (address >> 32) as u32, element.into()];
        }
        File::Vp => {
            let words =
                registers.vp(number).0.into_iter().flat_map(|bits| [bits as u32, (bits >> 32) as u32]);
            to.iter_mut().zip(words).for_each(|(to, word)| *to = word);
        }
        _ => {}
    }
}
