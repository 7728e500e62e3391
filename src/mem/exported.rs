// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is exported, and which mappings are.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{
    ordering::{Acquire, Release},
    Atomic,
    Relaxed, //
};
use kernel::sync::Arc;

use super::asid::Asid;
use super::dram::PieceUse;
use crate::abstractions::dmabuf::{Exported, Piece};

/// How often a mapping is exported, and so can't be unmapped.
#[derive(Default)]
pub(super) struct ExportCount(Option<Arc<Atomic<u32>>>);

/// One of these times, until dropped.
pub(super) struct Counted(Arc<Atomic<u32>>);

impl ExportCount {
    /// One time more.
    pub(super) fn up(&mut self) -> Result<Counted> {
        let count = match &self.0 {
            Some(count) => count,
            None => self.0.insert(Arc::new(Atomic::new(0), GFP_KERNEL)?),
        };
        count.fetch_add(1, Relaxed);
        Ok(Counted(count.clone()))
    }

    /// Whether it is exported.
    pub(super) fn any(&self) -> bool {
        self.0.as_ref().is_some_and(|count| count.load(Acquire) > 0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Release);
    }
}

/// Memory that a user has exported. It stays mapped, nobody else's, and the card the user's, until its end; a reset of
/// the card revokes it, so that nothing else of the card need be kept for it.
pub(crate) struct ExportedMemory {
    dev: ARef<Device>,
    _mapping: Counted,
    _memory: PieceUse,
    _asid: Arc<Asid>,
    pieces: KVVec<Piece>,
}

impl ExportedMemory {
    /// The card's `pieces`, as the host sees them, of what is mapped.
    pub(super) fn new(
        dev: &Device,
        mapping: Counted,
        memory: PieceUse,
        asid: Arc<Asid>,
        pieces: KVVec<Piece>,
    ) -> Self {
        Self {
            dev: dev.into(),
            _mapping: mapping,
            _memory: memory,
            _asid: asid,
            pieces,
        }
    }
}

impl Exported for ExportedMemory {
    type Module = crate::LocalModule;

    fn device(&self) -> &Device {
        &self.dev
    }

    fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

#[kunit_tests(goya_exported)]
mod tests {
    use super::*;

    #[test]
    fn counts() -> Result {
        let mut count = ExportCount::default();
        assert!(!count.any());
        let (one, two) = (count.up()?, count.up()?);
        drop(one);
        assert!(count.any());
        drop(two);
        assert!(!count.any());
        let late = count.up()?;
        drop(count);
        drop(late);
        Ok(())
    }
}
