// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tests of the address spaces, with a card that walks what it was given.

use kernel::prelude::*;

#[kunit_tests(goya_page_table)]
mod tests {
    use super::*;
    use core::mem::take;

    use super::super::{extent::*, hop::*, page_table::*};
    use crate::hw::map::{DRAM_VIRTUAL, HOST_VIRTUAL};

    const TABLES: u64 = 0x1000_0000;
    const DEFAULT: u64 = 0x1FC0_0000;
    const HOST: u64 = HOST_VIRTUAL.start;
    const DRAM: u64 = DRAM_VIRTUAL.start;
    const PHYSICAL: u64 = 0x80_0000_0000;

    /// The card's memory for tables.
    struct Card {
        memory: KVVec<u64>,
        /// Where the walk of address space 1 begins.
        hop0: u64,
        /// Entries that were written.
        written: usize,
        /// Entries that are created later, and where; until then, nobody knows what is there.
        waiting: KVVec<(u64, u64)>,
        /// An address that is mapped all the time, and to what.
        watched: Option<(u64, u64)>,
        wrong: bool,
    }

    impl Card {
        fn new(tables: usize) -> Result<(Self, TablePool)> {
            let card = Self {
                memory: KVVec::from_elem(0, tables * ENTRIES, GFP_KERNEL)?,
                hop0: TABLES + TABLE_SIZE,
                written: 0,
                waiting: KVVec::new(),
                watched: None,
                wrong: false,
            };
            let pool = TablePool::new(TABLES, tables as u64 * TABLE_SIZE, 2)?;
            Ok((card, pool))
        }

        fn slot(&self, address: u64) -> usize {
            (address.wrapping_sub(TABLES) / ENTRY_SIZE as u64) as usize
        }

        fn walk(&self, va: u64) -> Option<u64> {
            let mut table = self.hop0;
            for hop in 0..HOPS {
                let entry = *self.memory.get(self.slot(table) + index(va, hop))?;
                if entry & PRESENT == 0 {
                    return None;
                }
                if entry & LAST != 0 {
                    return Some((entry & ADDRESS) + va % span(hop));
                }
                table = entry & ADDRESS;
            }
            None
        }
    }

    impl Card {
        fn put(&mut self, address: u64, entry: u64) {
            let slot = self.slot(address);
            match self.memory.get_mut(slot) {
                Some(to) => *to = entry,
                None => self.wrong = true,
            }
        }

        fn look(&mut self) {
            if let Some((va, address)) = self.watched {
                self.wrong |= self.walk(va) != Some(address);
            }
        }
    }

    impl PteSink for Card {
        fn write(&mut self, address: u64, entries: &[u64]) {
            for (address, entry) in take(&mut self.waiting) {
                self.put(address, entry);
            }
            for (address, entry) in (address..).step_by(ENTRY_SIZE).zip(entries) {
                self.put(address, *entry);
            }
            self.written += entries.len();
            self.look();
        }

        fn create(&mut self, address: u64, entries: &[u64]) {
            for (address, entry) in (address..).step_by(ENTRY_SIZE).zip(entries) {
                self.put(address, u64::MAX);
                let waits = self.waiting.push((address, *entry), GFP_KERNEL);
                self.wrong |= waits.is_err();
            }
            self.written += entries.len();
            self.look();
        }
    }

    /// A user's address space on a card with so many tables.
    fn user(tables: usize) -> Result<(Card, TablePool, AddressSpace)> {
        let (mut card, mut pool) = Card::new(tables)?;
        let space = AddressSpace::new(&mut pool, &mut card, 1, Some(DEFAULT))?;
        if space.hop0() == card.hop0 {
            Ok((card, pool, space))
        } else {
            Err(EIO)
        }
    }

    fn run(address: u64, size: u64) -> [Run; 1] {
        [Run { address, size }]
    }

    fn settle(invalidation: Invalidation, pool: &mut TablePool) -> Result {
        invalidation.settle(pool, || Ok(()))
    }

