// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What protects the card, and the host behind it, from the card's users.
//!
//! The engines run command buffers and programs that users wrote, so the card checks each access
//! that an engine makes without the secure attribute, twice: the router that the engine sits at
//! compares the address with its ranges ([`ranges`]), and the register block that it arrives at
//! looks at a bit for each of its registers ([`bits`], [`blocks`]). Secure accesses, the driver's
//! among them, are not checked.
//!
//! The facts are from upstream's `goya_security.c`. The registers end up with exactly the values
//! that they get there, upstream's slips included, but for two places (see [`blocks`]): the test
//! `same_as_upstream` has a digest of them.

mod bits;
mod blocks;
mod ranges;

use crate::hw::Io;
use kernel::prelude::*;

/// Programs all of the card's protection.
///
/// Call it with the engines idle, between setting up the MMU and enabling the first queue
/// manager, and again after every reset, since a reset forgets it. It only writes: about 4,700
/// registers.
///
/// The DMA engines reach the host's memory: it is the MMU that keeps users out of what is not theirs
/// there.
pub(crate) fn protect(io: &impl Io) {
    ranges::write(io);
    blocks::write(io);
}

#[kunit_tests(goya_security)]
mod tests {
    use super::*;
    use crate::hw::Offset;
    use core::cell::Cell;

    /// A card that remembers one register, and the number and a digest of all writes, whatever
    /// their order.
    struct Recorder {
        watched: u32,
        value: Cell<Option<u32>>,
        writes: Cell<u32>,
        digest: Cell<u64>,
    }

    impl Recorder {
        fn new(watched: u32) -> Self {
            Self {
                watched,
                value: Cell::new(None),
                writes: Cell::new(0),
                digest: Cell::new(0),
            }
        }

        /// What the register at `offset` is set to.
        fn value(offset: u32) -> Option<u32> {
            let recorder = Self::new(offset);
            protect(&recorder);
            recorder.value.get()
        }

        /// Number of writes and digest of what upstream writes: its bits of DMA_QM_0 to 4, and no protection of protection bits.
        fn summary() -> (u32, u64) {
            let with = |write: &dyn Fn(&Self)| {
                let recorder = Self::new(0);
                write(&recorder);
                (recorder.writes.get(), recorder.digest.get())
            };
            let all = with(&|recorder| protect(recorder));
            let ours = with(&|recorder| blocks::write_dma_qms(recorder));
            let seals = with(&|recorder| blocks::seal(recorder));
            let upstreams = with(&|recorder| blocks::write_upstreams_dma_qms(recorder));
            (
                all.0 - ours.0 - seals.0 + upstreams.0,
                all.1
                    .wrapping_sub(ours.1)
                    .wrapping_sub(seals.1)
                    .wrapping_add(upstreams.1),
            )
        }
    }

    impl Io for Recorder {
        fn read32(&self, _offset: Offset) -> u32 {
            !0
        }

        fn write32(&self, offset: Offset, value: u32) {
            let offset = offset.bytes();
            if offset == self.watched {
                self.value.set(Some(value));
            }
            // FNV-1a of the pair; their sum does not depend on their order.
            let pair = u64::from(offset) << 32 | u64::from(value);
            let hash = pair
                .to_le_bytes()
                .iter()
                .fold(0xCBF2_9CE4_8422_2325_u64, |hash, &byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
                });
            self.digest.set(self.digest.get().wrapping_add(hash));
            self.writes.set(self.writes.get().wrapping_add(1));
        }
    }

    /// The digests are of the last value of every register that upstream's
    /// `goya_init_security()`, compiled for the host with a recording `WREG32()`, writes on a card
    /// whose MMU is on.
    #[test]
    fn same_as_upstream() {
        assert_eq!(Recorder::summary(), (4734, 0xD414_E5FA_9B79_AD1B));
    }

    #[test]
    fn ranges_of_the_dma_engines() {
        // Memory that the DMA engines may not touch: the first 512 MiB.
        assert_eq!(Recorder::value(0x4B_0084), Some(0xFF));
        assert_eq!(Recorder::value(0x4B_00A8), None);
        assert_eq!(Recorder::value(0x4B_00CC), Some(0xE000_0000));
        // The interrupt controller's registers.
        assert_eq!(Recorder::value(0x4B_0050), Some(0x80_0000));
        assert_eq!(Recorder::value(0x4B_0010), Some(0x3F0_0000));
    }

    #[test]
    fn ranges_of_the_compute_engines() {
        for router in [0x4_0000, 0x18_0000, 0xE0_0000, 0xFC_0000] {
            assert_eq!(Recorder::value(router + 0x470), Some(0xFE));
            assert_eq!(Recorder::value(router + 0x4A0), Some(0xF_FF80));
            assert_eq!(Recorder::value(router + 0x500), Some(0xFFFF));
            assert_eq!(Recorder::value(router + 0x584), Some(0x2C4_3000));
        }
    }

    #[test]
    fn bits_of_the_blocks() {
        // PQ_BASE_LO (0x60) to PQ_ARUSER (0x7C) and the global registers of the first and the
        // last TPC's queue manager.
        assert_eq!(Recorder::value(0xE0_8F80), Some(0x00FF_F800));
        assert_eq!(Recorder::value(0xFC_8F80), Some(0x00FF_F800));
        // A router; the PLL's one open register; words of a queue manager that stay as they are.
        assert_eq!(Recorder::value(0x1C_0FFC), Some(0));
        assert_eq!(Recorder::value(0xE0_1F98), Some(1 << 4));
        assert_eq!(Recorder::value(0xE0_8F8C), None);
        // No user reaches the bits themselves: of MME and its queues, of a TPC's configuration and queues.
        for block in [
            0x0D_0000, 0x0D_8000, 0x0D_9000, 0xE0_6000, 0xE0_8000, 0xE0_9000, 0xFC_6000,
        ] {
            assert_eq!(Recorder::value(block + 0xFFC), Some(0));
        }
    }

    /// Users reach nothing of the queue managers that run the driver's jobs but the fences, CP_FENCE0_RDATA (0x158) to
    /// CP_FENCE3_CNT (0x174), and nothing at all of the channels.
    #[test]
    fn what_users_reach_of_the_dma() {
        for n in 0..5 {
            let block = 0x40_0000 + n * 0x8000;
            for word in 0..32 {
                let open = if word == 2 { 0x3FC0_0000 } else { 0 };
                assert_eq!(Recorder::value(block + 0xF80 + 4 * word), Some(open));
                assert_eq!(Recorder::value(block + 0x1F80 + 4 * word), Some(0));
            }
        }
    }
}
