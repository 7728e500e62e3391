// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Names of the queues.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::regs::{DMA_COUNT, TPC_COUNT};

/// A queue manager, or the command queue that it feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum QueueId {
    /// Queue manager of a DMA engine, 0 to 4.
    Dma(u8),
    /// Queue manager of the matrix engine.
    Mme,
    /// Command queue of the matrix engine.
    MmeCmdq,
    /// Queue manager of a TPC, 0 to 7.
    Tpc(u8),
    /// Command queue of a TPC, 0 to 7.
    TpcCmdq(u8),
}

impl QueueId {
    /// Every queue, in the order of [`QueueId::index`].
    pub fn all() -> impl Iterator<Item = Self> {
        (0..DMA_COUNT)
            .map(Self::Dma)
            .chain([Self::Mme, Self::MmeCmdq])
            .chain((0..TPC_COUNT).flat_map(|n| [Self::Tpc(n), Self::TpcCmdq(n)]))
    }

    /// A dense number for tables.
    pub fn index(self) -> usize {
        match self {
            Self::Dma(n) => usize::from(n),
            Self::Mme => 5,
            Self::MmeCmdq => 6,
            Self::Tpc(n) => 7 + 2 * usize::from(n),
            Self::TpcCmdq(n) => 8 + 2 * usize::from(n),
        }
    }

    /// The command queue that this queue manager feeds, if it has one.
    pub fn cmdq(self) -> Option<Self> {
        match self {
            Self::Mme => Some(Self::MmeCmdq),
            Self::Tpc(n) => Some(Self::TpcCmdq(n)),
            Self::Dma(_) | Self::MmeCmdq | Self::TpcCmdq(_) => None,
        }
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dma(n) => write!(f, "dma{n}"),
            Self::Mme => f.write_str("mme"),
            Self::MmeCmdq => f.write_str("mme-cmdq"),
            Self::Tpc(n) => write!(f, "tpc{n}"),
            Self::TpcCmdq(n) => write!(f, "tpc{n}-cmdq"),
        }
    }
}

/// A name that no queue has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no queue {0:?}: expected dma0-dma4, mme, mme-cmdq, tpc0-tpc7 or tpc0-cmdq to tpc7-cmdq")]
pub struct UnknownQueue(String);

impl FromStr for QueueId {
    type Err = UnknownQueue;

    fn from_str(name: &str) -> Result<Self, UnknownQueue> {
        Self::all().find(|id| id.to_string() == name).ok_or_else(|| UnknownQueue(name.into()))
    }
}

impl From<QueueId> for String {
    fn from(id: QueueId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for QueueId {
    type Error = UnknownQueue;

    fn try_from(name: String) -> Result<Self, UnknownQueue> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_one_to_one() {
        for (i, id) in QueueId::all().enumerate() {
            assert_eq!(id.index(), i);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!(QueueId::all().count(), 23);
        assert!("dma5".parse::<QueueId>().is_err());
    }
}
