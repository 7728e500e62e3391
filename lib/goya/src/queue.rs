// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Queues of a card.

use crate::place::REGISTERS;

/// A queue, with its number (`goya_queue_id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Queue {
    Dma0 = 0,
    /// The only one that may read host memory.
    Dma1 = 1,
    Dma2 = 2,
    Dma3 = 3,
    Dma4 = 4,
    Mme = 6,
    Tpc0 = 7,
    Tpc1 = 8,
    Tpc2 = 9,
    Tpc3 = 10,
    Tpc4 = 11,
    Tpc5 = 12,
    Tpc6 = 13,
    Tpc7 = 14,
}

impl Queue {
    /// The queues that copy. Their jobs are command buffers, and tell when they are done.
    pub const DMA: [Self; 5] = [Self::Dma0, Self::Dma1, Self::Dma2, Self::Dma3, Self::Dma4];
    /// The queues of the tensor cores. Their jobs are packets in the card's memory.
    pub const TPC: [Self; 8] =
        [Self::Tpc0, Self::Tpc1, Self::Tpc2, Self::Tpc3, Self::Tpc4, Self::Tpc5, Self::Tpc6, Self::Tpc7];

    /// The number that the driver has for it.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The queue of this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::all().find(|queue| queue.number() == number)
    }

    /// All of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::DMA.into_iter().chain([Self::Mme]).chain(Self::TPC)
    }

    /// The queue of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|queue| queue.name() == name)
    }

    /// Its name, that of its engine: `dma0`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dma0 => "dma0",
            Self::Dma1 => "dma1",
            Self::Dma2 => "dma2",
            Self::Dma3 => "dma3",
            Self::Dma4 => "dma4",
            Self::Mme => "mme",
            Self::Tpc0 => "tpc0",
            Self::Tpc1 => "tpc1",
            Self::Tpc2 => "tpc2",
            Self::Tpc3 => "tpc3",
            Self::Tpc4 => "tpc4",
            Self::Tpc5 => "tpc5",
            Self::Tpc6 => "tpc6",
            Self::Tpc7 => "tpc7",
        }
    }

    /// Whether its jobs are command buffers that are checked and copied (DMA), not packets in the card's memory.
    #[must_use]
    pub const fn is_external(self) -> bool {
        self.number() < 5
    }

    /// Where its registers are.
    pub(crate) const fn registers(self) -> u64 {
        let number = self.number() as u64;
        REGISTERS.start
            + match self {
                Self::Mme => 0xD_8000,
                _ if self.is_external() => 0x40_0000 + number * 0x8000,
                _ => 0xE0_8000 + (number - Self::Tpc0.number() as u64) * 0x4_0000,
            }
    }
}

impl std::fmt::Display for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_drivers() {
        assert_eq!(Queue::Tpc7.number(), goya_uapi::goya_queue_id::GOYA_QUEUE_ID_TPC7);
        assert_eq!(Queue::Mme.number(), goya_uapi::goya_queue_id::GOYA_QUEUE_ID_MME);
        assert_eq!(Queue::from_number(5), None);
        for number in [0, 4, 6, 7, 14] {
            assert_eq!(Queue::from_number(number).map(Queue::number), Some(number));
        }
        assert_eq!(Queue::from_name("tpc7"), Some(Queue::Tpc7));
        assert_eq!(Queue::all().map(Queue::name).filter(|name| Queue::from_name(name).is_some()).count(), 14);
    }
}