    #[test]
    fn default_page() -> Result {
        let (mut card, mut pool, mut space) = user(16)?;
        // Two of hop 0; one of hop 1, hop 2 and hop 3 each.
        assert_eq!(pool.used(), 5);
        assert!(card.written < 700);
        for va in [0, DRAM, DRAM + 0x1234_5678, DRAM_DEFAULT_END - 1] {
            let default = Some(DEFAULT + va % HUGE_PAGE);
            assert_eq!((card.walk(va), space.translate(va)), (default, default));
            assert_eq!(space.walk(va).hops().len(), 4);
        }
        for va in [
            DRAM_DEFAULT_END,
            HOST,
            HOST_VIRTUAL.end,
            VIRTUAL_END,
            u64::MAX,
        ] {
            assert_eq!(space.translate(va), None);
        }
        assert_eq!(card.walk(DRAM_DEFAULT_END), None);
        // A page, its neighbour, and an end.
        let va = DRAM + (5 << 30) + HUGE_PAGE;
        card.watched = Some((va + HUGE_PAGE, DEFAULT));
        let run = run(0x4000_0000, HUGE_PAGE);
        let map = space.map(&mut pool, &mut card, va, run);
        let map = map.map_err(|e| e.failure.errno())?;
        assert!(map.needed());
        settle(map, &mut pool)?;
        assert_eq!(pool.used(), 6);
        assert_eq!(card.walk(va + 5), Some(0x4000_0005));
        assert_eq!(space.translate(va + 5), Some(0x4000_0005));
        let again = space
            .map(&mut pool, &mut card, va, run)
            .err()
            .ok_or(EINVAL)?;
        assert_eq!(again.failure, MapFailure::Exists(va));
        assert!(!again.invalidation.needed());
        let unmapped = space.unmap(&mut pool, &mut card, va, HUGE_PAGE);
        assert_eq!(unmapped.holes, 0);
        assert!(unmapped.invalidation.needed());
        settle(unmapped.invalidation, &mut pool)?;
        assert_eq!(card.walk(va), Some(DEFAULT));
        assert_eq!(pool.used(), 5);
        // The default page can't be unmapped.
        let unmapped = space.unmap(&mut pool, &mut card, va, HUGE_PAGE);
        assert_eq!(
            (unmapped.holes, unmapped.invalidation.needed()),
            (512, false)
        );
        assert!(!card.wrong);
        let (invalidation, left) = space.destroy(&mut pool, &mut card);
        settle(invalidation, &mut pool)?;
        assert_eq!((left, pool.used()), (0, 2));
        Ok(())
    }

    #[test]
    fn refused() -> Result {
        let (mut card, mut pool, mut space) = user(16)?;
        let mut map = |va, address, size| {
            let result = space.map(&mut pool, &mut card, va, run(address, size));
            result.err().map(|e| (e.failure, e.invalidation.needed()))
        };
        let misaligned =
            |va, address, size| Some((MapFailure::Misaligned(va, Run { address, size }), false));
        assert_eq!(map(HOST, 1, 4096), misaligned(HOST, 1, 4096));
        assert_eq!(map(HOST, 0, 4095), misaligned(HOST, 0, 4095));
        assert_eq!(map(HOST, 0, 0), misaligned(HOST, 0, 0));
        let end = VIRTUAL_END - SMALL_PAGE;
        assert_eq!(map(end, 0, 8192), misaligned(end, 0, 8192));
        assert_eq!(
            map(u64::MAX - 4095, 0, 4096),
            misaligned(u64::MAX - 4095, 0, 4096)
        );
        let small = Some((MapFailure::SmallPage(DRAM), false));
        assert_eq!(map(DRAM, 0x2000_0000, SMALL_PAGE), small);
        assert_eq!(map(DRAM, 0x2000_1000, HUGE_PAGE), small);
        assert_eq!(small.map(|(failure, _)| failure.errno()), Some(EFAULT));
        Ok(())
    }

