// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tests of [`super::tables`]: when memory is given back.

use kernel::prelude::*;

#[kunit_tests(goya_tables)]
mod tests {
    use super::{
        super::{
            device_memory::PAGE_SIZE,
            dram::{Dram, DramFailure},
            hop::PteSink,
            mapping::{Backing, Mapping},
            range::{AddressRange, Align, Hint, RangeFailure},
            table_memory::TableMemory,
            tables::{Failure, LiveMapping, Tables}, //
        },
        *,
    };
    use crate::hw::reset::Unreachable;
    use kernel::{
        device::{Bound, Device},
        faux,
        sync::{
            atomic::{Atomic, Relaxed},
            Arc, //
        }, //
    };

    const USER: u32 = 1;
    const DRAM: u64 = 4 << 30;

    /// A card that forgets, or does not; and is written to, or not.
    struct Card {
        broken: Atomic<bool>,
        lost: Atomic<bool>,
        forgot: Atomic<i32>,
    }

    impl PteSink for Arc<Card> {
        fn write(&mut self, _address: u64, _entries: &[u64]) {}
    }

    impl TableMemory for Arc<Card> {
        fn begin(&mut self, _dev: &Device<Bound>) {
            self.lost.store(false, Relaxed);
        }

        fn finish(&mut self) -> Result {
            if self.lost.load(Relaxed) {
                return Err(ETIMEDOUT);
            }
            Ok(())
        }

        fn forget(&mut self) -> Result {
            if self.broken.load(Relaxed) {
                return Err(ETIMEDOUT);
            }
            self.forgot.fetch_add(1, Relaxed);
            Ok(())
        }
    }

    struct Bench {
        card: Arc<Card>,
        tables: Arc<Tables<Arc<Card>>>,
        dram: Arc<Dram>,
        addresses: AddressRange,
    }

    impl Bench {
        fn new(dev: &Device<Bound>) -> Result<Self> {
            let card = Arc::new(
                Card {
                    broken: Atomic::new(false),
                    lost: Atomic::new(false),
                    forgot: Atomic::new(0),
                },
                GFP_KERNEL,
            )?;
            let this = Self {
                tables: Tables::new(card.clone())?,
                card,
                dram: Dram::new()?,
                addresses: AddressRange::dram()?,
            };
            this.dram.start(0x2000_0000..0x2000_0000 + DRAM)?;
            while this.dram.overwrite(u64::MAX, |_, _| Ok(()))? {}
            this.tables.begin(dev, 0)?;
            this.tables.open(USER)?;
            this.card.forgot.store(0, Relaxed);
            Ok(this)
        }

        /// Memory whose handle is gone: only the mapping keeps it.
        fn mapping(&mut self) -> Result<KBox<Mapping>> {
            self.mapping_of(PAGE_SIZE)
        }

        fn mapping_of(&mut self, size: u64) -> Result<KBox<Mapping>> {
            let dram = &self.dram;
            let piece = dram.alloc(USER, size, false, false);
            let (handle, size) = piece.map_err(DramFailure::errno)?;
            let memory = Backing::Device(dram.use_piece(handle).ok_or(EINVAL)?);
            dram.free_all(USER);
            while dram.overwrite(u64::MAX, |_, _| Ok(()))? {}
            let block = self.addresses.alloc(size, Align::Page, Hint::Wish(0));
            let block = block.map_err(RangeFailure::errno)?;
            Ok(KBox::new(Mapping::new(block, memory), GFP_KERNEL)?)
        }

        fn map(&mut self) -> Result<LiveMapping> {
            let mapping = self.mapping()?;
            self.tables.map(USER, mapping, || false).map_err(|_| EIO)
        }

        fn forgot(&self) -> i32 {
            self.card.forgot.xchg(0, Relaxed)
        }
    }

