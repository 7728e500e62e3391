// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! KUnit tests of the room: what the registers hold afterwards, on a card that is only a list of what was written.

use super::*;
use core::cell::RefCell;
use kernel::{prelude::*, time::Delta};

/// A card that remembers what was written, and reads as that, or as `default`.
struct Card {
    default: u32,
    writes: RefCell<KVec<(u32, u32)>>,
}

impl Card {
    fn new(default: u32) -> Self {
        Self {
            default,
            writes: RefCell::new(KVec::new()),
        }
    }

    fn written(&self, offset: u32) -> Option<u32> {
        let writes = self.writes.borrow();
        let last = writes.iter().rev().find(|(at, _)| *at == offset);
        last.map(|(_, value)| *value)
    }

    fn count(&self) -> usize {
        self.writes.borrow().len()
    }
}

impl Io for Card {
    fn read32(&self, offset: Offset) -> u32 {
        self.written(offset.bytes()).unwrap_or(self.default)
    }

    fn write32(&self, offset: Offset, value: u32) {
        // A write that finds no memory is missed by the test, which is what should happen.
        let write = (offset.bytes(), value);
        let _ = self.writes.borrow_mut().push(write, GFP_KERNEL);
    }
}

/// A buffer that ends.
struct Text {
    bytes: [u8; 2048],
    length: usize,
}

impl core::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            *self.bytes.get_mut(self.length).ok_or(core::fmt::Error)? = byte;
            self.length += 1;
        }
        Ok(())
    }
}

#[kunit_tests(goya_hw)]
mod cases {
    use super::*;

    #[test]
    fn dma_queue_managers() {
        let card = Card::new(0);
        qman::start_dma(&card, &[0, 0, 0x81_2345_6000, 0, 0], false);
        assert_eq!(card.written(0x41_0060), Some(0x2345_6000));
        assert_eq!(card.written(0x41_0064), Some(0x81));
        assert_eq!(card.written(0x41_0068), Some(12));
        assert_eq!(card.written(0x41_0120), Some(0xfc11_3000));
        assert_eq!(card.written(0x41_0124), Some(0x7f));
        assert_eq!(card.written(0x41_0128), Some(0xfc11_2000));
        assert_eq!(card.written(0x41_0010), Some(0xfc80_0040));
        assert_eq!(card.written(0x41_0018), Some(451));
        assert_eq!(card.written(0x41_0008), Some(0xf7));
        assert_eq!(card.written(0x41_000c), Some(0x5b6));
        assert_eq!(card.written(0x41_0000), Some(0xf));
        // The channels report to sync objects.
        assert_eq!(card.written(0x41_1010), Some(457));
        assert_eq!(card.written(0x41_1028), Some(0x8000_0001));
        assert_eq!(card.written(0x41_1020), None);
        dma::reset_user_registers(&card);
        assert_eq!(card.written(0x41_1020), Some(0xfc11_2fa4));
        assert_eq!(card.written(0x40_1020), Some(0xfc11_2fbc));
        qman::start_dma(&card, &[0; 5], true);
        assert_eq!(card.written(0x42_000c), Some(0xdb6));
    }

    #[test]
    fn internal_queues() {
        let card = Card::new(0);
        qman::start_mme(&card);
        qman::start_tpcs(&card);
        assert_eq!(card.written(0xd_8060), Some(0xf000_0000));
        assert_eq!(card.written(0xd_9018), Some(448));
        assert_eq!(card.written(0xd_9000), Some(6));
        assert_eq!(card.written(0xfc_8060), Some(0xf000_2000));
        assert_eq!(card.written(0xfc_8068), Some(6));
        assert_eq!(card.written(0xfc_8018), Some(445));
        assert_eq!(card.written(0xfc_9018), Some(437));
        assert_eq!(card.written(0xfc_90b4), Some(0x0014_0014));
        assert_eq!(map::internal_ring(map::INTERNAL_QUEUES), 0x2400);
    }

