// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The way from work of the driver's own to a card that is still bound.
//!
//! Tasks belong to the card and must reach it: a circle, which removal cuts here.

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::{new_spinlock, Arc, SpinLock};

use crate::abstractions::accel;
use crate::device::Card;
use crate::driver::GoyaNode;

/// A card, and its node, which knows whether it is bound.
#[derive(Clone)]
struct Ends {
    card: Arc<Card>,
    node: ARef<accel::Device<GoyaNode>>,
}

/// Leads to the card from the end of probe to its removal.
#[pin_data]
pub(crate) struct Link {
    #[pin]
    ends: SpinLock<Option<Ends>>,
}

impl Link {
    /// A link that leads nowhere yet.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(pin_init!(Self { ends <- new_spinlock!(None) }), GFP_KERNEL)
    }

    /// Leads to `card` from now on.
    pub(crate) fn tie(&self, card: Arc<Card>, node: ARef<accel::Device<GoyaNode>>) {
        *self.ends.lock() = Some(Ends { card, node });
    }

    /// Leads nowhere from now on. Who is at the card already stays there: whoever removes it has to wait for
    /// its tasks.
    pub(crate) fn cut(&self) {
        // Dropped outside of the lock.
        let ends = self.ends.lock().take();
        drop(ends);
    }

    /// The card's node.
    pub(crate) fn node(&self) -> Option<ARef<accel::Device<GoyaNode>>> {
        Some(self.ends.lock().as_ref()?.node.clone())
    }

    /// Does something to the card while it stays bound; nothing if it is gone.
    pub(crate) fn with<R>(
        &self,
        run: impl FnOnce(&Arc<Card>, &pci::Device<Bound>) -> R,
    ) -> Option<R> {
        let ends = self.ends.lock().clone()?;
        let live = ends.node.enter()?;
        let pdev = live.parent().try_into().ok()?;
        Some(run(&ends.card, pdev))
    }
}
