// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Who asks, and the way of an answer to him.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::uaccess::{UserPtr, UserSlice};
use zerocopy::Immutable;

use super::kept::Kept;
use super::layout::visible;
use crate::card::Card;
use crate::file::File;
use crate::history::records::Mappings;
use crate::uapi::types::InfoArgs;

/// Somebody who asks.
pub(crate) struct Caller<'a> {
    pub(crate) card: &'a Arc<Card>,
    /// The PCI device.
    pub(crate) parent: &'a Device<Bound>,
    /// His open accel node; nothing if he asks by the control node.
    pub(crate) file: Option<&'a File>,
    /// The device that messages name.
    pub(crate) dev: &'a Device,
    /// What he sends along, or what went wrong when that was read.
    pub(crate) request: Result<Kept>,
}

/// An answer, which [`Answer::deliver`] takes to the caller.
///
/// His memory can take as long as he likes to come. So what he sends is read before the card is held, and what he gets is
/// written when it is no more.
pub(crate) struct Answer {
    to: Reply,
    bytes: Content,
}

/// Its bytes.
enum Content {
    Kept(Kept),
    /// A list that the card has anyway, as long as nobody asks for the next one.
    Mappings(Mappings),
}

impl Content {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Kept(kept) => kept,
            Self::Mappings(mappings) => mappings.as_bytes(),
        }
    }
}

impl Answer {
    /// An answer that writes nothing.
    pub(crate) const NOTHING: Self = Self {
        to: Reply {
            pointer: 0,
            size: 0,
        },
        bytes: Content::Kept(Kept::NOTHING),
    };

    /// Writes it to the caller's memory.
    pub(crate) fn deliver(&self) -> Result {
        let bytes = self.bytes.bytes();
        if bytes.is_empty() {
            return Ok(());
        }
        self.to.slice(bytes.len())?.writer().write_slice(bytes)
    }
}

/// Where an answer goes: memory of the caller's.
#[derive(Clone, Copy)]
pub(crate) struct Reply {
    pointer: u64,
    size: u32,
}

impl Reply {
    /// What the arguments say, as it is.
    pub(crate) fn unchecked(args: &InfoArgs) -> Self {
        Self {
            pointer: args.return_pointer,
            size: args.return_size,
        }
    }

    /// The same, for answers that go somewhere. Errors: `EINVAL` if there is no place for it.
    pub(crate) fn required(args: &InfoArgs) -> Result<Self> {
        if args.return_pointer == 0 {
            return Err(EINVAL);
        }
        Ok(Self::unchecked(args))
    }

    /// The same, for answers that may be cut off. Errors: `EINVAL` if there is no place at all.
    pub(crate) fn sized(args: &InfoArgs) -> Result<Self> {
        if args.return_size == 0 {
            return Err(EINVAL);
        }
        Self::required(args)
    }

    /// Bytes that there is room for.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// The caller's memory, `len` bytes of it.
    pub(crate) fn slice(&self, len: usize) -> Result<UserSlice> {
        let address = usize::try_from(self.pointer).map_err(|_| EFAULT)?;
        Ok(UserSlice::new(UserPtr::from_addr(address), len))
    }

    /// Answers with as much of `bytes`, a fixed number, as there is room for.
    pub(crate) fn put_bytes(&self, bytes: &[u8]) -> Result<Answer> {
        let visible = bytes.get(..self.size as usize).unwrap_or(bytes);
        Ok(self.put_all(Content::Kept(Kept::few(visible)?)))
    }

    /// Answers with as much of `bytes`, however many they are, as there is room for.
    pub(crate) fn put_kept(&self, mut bytes: Kept) -> Answer {
        bytes.truncate(self.size as usize);
        self.put_all(Content::Kept(bytes))
    }

    /// Answers with all `mappings`. Errors: `ENOMEM`: there is no room for them.
    pub(crate) fn put_mappings(&self, mappings: Mappings) -> Result<Answer> {
        if (self.size as usize) < mappings.as_bytes().len() {
            return Err(ENOMEM);
        }
        Ok(self.put_all(Content::Mappings(mappings)))
    }

    fn put_all(&self, bytes: Content) -> Answer {
        Answer { to: *self, bytes }
    }

    /// Answers with as much of `answer` as there is room for.
    pub(crate) fn put<T: IntoBytes + Immutable>(&self, answer: &T) -> Result<Answer> {
        self.put_bytes(visible(answer, self.size))
    }
}

/// Copies as much as there is in both.
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
