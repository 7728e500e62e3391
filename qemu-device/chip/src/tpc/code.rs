// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The decoded code of a kernel.

use std::collections::HashMap;

use goya_tpc_isa::{RawWord, WORD_SIZE};

use super::memory::{Memory, MemoryFault};
use super::op::Step;

/// Words that are fetched and decoded at a time.
const PAGE_WORDS: usize = 128;
const PAGE_SIZE: usize = PAGE_WORDS * WORD_SIZE;
/// Pages that are kept: 1 MiB of code. A program that jumps about in all of memory decodes them again and again.
const MAX_PAGES: usize = 256;

/// A decoded word.
#[derive(Debug)]
pub struct Cached {
    /// What it does.
    pub step: Step,
    /// The words from here on that do nothing, in the same page.
    pub idle: u32,
    /// The same from the next word on.
    pub idle_behind: u32,
}

/// A page of code.
#[derive(Debug)]
struct Page {
    /// What it was decoded from.
    bytes: Vec<u8>,
    steps: Box<[Cached]>,
}

/// The code from a base address on, decoded page by page as it is executed. A page is decoded again only if a
/// kernel starts that has other bytes there. Pages lie in memory as those of the MMU do, of which the next may be nobody's.
#[derive(Debug, Default)]
pub struct Code {
    base: u64,
    /// Words of the first page that are in front of the base.
    skew: u32,
    /// Pages that the kernel has executed.
    pages: HashMap<u32, Page>,
    /// Pages of kernels before, which may have changed since.
    stale: HashMap<u32, Page>,
    /// The page that is executed. It is not among the others.
    current: Option<(u32, Page)>,
}

impl Code {
    /// Begins with the kernel at `base`.
    pub fn begin(&mut self, base: u64) {
        let before = std::mem::replace(&mut self.base, base);
        self.skew = (base % PAGE_SIZE as u64) as u32 / WORD_SIZE as u32;
        self.invalidate();
        if before != base {
            self.stale.clear();
        }
    }

    /// Looks at memory again before a page is executed.
    pub fn invalidate(&mut self) {
        self.stale.extend(self.current.take());
        self.stale.extend(self.pages.drain());
    }

    /// The word `index` words behind the base; `None` if it cannot be read.
    pub fn fetch(&mut self, index: u32, memory: &mut impl Memory) -> Option<&Cached> {
        let (page, at) = self.place(index);
        if self.current.as_ref().is_none_or(|current| current.0 != page) {
            self.turn(page, memory);
        }
        self.current.as_ref()?.1.steps.get(at)
    }

    /// The page of word `index`, and its place there.
    fn place(&self, index: u32) -> (u32, usize) {
        let index = u64::from(index) + u64::from(self.skew);
        ((index / PAGE_WORDS as u64) as u32, index as usize % PAGE_WORDS)
    }

    /// The bits of that word, if its page is the current one and could be read as a whole.
    pub fn bits(&self, index: u32) -> Option<RawWord> {
        let (page, at) = self.place(index);
        let (_, page) = self.current.as_ref().filter(|current| current.0 == page)?;
        let start = at * WORD_SIZE;
        Some(RawWord::from_bytes(page.bytes.get(start..start + WORD_SIZE)?.try_into().ok()?))
    }

    /// Makes `page` the current one.
    fn turn(&mut self, page: u32, memory: &mut impl Memory) {
        if self.pages.len() + self.stale.len() >= MAX_PAGES {
            self.pages.clear();
            self.stale.clear();
        }
        self.pages.extend(self.current.take());
        let known = self.pages.remove(&page);
        let decoded = known.unwrap_or_else(|| {
            let first = self.base.wrapping_sub(u64::from(self.skew) * WORD_SIZE as u64);
            let start = first.wrapping_add(u64::from(page) * PAGE_SIZE as u64);
            let stale = self.stale.remove(&page);
            let mut bytes = vec![0; PAGE_SIZE];
            match memory.fetch(start, &mut bytes) {
                Ok(()) => match stale.filter(|stale| stale.bytes == bytes) {
                    Some(stale) => stale,
                    None => Page { steps: decode(&bytes, |_, _| Ok(())), bytes },
                },
                // It need not be readable as a whole. The bytes that can be read are no page to compare with.
                Err(MemoryFault) => Page {
                    steps: decode(&bytes, |at, word| memory.fetch(start.wrapping_add(at), word)),
                    bytes: Vec::new(),
                },
            }
        });
        self.current = Some((page, decoded));
    }
}

/// Decodes the words of a page. `read` may put another word in the place of one, by its distance in bytes.
fn decode(bytes: &[u8], mut read: impl FnMut(u64, &mut [u8]) -> Result<(), MemoryFault>) -> Box<[Cached]> {
    let words = bytes.chunks_exact(WORD_SIZE).enumerate().map(|(i, bytes)| {
        let mut word = [0; WORD_SIZE];
        word.copy_from_slice(bytes);
        match read((i * WORD_SIZE) as u64, &mut word) {
            Ok(()) => Step::new(&RawWord::from_bytes(&word)),
            Err(MemoryFault) => Step::Unreadable,
        }
    });
    let mut steps: Box<[_]> = words.map(|step| Cached { step, idle: 0, idle_behind: 0 }).collect();
    let mut idle = 0;
    for cached in steps.iter_mut().rev() {
        cached.idle_behind = idle;
        idle = if matches!(&cached.step, Step::Ops(ops) if ops.is_empty()) { idle + 1 } else { 0 };
        cached.idle = idle;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::super::memory::ReadOnly;
    use super::*;

    /// What is behind a page of the MMU may be nobody's, and an access that fails there would be seen as the kernel's.
    #[test]
    fn no_fetch_crosses_a_page_of_memory() {
        for base in [0, 0x20, 0x1000, 0x1FE0, 0xFFFF_FFFF_FFFF_FFE0, 0x2010] {
            let mut fetched = Vec::new();
            let mut memory = ReadOnly(|address: u64, bytes: &mut [u8]| {
                fetched.push((address, bytes.len() as u64));
                // Each word has its address.
                for (at, word) in (address..=u64::MAX).step_by(32).zip(bytes.chunks_mut(32)) {
                    word.fill(0);
                    word[..8].copy_from_slice(&at.to_le_bytes());
                }
            });
            let mut code = Code::default();
            code.begin(base);
            for index in [0, 1, 126, 127, 128, 129, 255, 256, 300, 0] {
                assert!(code.fetch(index, &mut memory).is_some());
                let word = code.bits(index).unwrap().to_bytes();
                assert_eq!(
                    word[..8],
                    base.wrapping_add(32 * u64::from(index)).to_le_bytes(),
                    "{base:#x} {index}"
                );
            }
            for (address, len) in fetched {
                assert!(
                    base % 32 != 0 || address >> 12 == address.wrapping_add(len - 1) >> 12,
                    "{address:#x}"
                );
            }
        }
    }

    #[test]
    fn decoded_code_does_not_grow_without_end() {
        let mut code = Code::default();
        let mut zeros = ReadOnly(|_, bytes: &mut [u8]| bytes.fill(0));
        for round in 0..3 {
            code.begin(round % 2);
            for page in 0..MAX_PAGES as u32 {
                assert!(matches!(
                    code.fetch(page * PAGE_WORDS as u32, &mut zeros),
                    Some(Cached { step: Step::Illegal(_), .. })
                ));
                assert!(code.pages.len() + code.stale.len() <= MAX_PAGES);
            }
        }
    }
}