    fn bench(test: impl FnOnce(Bench) -> Result) -> Result {
        let faux = faux::Registration::new(c"goya-kunit-tables", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        test(Bench::new(dev)?)
    }

    #[test]
    fn map_and_unmap() -> Result {
        bench(|mut bench| {
            let mapping = bench.map()?;
            // The default page was there.
            assert_eq!(bench.forgot(), 1);
            let address = mapping.mapping().address();
            let walk = bench.tables.walk(USER, address).ok_or(EINVAL)?;
            assert_eq!(walk.address(), Some(0x2000_0000));
            assert!(bench.tables.open(USER).is_err());
            let (mapping, holes) = bench.tables.unmap(USER, mapping)?;
            assert_eq!((bench.forgot(), holes), (1, 0));
            assert_eq!(bench.dram.used(), PAGE_SIZE);
            drop(mapping);
            assert_eq!(bench.dram.used(), 0);
            // All at once.
            let mappings = [bench.map()?, bench.map()?, bench.map()?];
            bench.forgot();
            assert_eq!(bench.tables.close(USER, mappings.into_iter()), Ok(0));
            assert_eq!((bench.forgot(), bench.dram.used()), (1, 0));
            assert!(bench.tables.walk(USER, address).is_none());
            bench.tables.open(USER)
        })
    }

    /// A large mapping is made and undone in parts: others have their turn in between, and it ends when it is told to.
    #[test]
    fn large() -> Result {
        bench(|mut bench| {
            let mapping = bench.mapping_of(3 << 30)?;
            let (address, physical) = (mapping.address(), 0x2000_0000);
            let to = |at: u64| bench.tables.walk(USER, at).and_then(|walk| walk.address());
            let default = to(address);
            let mut asked = 0;
            let refused = bench.tables.map(USER, mapping, || {
                asked += 1;
                // The part before is there, the next one is not.
                assert_eq!(to(address), Some(physical));
                assert_eq!(to(address + (asked << 30)), default);
                asked == 2
            });
            let refused = refused.err().ok_or(EINVAL)?;
            assert!(matches!(refused.failure, Failure::Stopped) && refused.stale.is_none());
            assert_eq!((asked, to(address), bench.forgot()), (2, default, 1));
            let mapping = refused.mapping.ok_or(EINVAL)?;
            let mapped = bench.tables.map(USER, mapping, || false);
            let mapped = mapped.map_err(|_| EIO)?;
            assert_eq!(to(address + (3 << 30) - 8), Some(physical + (3 << 30) - 8));
            let (_, holes) = bench.tables.unmap(USER, mapped)?;
            assert_eq!((holes, bench.forgot()), (0, 2));
            assert_eq!(to(address + (3 << 30) - PAGE_SIZE), default);
            Ok(())
        })
    }

    /// What the card may still reach stays, until the card has forgotten it or was reset.
    #[test]
    fn awaiting_invalidation() -> Result {
        bench(|mut bench| {
            let (one, two) = (bench.map()?, bench.map()?);
            let three = bench.mapping()?;
            bench.card.broken.store(true, Relaxed);
            assert_eq!(bench.tables.unmap(USER, one).err(), Some(ETIMEDOUT));
            assert_eq!(bench.dram.used(), 3 * PAGE_SIZE);
            // This one is not mapped, for the card may not see it.
            let address = three.address();
            let refused = bench
                .tables
                .map(USER, three, || false)
                .err()
                .ok_or(EINVAL)?;
            assert!(matches!(refused.failure, Failure::Stale(_)));
            assert!(refused.mapping.is_none() && refused.stale == Some(ETIMEDOUT));
            let walk = bench.tables.walk(USER, address).ok_or(EINVAL)?;
            assert!(walk.address() != Some(0x2000_0000 + 2 * PAGE_SIZE));
            assert_eq!(bench.dram.used(), 3 * PAGE_SIZE);
            bench.card.broken.store(false, Relaxed);
            // The next one is for all.
            drop(bench.tables.unmap(USER, two)?);
            assert_eq!(bench.dram.used(), 0);
            let mappings = [bench.map()?, bench.map()?];
            bench.card.broken.store(true, Relaxed);
            let closed = bench.tables.close(USER, mappings.into_iter());
            assert_eq!(closed, Err(ETIMEDOUT));
            assert_eq!(bench.dram.used(), 2 * PAGE_SIZE);
            bench.tables.stop(&Unreachable::without_a_card());
            assert_eq!(bench.dram.used(), 0);
            Ok(())
        })
    }

    /// If nobody knows what the tables hold, all that is in them stays until a reset.
    #[test]
    fn lost() -> Result {
        bench(|mut bench| {
            let (one, two) = (bench.map()?, bench.mapping()?);
            bench.card.lost.store(true, Relaxed);
            bench.forgot();
            let refused = bench.tables.map(USER, two, || false).err().ok_or(EINVAL)?;
            assert!(matches!(refused.failure, Failure::Stale(_)));
            assert!(refused.mapping.is_none() && refused.stale == Some(ETIMEDOUT));
            assert_eq!(bench.tables.unmap(USER, one).err(), Some(ETIMEDOUT));
            let closed = bench.tables.close(USER, core::iter::empty());
            assert_eq!(closed, Err(ETIMEDOUT));
            assert_eq!(bench.tables.open(USER), Err(ETIMEDOUT));
            assert_eq!((bench.forgot(), bench.dram.used()), (0, 2 * PAGE_SIZE));
            bench.tables.stop(&Unreachable::without_a_card());
            assert_eq!(bench.dram.used(), 0);
            Ok(())
        })
    }

    /// Who comes after a reset finds no tables, and touches none.
    #[test]
    fn late() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-tables", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let mut bench = Bench::new(dev)?;
        let mappings = [bench.map()?, bench.map()?];
        let fresh = bench.mapping()?;
        bench.tables.stop(&Unreachable::without_a_card());
        assert_eq!(bench.tables.open(USER), Err(ENODEV));
        let refused = bench
            .tables
            .map(USER, fresh, || false)
            .err()
            .ok_or(EINVAL)?;
        assert!(matches!(refused.failure, Failure::NoSpace));
        assert!(refused.mapping.is_some() && refused.stale.is_none());
        drop(refused);
        bench.tables.begin(dev, 0)?;
        bench.card.broken.store(true, Relaxed);
        bench.forgot();
        let [one, two] = mappings;
        drop(bench.tables.unmap(USER, one)?);
        assert_eq!(bench.dram.used(), PAGE_SIZE);
        assert_eq!(bench.tables.close(USER, [two].into_iter()), Ok(0));
        assert_eq!((bench.dram.used(), bench.forgot()), (0, 0));
        Ok(())
    }
}
