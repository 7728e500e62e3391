// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is to be taken from a card, now or later: during a reset it refuses that.

use std::io;
use std::sync::{Mutex, PoisonError};

use goya_uapi::*;

use crate::memory::Question;
use crate::node::Node;
use crate::sys::Mapping;

/// Something to be taken from a card.
#[derive(Debug)]
pub(crate) enum Undo {
    /// A mapping, and then the memory that the card reached by it, if it is the library's.
    Unmap { address: u64, _own: Option<Mapping> },
    /// Device memory, after all of its mappings.
    Free { handle: u64 },
    /// A command buffer.
    Destroy { handle: u64 },
}

impl Undo {
    /// Tries it.
    pub(crate) fn try_on(&self, node: &Node) -> io::Result<()> {
        match *self {
            Self::Unmap { address, .. } => {
                let unmap = hl_mem_in__bindgen_ty_1__bindgen_ty_6 { device_virt_addr: address };
                node.memory(HL_MEM_OP_UNMAP, 0, Question { unmap }).map(drop)
            }
            Self::Free { handle } => {
                let free = hl_mem_in__bindgen_ty_1__bindgen_ty_2 { handle };
                node.memory(HL_MEM_OP_FREE, 0, Question { free }).map(drop)
            }
            Self::Destroy { handle } => {
                let mut args = hl_cb_args::default();
                args.in_ = hl_cb_in { op: HL_CB_OP_DESTROY, cb_handle: handle, ..Default::default() };
                node.ioctl(HL_IOCTL_CB, &mut args)
            }
        }
    }

    /// Leaves all as it is, in a process that the card does not belong to. Memory of its own, a copy, goes.
    pub(crate) fn forget(self) {}
}

/// Whether something may work later.
pub(crate) fn is_for_later(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBUSY | libc::EINTR | libc::ENOMEM))
}

/// What could not be undone yet, in its order, with the memory that the card may still reach.
#[derive(Debug, Default)]
pub(crate) struct Undone(Mutex<Vec<Undo>>);

impl Undone {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(crate) fn push(&self, undo: Undo) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(undo);
    }

    /// Tries all. What fails for good is forgotten: a card that is gone has no mappings, and the driver keeps the pages
    /// pinned for as long as a card may reach them.
    pub(crate) fn again(&self, attempt: impl Fn(&Undo) -> io::Result<()>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut mapped = false;
        all.retain(|undo| {
            let later = attempt(undo).is_err_and(|error| {
                // Memory that is still mapped cannot be freed, and may be one of those before.
                is_for_later(&error) || mapped && matches!(undo, Undo::Free { .. })
            });
            mapped |= later && matches!(undo, Undo::Unmap { .. });
            later
        });
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(undone: &Undone, unmap: i32, free: i32) -> usize {
        undone.again(|undo| match undo {
            Undo::Unmap { .. } => Err(io::Error::from_raw_os_error(unmap)),
            Undo::Free { .. } => Err(io::Error::from_raw_os_error(free)),
            Undo::Destroy { .. } => Ok(()),
        });
        undone.len()
    }

    #[test]
    fn what_fails_is_tried_again() {
        let undone = Undone::default();
        undone.push(Undo::Destroy { handle: 3 });
        undone.push(Undo::Unmap { address: 1, _own: Some(Mapping::anonymous(1).unwrap()) });
        undone.push(Undo::Free { handle: 2 });
        for errno in [libc::EBUSY, libc::EINTR, libc::ENOMEM] {
            assert_eq!(failing(&undone, errno, errno), 2);
        }
        // Memory that is mapped cannot be freed.
        assert_eq!(failing(&undone, libc::EBUSY, libc::EINVAL), 2);
        // But if its mapping is gone for good, the memory is, too.
        assert_eq!(failing(&undone, libc::ENODEV, libc::ENODEV), 0);
    }
}