    #[test]
    fn doorbells() {
        let card = Card::new(0);
        use qman::QueueManager;

        let external = QueueManager::of_external;
        let internal = QueueManager::of_internal;
        let doorbells = [
            (external(0), 0x40_006c),
            (external(4), 0x42_006c),
            (internal(0), 0xd_806c),
            (internal(1), 0xe0_806c),
            (internal(8), 0xfc_806c),
        ];
        for (n, (manager, register)) in (1..).zip(doorbells) {
            if let Some(manager) = manager {
                manager.ring(&card, n);
            }
            assert_eq!(card.written(register), Some(n));
        }
        for none in [external(5), external(!0), internal(9), internal(!0)] {
            assert!(none.is_none());
        }
    }

    #[test]
    fn golden_registers() {
        let card = Card::new(!0);
        golden::initialize(&card);
        assert_eq!(card.written(0x2b_1164), Some(0x101));
        assert_eq!(card.written(0x18_019c), Some(0x0101_0107));
        assert_eq!(card.written(0x4_0178), None);
        assert_eq!(card.written(0xf4_0100), Some(0x0120_0501));
        assert_eq!(card.written(0x424), Some(0x100));
        assert_eq!(card.written(0xfc_0604), Some(1));
        assert_eq!(card.written(0xfc_6854), Some(!0x100));
        for channel in [0x40_1000, 0x40_9000] {
            assert_eq!(card.written(channel), Some(0x0fff_00f0));
        }
        assert_eq!(card.written(0x41_1000), None);
    }

    #[test]
    fn asids() {
        assert_eq!(mmu::asid_registers().count(), 63);
        let mut sum = 0u64;
        for register in mmu::asid_registers() {
            assert_eq!(mmu::asid_registers().filter(|r| *r == register).count(), 1);
            sum += u64::from(register.bytes());
        }
        // The sum of the offsets in upstream's list.
        assert_eq!(sum, 0x2fe7_3d14);
    }

    #[test]
    fn page_faults() {
        let card = Card::new(0);
        assert_eq!(mmu::take_page_fault(&card), None);
        card.write(Offset::new(0x48_0034), 0x4_1000);
        card.write(Offset::new(0x48_0038), 0x1234_5678);
        assert_eq!(mmu::take_page_fault(&card), Some(0x1000_1234_5678));
        assert_eq!(mmu::take_page_fault(&card), None);
    }

    #[test]
    fn illegal_accesses() {
        let card = Card::new(1);
        let mut count = 0;
        dma::take_illegal_accesses(&card, |_, _| count += 1);
        dma::take_illegal_accesses(&card, |_, _| count += 1);
        assert_eq!(count, 4);
    }

    #[test]
    fn idle_table() {
        let card = Card::new(!0);
        for channel in 0..5 {
            card.write(Offset::new(0x40_1044 + channel * 0x8000), 0);
        }
        assert!(idle::engines(&card, || (), None).is_idle());
        card.write(Offset::new(0xd_0000), 0x700);
        card.write(Offset::new(0xe0_9024), 0x4);
        card.write(Offset::new(0x42_1044), 0x1);

        let mut text = Text {
            bytes: [0; 2048],
            length: 0,
        };
        let report = idle::engines(&card, || (), Some(&mut text));
        assert_eq!(report.busy_mask, 1 << 4 | 1 << 5 | 1 << 6);
        let text = text.bytes.get(..text.length).unwrap_or_default();
        let text = core::str::from_utf8(text).unwrap_or_default();
        assert!(text.starts_with("\nDMA  is_idle  QM_GLBL_STS0  DMA_CORE_STS0\n---  "));
        assert!(text.contains("\n4    N        0xffffffff    0x1\n"));
        assert!(text.contains("\n0    N        0xffffffff    0x4             0xffffffff\n"));
        assert!(text.ends_with("\n0    N        0xffffffff    0xffffffff      0x700\n\n"));
        // A buffer that is too small spoils nothing.
        let mut small = Text {
            bytes: [0; 2048],
            length: 2000,
        };
        assert_eq!(idle::engines(&card, || (), Some(&mut small)), report);
    }

