// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A processor that answers every packet alike, for this room's tests.

use core::cell::{Cell, RefCell};

use kernel::{faux, prelude::*, time::Delta};

use super::{
    mailbox::Mailbox,
    message::{Buffer, Packet, Reply, PACKET_LEN},
    wire,
};

/// Where the fake processor sees every buffer.
pub(crate) const ADDRESS: u64 = 0x80_0000_1000;

/// A device to log for.
pub(crate) fn device() -> Result<faux::Registration> {
    faux::Registration::new(c"goya-fw-test", None)
}

/// A mailbox without a card.
pub(crate) struct Fake {
    answer: Result<Reply>,
    data: KVec<u8>,
    sent: Cell<Option<[u8; PACKET_LEN]>>,
    pub(crate) count: Cell<u32>,
}

impl Fake {
    /// All packets succeed with `result`.
    pub(crate) fn answering(result: u64) -> Self {
        Self::with(Ok(Reply {
            result,
            ..Reply::NOTHING
        }))
    }

    /// All packets end with `answer`.
    pub(crate) fn with(answer: Result<Reply>) -> Self {
        Self {
            answer,
            data: KVec::new(),
            sent: Cell::new(None),
            count: Cell::new(0),
        }
    }

    /// All buffers will hold `data`, cut to their length.
    pub(crate) fn data(self, data: KVec<u8>) -> Self {
        Self { data, ..self }
    }

    pub(crate) fn opcode(&self) -> Option<u16> {
        let ctl = wire::u32_at(&self.sent.get()?, 8).ok()?;
        u16::try_from(ctl >> 16).ok()
    }

    pub(crate) fn value(&self) -> Option<u64> {
        wire::u64_at(&self.sent.get()?, 0).ok()
    }

    pub(crate) fn argument(&self) -> Option<u32> {
        wire::u32_at(&self.sent.get()?, 16).ok()
    }
}

impl Mailbox for Fake {
    type Buffer = FakeBuffer;

    fn send(&self, packet: &Packet<'_>, _timeout: Delta) -> Result<Reply> {
        let mut bytes = [0; PACKET_LEN];
        for (to, word) in bytes.chunks_exact_mut(4).zip(packet.words()) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        self.sent.set(Some(bytes));
        self.count.set(self.count.get().wrapping_add(1));
        self.answer
    }

    fn buffer(&self, len: usize) -> Result<FakeBuffer> {
        let mut bytes = KVec::from_elem(0u8, len, GFP_KERNEL)?;
        for (to, from) in bytes.iter_mut().zip(&self.data) {
            *to = *from;
        }
        Ok(FakeBuffer(RefCell::new(bytes)))
    }

    fn reserved(&self, len: usize) -> Result<FakeBuffer> {
        self.buffer(len)
    }
}

/// Memory that no card writes to.
pub(crate) struct FakeBuffer(RefCell<KVec<u8>>);

impl Buffer for FakeBuffer {
    fn device_address(&self) -> u64 {
        ADDRESS
    }

    fn len(&self) -> usize {
        self.0.borrow().len()
    }

    fn read(&self, offset: usize, out: &mut [u8]) -> Result {
        let bytes = self.0.borrow();
        let end = offset.checked_add(out.len()).ok_or(EINVAL)?;
        out.copy_from_slice(bytes.get(offset..end).ok_or(EINVAL)?);
        Ok(())
    }

    fn write(&self, offset: usize, data: &[u8]) -> Result {
        wire::put(&mut self.0.borrow_mut(), offset, data)
    }
}
