// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The program counter: words in a row, jumps and loops.

use goya_tpc_isa::loops::{Bound, Compare};
use goya_tpc_isa::{Loop, WORD_SIZE};

use super::cause::Cause;
use super::choices;
use super::registers::Registers;
use super::stop::Stop;

/// Loops inside of each other.
const MAX_DEPTH: usize = 4;
/// The scalar register that the outermost loop counts in.
const FIRST_COUNTER: usize = 32;

/// A loop that is being executed.
#[derive(Debug, Clone, Copy)]
struct Active {
    first: u32,
    last: u32,
    boundary: i32,
    step: i32,
    compare: Compare,
    once: bool,
}

impl Active {
    /// Whether `word` is in its body.
    fn has(&self, word: u32) -> bool {
        (self.first..=self.last).contains(&word)
    }
}

/// What follows the delay slot of a loop.
#[derive(Debug, Clone, Copy)]
enum Delayed {
    /// The body.
    Enter(Active),
    /// What follows the last word of the body, which is this.
    Skip(u32),
}

/// The program counter and the loops around it.
#[derive(Debug)]
pub struct Control {
    word: u32,
    /// The word behind which something follows but the next one: a delay slot, or the last of the innermost loop.
    turn: u32,
    loops: Vec<Active>,
    delayed: Option<Delayed>,
}

impl Default for Control {
    fn default() -> Self {
        Self { word: 0, turn: u32::MAX, loops: Vec::new(), delayed: None }
    }
}

impl Control {
    /// The word that is executed, counted from the kernel's first.
    #[must_use]
    pub const fn word(&self) -> u32 {
        self.word
    }

    /// Passes over words that do nothing, `words` at most, up to where something follows but the next word. It is
    /// left at the last of them. Returns how many they were.
    pub fn idle(&mut self, words: u64) -> u64 {
        let end = self.turn.checked_sub(self.word).map_or(u64::MAX, |rest| u64::from(rest) + 1);
        let words = words.min(end).min(u64::from(u32::MAX - self.word)).max(1);
        self.word += (words - 1) as u32;
        words
    }

    /// Passes over so many words that do nothing at once, if they are those from `first` on and something else follows none of them. Returns
    /// whether it has.
    #[inline]
    pub fn skip(&mut self, first: u32, words: u32) -> bool {
        let skipped = self.word == first && self.turn.checked_sub(first).is_some_and(|rest| words <= rest);
        if skipped {
            self.word += words;
        }
        skipped
    }

    /// Goes on behind a word that was no jump.
    #[inline]
    pub fn advance(&mut self, registers: &mut Registers) -> Result<(), Box<Stop>> {
        if self.word == self.turn {
            return self.turn(registers);
        }
        self.word = self.word.checked_add(1).ok_or(Cause::PcWrap)?;
        Ok(())
    }

    /// The same behind a delay slot, the last word of a loop, or that of all.
    fn turn(&mut self, registers: &mut Registers) -> Result<(), Box<Stop>> {
        match self.delayed.take() {
            Some(Delayed::Enter(active)) => {
                self.word = active.first;
                self.loops.push(active);
                self.turn = active.last;
                return Ok(());
            }
            Some(Delayed::Skip(last)) => self.word = last,
            None => {}
        }
        // The end of a loop may be that of the one around it, or behind it: then that one is left, as by a jump.
        while let Some(active) = self.loops.last() {
            if active.last == self.word {
                let counter = &mut registers.s[FIRST_COUNTER + self.loops.len() - 1];
                let value = (*counter as i32).wrapping_add(active.step);
                *counter = value as u32;
                if active.compare.holds(value, active.boundary) && !active.once {
                    self.word = active.first;
                    self.turn = active.last;
                    return Ok(());
                }
            } else if active.has(self.word) {
                break;
            }
            self.loops.pop();
        }
        self.turn = self.innermost();
        self.word = self.word.checked_add(1).ok_or(Cause::PcWrap)?;
        Ok(())
    }

    /// The last word of the innermost loop; that of all if there is none.
    fn innermost(&self) -> u32 {
        self.loops.last().map_or(u32::MAX, |active| active.last)
    }

    /// Goes where a jump says. The word behind it is not executed.
    pub fn jump(&mut self, relative: bool, distance: u32) -> Result<(), Box<Stop>> {
        let from = if relative || !choices::JMPA_COUNTS_FROM_BASE {
            i64::from(self.word) * WORD_SIZE as i64
        } else {
            0
        };
        let to = if relative { from + i64::from(distance as i32) } else { i64::from(distance) };
        if to % WORD_SIZE as i64 != 0 {
            return Err(Stop::because(Cause::IllegalInstruction, "a jump into the middle of a word"));
        }
        self.word = u32::try_from(to / WORD_SIZE as i64).map_err(|_| Cause::PcWrap)?;
        let word = self.word;
        self.delayed = None;
        // Loops that are left are over.
        while self.loops.last().is_some_and(|active| !active.has(word)) {
            self.loops.pop();
        }
        self.turn = self.innermost();
        Ok(())
    }

    /// Begins a loop; the next word is its delay slot.
    pub fn begin_loop(&mut self, l: &Loop, registers: &mut Registers) -> Result<(), Box<Stop>> {
        let bound = |bound| match bound {
            Bound::Register(number) => registers.s(number) as i32,
            Bound::Immediate(value) => value,
        };
        let [start, boundary, step] = l.bounds().map(bound);
        let end = || self.word.checked_add(u32::from(l.end) / WORD_SIZE as u32);
        let (Some(last), Some(first)) = (end(), self.word.checked_add(2)) else {
            return Err(Cause::PcWrap.into());
        };
        if self.delayed.is_some() {
            return Err(Stop::because(Cause::IllegalInstruction, "a loop in a loop's delay slot"));
        }
        if u32::from(l.end) % WORD_SIZE as u32 != 0 {
            return Err(Stop::because(Cause::IllegalInstruction, "a loop that ends inside of a word"));
        }
        let executed = registers.sp(l.predicate.number) != l.predicate.inverted;
        if executed {
            if self.loops.len() >= MAX_DEPTH {
                return Err(Stop::because(Cause::IllegalInstruction, "a fifth loop inside of four"));
            }
            registers.s[FIRST_COUNTER + self.loops.len()] = start as u32;
        }
        let enter = executed && l.compare.holds(start, boundary);
        if enter && last < first {
            return Err(Stop::because(Cause::IllegalInstruction, "a loop without a body"));
        }
        self.delayed = Some(if enter {
            Delayed::Enter(Active { first, last, boundary, step, compare: l.compare, once: l.once })
        } else {
            // Where the end is none, the delay slot is not executed twice.
            Delayed::Skip(last.max(first - 1))
        });
        self.word += 1;
        self.turn = self.word;
        Ok(())
    }
}
