// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tests of the ranges of virtual addresses.

use kernel::prelude::*;

#[kunit_tests(goya_range)]
mod tests {
    use super::*;

    use super::super::{
        hop::{
            HUGE_PAGE,
            SMALL_PAGE, //
        },
        range::*,
    };
    use crate::hw::map::HOST_VIRTUAL;
    use core::ops::Range;

    const BASE: u64 = 1 << 48;

    fn refused(result: Result<Block, RangeFailure>) -> Option<RangeFailure> {
        result.err()
    }

    #[test]
    fn ends() -> Result {
        assert!(AddressRange::new(1..2 * SMALL_PAGE - 1, SMALL_PAGE).is_err());
        let mut range = AddressRange::new(BASE - 1..BASE + 2 * SMALL_PAGE + 5, SMALL_PAGE)?;
        let alloc = |range: &mut AddressRange, size| range.alloc(size, Align::Page, Hint::Wish(0));
        assert_eq!(refused(alloc(&mut range, 0)), Some(RangeFailure::Full(0)));
        let much = 2 * SMALL_PAGE + 1;
        assert_eq!(
            refused(alloc(&mut range, much)),
            Some(RangeFailure::Full(much))
        );
        let much = u64::MAX;
        assert_eq!(
            refused(alloc(&mut range, much)),
            Some(RangeFailure::Full(much))
        );
        let one = alloc(&mut range, 1).map_err(RangeFailure::errno)?;
        assert_eq!((one.start(), one.size()), (BASE, SMALL_PAGE));
        let two = alloc(&mut range, SMALL_PAGE).map_err(RangeFailure::errno)?;
        assert_eq!(two.start(), BASE + SMALL_PAGE);
        assert_eq!(range.holes().count(), 0);
        range.free(one);
        range.free(two);
        let all = BASE..BASE + 2 * SMALL_PAGE;
        assert!(range.holes().eq([all]));
        Ok(())
    }

    #[test]
    fn hints() -> Result {
        let mut range = AddressRange::host()?;
        let mut alloc = |hint, align| range.alloc(2 * SMALL_PAGE, align, hint);
        let at = BASE + 0x100_0000;
        let first = alloc(Hint::Force(at), Align::Page).map_err(RangeFailure::errno)?;
        assert_eq!(first.start(), at);
        for taken in [
            at,
            at - SMALL_PAGE,
            at + SMALL_PAGE,
            0,
            SMALL_PAGE,
            HOST_VIRTUAL.end,
        ] {
            let failure = refused(alloc(Hint::Force(taken), Align::Page));
            assert_eq!(failure, Some(RangeFailure::HintTaken(taken)));
        }
        let failure = refused(alloc(Hint::Force(at + 1), Align::Page));
        assert_eq!(failure, Some(RangeFailure::HintUnaligned(at + 1)));
        let failure = refused(alloc(Hint::Force(BASE + SMALL_PAGE), Align::Huge));
        assert_eq!(
            failure,
            Some(RangeFailure::HintUnaligned(BASE + SMALL_PAGE))
        );
        // A wish that can't be granted gets the smallest hole, which is the first one here.
        let wished = alloc(Hint::Wish(at), Align::Page).map_err(RangeFailure::errno)?;
        assert_eq!(wished.start(), BASE);
        let wished = alloc(Hint::Wish(at + 1), Align::Page).map_err(RangeFailure::errno)?;
        assert_eq!(wished.start(), BASE + 2 * SMALL_PAGE);
        let last = HOST_VIRTUAL.end - 2 * SMALL_PAGE;
        let wished = alloc(Hint::Wish(last), Align::Page).map_err(RangeFailure::errno)?;
        assert_eq!(wished.start(), last);
        Ok(())
    }

    /// A list of holes, searched as upstream does.
    struct Model(KVec<Range<u64>>);

    impl Model {
        fn find(&self, size: u64, align: u64, hint: u64) -> Option<u64> {
            let mut best: Option<Range<u64>> = None;
            for hole in self.0.iter() {
                let start = hole.start.next_multiple_of(align);
                if start >= hole.end || hole.end - start < size {
                    continue;
                }
                if hint != 0 && hint % align == 0 && hint >= start && hint + size <= hole.end {
                    return Some(hint);
                }
                if best
                    .as_ref()
                    .is_none_or(|b| hole.end - start < b.end - b.start)
                {
                    best = Some(start..hole.end);
                }
            }
            best.map(|best| best.start)
        }

        fn take(&mut self, taken: Range<u64>) -> Result {
            let mut holes = KVec::new();
            for hole in self.0.iter() {
                for part in [
                    hole.start..hole.end.min(taken.start),
                    hole.start.max(taken.end)..hole.end,
                ] {
                    if part.start < part.end {
                        holes.push(part, GFP_KERNEL)?;
                    }
                }
            }
            self.0 = holes;
            Ok(())
        }