    /// Huge pages wherever both addresses allow, and a card that is not wiped needlessly.
    #[test]
    fn mixed_pages() -> Result {
        let (mut card, mut pool, mut space) = user(32)?;
        let before = (pool.used(), card.written);
        let (va, size) = (
            HOST + HUGE_PAGE - SMALL_PAGE,
            2 * HUGE_PAGE + 2 * SMALL_PAGE,
        );
        let address = PHYSICAL + 3 * HUGE_PAGE - SMALL_PAGE;
        let map = space.map(&mut pool, &mut card, va, run(address, size));
        let map = map.map_err(|e| e.failure.errno())?;
        assert!(!map.needed());
        settle(map, &mut pool)?;
        // A small page, two huge ones, a small page, in one table of hop 1, 2 and 3, and two of hop 4.
        assert_eq!(pool.used() - before.0, 5);
        // No table is written as a whole.
        assert_eq!(card.written - before.1, 2 + 4 + 1 + 1 + 1);
        for offset in (0..size).step_by(SMALL_PAGE as usize) {
            assert_eq!(card.walk(va + offset + 9), Some(address + offset + 9));
            assert_eq!(space.translate(va + offset + 9), Some(address + offset + 9));
        }
        assert_eq!(space.walk(va).hops().len(), 5);
        assert_eq!(space.walk(va + SMALL_PAGE).hops().len(), 4);
        // A part of a huge page stays.
        let unmapped = space.unmap(&mut pool, &mut card, va, HUGE_PAGE);
        assert_eq!(unmapped.holes, 511);
        assert!(unmapped.invalidation.needed());
        settle(unmapped.invalidation, &mut pool)?;
        assert_eq!(card.walk(va), None);
        assert_eq!(card.walk(va + SMALL_PAGE), Some(address + SMALL_PAGE));
        let unmapped = space.unmap(&mut pool, &mut card, va, size);
        assert_eq!(unmapped.holes, 1);
        settle(unmapped.invalidation, &mut pool)?;
        assert_eq!(pool.used(), before.0);
        // Many small pages.
        let map = space.map(&mut pool, &mut card, HOST, run(SMALL_PAGE, 4 * HUGE_PAGE));
        settle(map.map_err(|e| e.failure.errno())?, &mut pool)?;
        let written = card.written;
        let unmapped = space.unmap(&mut pool, &mut card, HOST, 4 * HUGE_PAGE);
        assert_eq!(unmapped.holes, 0);
        settle(unmapped.invalidation, &mut pool)?;
        assert!(card.written - written < 16);
        assert_eq!(card.walk(HOST), None);
        // The tables that were left as they were don't show.
        for _ in 0..4 {
            let map = space.map(&mut pool, &mut card, HOST, run(0, SMALL_PAGE));
            settle(map.map_err(|e| e.failure.errno())?, &mut pool)?;
            assert_eq!(card.walk(HOST), Some(0));
            assert_eq!(card.walk(HOST + SMALL_PAGE), None);
            let unmapped = space.unmap(&mut pool, &mut card, HOST, SMALL_PAGE);
            settle(unmapped.invalidation, &mut pool)?;
        }
        Ok(())
    }

    /// One page comes and goes with few writes.
    #[test]
    fn one_page() -> Result {
        let (mut card, mut pool, mut space) = user(16)?;
        let written = card.written;
        for _ in 0..10 {
            let map = space.map(&mut pool, &mut card, HOST, run(PHYSICAL, SMALL_PAGE));
            settle(map.map_err(|e| e.failure.errno())?, &mut pool)?;
            let unmapped = space.unmap(&mut pool, &mut card, HOST, SMALL_PAGE);
            settle(unmapped.invalidation, &mut pool)?;
        }
        assert_eq!(card.written - written, 10 * 2 * HOPS);
        Ok(())
    }

    /// A map that fails midway leaves nothing behind.
    #[test]
    fn undone() -> Result {
        let (mut card, mut pool, mut space) = user(12)?;
        let taken = HOST + 5 * HUGE_PAGE;
        let map = space.map(&mut pool, &mut card, taken, run(PHYSICAL, SMALL_PAGE));
        settle(map.map_err(|e| e.failure.errno())?, &mut pool)?;
        let used = pool.used();
        card.watched = Some((taken, PHYSICAL));
        let runs = [(0, HUGE_PAGE), (0, SMALL_PAGE), (HUGE_PAGE, 6 * HUGE_PAGE)];
        let runs = runs.map(|(address, size)| Run { address, size });
        let error = space
            .map(&mut pool, &mut card, HOST, runs)
            .err()
            .ok_or(EINVAL)?;
        assert_eq!(error.failure, MapFailure::NoTable);
        assert!(error.invalidation.needed());
        settle(error.invalidation, &mut pool)?;
        assert_eq!(pool.used(), used);
        // With huge pages, there are tables enough, but the place is taken.
        let map = space.map(&mut pool, &mut card, HOST, run(0, 6 * HUGE_PAGE));
        let error = map.err().ok_or(EINVAL)?;
        assert_eq!(error.failure, MapFailure::Exists(taken));
        settle(error.invalidation, &mut pool)?;
        assert_eq!(pool.used(), used);
        for va in (HOST..taken).step_by(SMALL_PAGE as usize) {
            assert_eq!((card.walk(va), space.translate(va)), (None, None));
        }
        assert!(!card.wrong);
        let (invalidation, left) = space.destroy(&mut pool, &mut card);
        settle(invalidation, &mut pool)?;
        // The mapping that was left had tables of four hops.
        assert_eq!((left, pool.used()), (4, 2));
        Ok(())
    }

    #[test]
    fn no_room() -> Result {
        for tables in 3..5 {
            let (mut card, mut pool) = Card::new(tables)?;
            let space = AddressSpace::new(&mut pool, &mut card, 1, Some(DEFAULT));
            assert_eq!(space.err(), Some(ENOMEM));
            assert_eq!(pool.used(), 2);
            assert_eq!(card.walk(DRAM), None);
        }
        for tables in 5..9 {
            let (mut card, mut pool, mut space) = user(tables)?;
            let written = card.written;
            let map = space.map(&mut pool, &mut card, HOST, run(0, SMALL_PAGE));
            let error = map.err().ok_or(EINVAL)?;
            assert_eq!(error.failure, MapFailure::NoTable);
            // The card has seen nothing of it.
            assert!(!error.invalidation.needed());
            settle(error.invalidation, &mut pool)?;
            assert_eq!((pool.used(), card.written), (5, written));
        }
        Ok(())
    }