    /// A card at no reset that was reset, that has lost the reset, and that loses all that is written.
    #[test]
    fn resets_are_seen() -> Result {
        /// `mmDMA_QM_0_PQ_BASE_HI`.
        const RING: Offset = Offset::new(0x40_0064);
        struct Resetting(Card, bool);
        impl Io for Resetting {
            fn read32(&self, offset: Offset) -> u32 {
                self.0.read32(offset)
            }
            fn write32(&self, offset: Offset, value: u32) {
                self.0.write32(offset, value);
                if self.1 && offset == Offset::of::<regs::psoc::SW_ALL_RST_CFG>() {
                    self.0.write32(Offset::of::<regs::psoc::APP_STATUS>(), 0);
                    self.0.write32(RING, 0);
                }
            }
        }
        struct Deaf;
        impl Io for Deaf {
            fn read32(&self, _offset: Offset) -> u32 {
                0
            }
            fn write32(&self, _offset: Offset, _value: u32) {}
        }
        let faux = kernel::faux::Registration::new(c"goya-kunit-reset", None)?;
        let dev: &kernel::device::Device<kernel::device::Bound> = faux.as_ref().as_ref();
        let dev: &kernel::device::Device = dev;
        let error = |reset: Result<reset::Unreachable>| reset.err();
        assert_eq!(
            error(reset::hard(dev, &Resetting(Card::new(0), true))),
            None
        );
        let lost = Resetting(Card::new(0), false);
        assert_eq!(error(reset::hard(dev, &lost)), Some(EIO));
        assert_eq!(error(reset::hard(dev, &Deaf)), Some(EIO));
        for (resets, stopped, result) in [
            (true, false, None),
            (false, false, Some(EIO)),
            (false, true, None),
        ] {
            let card = Resetting(Card::new(0), resets);
            card.write32(RING, 0x10);
            assert_eq!(reset::soft(dev, &card, stopped).err(), result);
        }
        Ok(())
    }

    #[test]
    fn polling() {
        let card = Card::new(5);
        assert_eq!(
            poll(&card, Offset::new(0), Delta::ZERO, |value| value == 5),
            Ok(5)
        );
        let late = poll(&card, Offset::new(0), Delta::from_micros(50), |value| {
            value == 6
        });
        assert_eq!(late, Err(ETIMEDOUT));
        assert_eq!(mmu::invalidate(&card), Err(ETIMEDOUT));
        assert_eq!(card.count(), 1);
    }

    #[test]
    fn dram_window() {
        assert_eq!(iatu::page_table_window(1 << 28), 0x1000_0000);
        assert_eq!(iatu::page_table_window(1 << 27), 0x1000_0000);
        assert_eq!(iatu::page_table_window(1 << 29), 0);
        let writes = iatu::show_dram(0x12_3400_0000);
        let pairs = writes.map(|write| (write.address, write.value));
        assert_eq!(
            pairs,
            [
                (0xfcc0_7490, 0x30_0000),
                (0xfcc0_2314, 0x3400_0000),
                (0xfcc0_2318, 0x12),
                (0xfcc0_2300, 0),
                (0xfcc0_2304, 0xc008_0400),
                (0xfcc0_7490, 0),
            ]
        );
        assert_eq!(writes.iter().filter(|write| write.required).count(), 4);
        let host = iatu::reach_host().map(|write| write.value);
        assert_eq!(
            host,
            [
                0x30_0000,
                0,
                0x80,
                !0,
                0,
                0,
                0x1_007f,
                0x2000,
                0x8000_0000,
                0
            ]
        );
    }

    #[test]
    fn frequencies() {
        assert_eq!(pll::frequency(0, 0, 0, 0, 9), Some(50));
        assert_eq!(pll::frequency(1, 0, 31, 1, 9), Some(800));
        assert_eq!(pll::frequency(2, 0, 0, 0, 4), Some(10));
        assert_eq!(pll::frequency(3, 0, 31, 1, 3), Some(200));
        assert_eq!(pll::frequency(4, 0, 0, 0, 0), None);
        assert_eq!(pll::frequency(3, !0, !0, !0, !0), Some(0));
    }

    #[test]
    fn time_stamps() {
        let card = Card::new(!0);
        assert_eq!(timestamp::read(&card), u64::MAX);
        timestamp::start(&card);
        assert_eq!(timestamp::read(&card), 0);
        card.write(Offset::new(0xc4_9008), 7);
        card.write(Offset::new(0xc4_900c), 1);
        assert_eq!(timestamp::read(&card), 0x1_0000_0007);
    }
}