        fn give(&mut self, given: Range<u64>) -> Result {
            let mut holes = KVec::<Range<u64>>::new();
            let mut given = Some(given);
            for hole in self.0.drain_all() {
                if let Some(given) = given.take_if(|given| given.start < hole.start) {
                    push_merged(&mut holes, given)?;
                }
                push_merged(&mut holes, hole)?;
            }
            if let Some(given) = given {
                push_merged(&mut holes, given)?;
            }
            self.0 = holes;
            Ok(())
        }
    }

    fn push_merged(holes: &mut KVec<Range<u64>>, hole: Range<u64>) -> Result {
        match holes.as_mut_slice().last_mut() {
            Some(last) if last.end == hole.start => last.end = hole.end,
            _ => holes.push(hole, GFP_KERNEL)?,
        }
        Ok(())
    }

    /// Outside of a test function, an assertion would not fail the test but stop the kernel.
    fn ensure(holds: bool) -> Result {
        if holds {
            Ok(())
        } else {
            Err(EIO)
        }
    }

    fn model(page_size: u64, pages: u64, mut state: u64) -> Result {
        // The first address is no multiple of a huge page.
        let all = BASE + page_size..BASE + (pages + 1) * page_size;
        let mut range = AddressRange::new(all.clone(), page_size)?;
        let mut model = Model(KVec::new());
        model.0.push(all.clone(), GFP_KERNEL)?;
        let mut blocks = KVec::<Block>::new();
        let mut random = move |n: u64| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 33) % n
        };
        for _ in 0..1000 {
            if random(5) < 2 && !blocks.is_empty() {
                let n = random(blocks.len() as u64) as usize;
                let block = blocks.remove(n).map_err(|_| EINVAL)?;
                model.give(block.start()..block.start() + block.size())?;
                range.free(block);
            } else {
                let huge = random(3) == 0;
                let size = (random(20) + 1) * page_size;
                let at = BASE + random(pages + 4) * page_size;
                let (hint, force) = [(0, false), (at, false), (at, true)][random(3) as usize];
                let align = if huge {
                    page_size.max(HUGE_PAGE)
                } else {
                    page_size
                };
                let mut expected = model.find(size, align, hint);
                if force && expected != Some(hint) {
                    expected = None;
                }
                let result = range.alloc(
                    size,
                    if huge { Align::Huge } else { Align::Page },
                    match (hint, force) {
                        (0, _) => Hint::Wish(0),
                        (at, false) => Hint::Wish(at),
                        (at, true) => Hint::Force(at),
                    },
                );
                ensure(result.as_ref().ok().map(Block::start) == expected)?;
                if let Ok(block) = result {
                    model.take(block.start()..block.start() + block.size())?;
                    blocks.push(block, GFP_KERNEL)?;
                }
            }
            ensure(range.holes().eq(model.0.iter().cloned()))?;
        }
        for block in blocks {
            range.free(block);
        }
        ensure(range.holes().eq([all]))
    }

    #[test]
    fn small_pages() -> Result {
        model(SMALL_PAGE, 3000, 1)?;
        model(SMALL_PAGE, 300, 2)
    }

    #[test]
    fn huge_pages() -> Result {
        model(HUGE_PAGE, 300, 3)
    }

    /// Many holes.
    #[test]
    fn many() -> Result {
        // Enough to have many holes; kernels with checkers are slow.
        const COUNT: u64 = 400;
        let mut range = AddressRange::host()?;
        let mut odd = KVec::new();
        let mut even = KVec::new();
        for n in 0..COUNT {
            let block = range.alloc(SMALL_PAGE, Align::Page, Hint::Wish(0));
            let block = block.map_err(RangeFailure::errno)?;
            assert_eq!(block.start(), BASE + n * SMALL_PAGE);
            let list = if n % 2 == 0 { &mut even } else { &mut odd };
            list.push(block, GFP_KERNEL)?;
        }
        for block in even {
            range.free(block);
        }
        assert_eq!(range.holes().count() as u64, COUNT / 2 + 1);
        for n in 0..COUNT / 2 {
            let two = range.alloc(2 * SMALL_PAGE, Align::Page, Hint::Wish(0));
            let two = two.map_err(RangeFailure::errno)?;
            assert_eq!(two.start(), BASE + (COUNT + 2 * n) * SMALL_PAGE);
            odd.push(two, GFP_KERNEL)?;
        }
        for block in odd {
            range.free(block);
        }
        assert!(range.holes().eq([HOST_VIRTUAL]));
        Ok(())
    }
}