    /// The kernel's own address space has DRAM where it is, and no default page.
    #[test]
    fn kernels() -> Result {
        let (mut card, mut pool) = Card::new(16)?;
        let mut space = AddressSpace::new(&mut pool, &mut card, 0, None)?;
        card.hop0 = space.hop0();
        assert_eq!(card.hop0, TABLES);
        let map = space.map(&mut pool, &mut card, 0, run(0, 128 * HUGE_PAGE));
        settle(map.map_err(|e| e.failure.errno())?, &mut pool)?;
        let cpu = PHYSICAL;
        let map = space.map(&mut pool, &mut card, cpu, run(cpu + SMALL_PAGE, HUGE_PAGE));
        settle(map.map_err(|e| e.failure.errno())?, &mut pool)?;
        assert_eq!(card.walk(0x0FFF_FFFF), Some(0x0FFF_FFFF));
        assert_eq!(card.walk(0x1000_0000), None);
        assert_eq!(card.walk(cpu + 7), Some(cpu + SMALL_PAGE + 7));
        assert_eq!(pool.used(), 2 + 3 + 3);
        Ok(())
    }

    /// Any sequence of changes, against a list of mappings.
    #[test]
    fn model() -> Result {
        const SLOTS: usize = 24;
        const SLOT: u64 = 2 * HUGE_PAGE;
        let (mut card, mut pool, mut space) = user(40)?;
        let used = pool.used();
        // What is mapped in each piece of two places of the address space.
        let mut mapped = [None::<(u64, Run)>; SLOTS];
        let mut state = 7u64;
        let mut random = move |n: u64| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 33) % n
        };
        for _ in 0..3000 {
            let n = random(SLOTS as u64) as usize;
            let dram = n % 2 == 0;
            let base = if dram {
                DRAM + (1 << 30)
            } else {
                HOST + (1 << 39)
            } - 8 * HUGE_PAGE;
            let slot = base + n as u64 * SLOT;
            match mapped[n].take() {
                Some((va, run)) => {
                    let unmapped = space.unmap(&mut pool, &mut card, va, run.size);
                    assert_eq!(unmapped.holes, 0);
                    settle(unmapped.invalidation, &mut pool)?;
                }
                None => {
                    let page = if dram || random(3) == 0 {
                        HUGE_PAGE
                    } else {
                        SMALL_PAGE
                    };
                    let offset = random(SLOT / page) * page;
                    let most = (SLOT - offset) / page;
                    let few = if random(2) == 0 { most } else { most.min(30) };
                    let size = (random(few) + 1) * page;
                    let address = PHYSICAL + random(1 << 12) * page;
                    // In two runs, which may have been one.
                    let cut = random(size / page) * page;
                    let runs = [(address, cut), (address + cut, size - cut)];
                    let runs = runs.map(|(address, size)| Run { address, size });
                    let runs = runs.into_iter().filter(|run| run.size > 0);
                    match space.map(&mut pool, &mut card, slot + offset, runs) {
                        Ok(invalidation) => {
                            assert_eq!(invalidation.needed(), dram);
                            settle(invalidation, &mut pool)?;
                            mapped[n] = Some((slot + offset, Run { address, size }));
                        }
                        Err(error) => {
                            assert_eq!(error.failure, MapFailure::NoTable);
                            settle(error.invalidation, &mut pool)?;
                        }
                    }
                }
            }
            for _ in 0..40 {
                let n = random(SLOTS as u64) as usize;
                let dram = n % 2 == 0;
                let base = if dram {
                    DRAM + (1 << 30)
                } else {
                    HOST + (1 << 39)
                } - 8 * HUGE_PAGE;
                let va = base + n as u64 * SLOT + random(SLOT);
                let expected = match mapped[n] {
                    Some((start, run)) if (start..start + run.size).contains(&va) => {
                        Some(run.address + (va - start))
                    }
                    _ if dram => Some(DEFAULT + va % HUGE_PAGE),
                    _ => None,
                };
                assert_eq!((card.walk(va), space.translate(va)), (expected, expected));
            }
        }
        for (va, run) in mapped.into_iter().flatten() {
            let unmapped = space.unmap(&mut pool, &mut card, va, run.size);
            settle(unmapped.invalidation, &mut pool)?;
        }
        assert_eq!(pool.used(), used);
        assert!(!card.wrong);
        Ok(())
    }
}
