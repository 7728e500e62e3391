// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The way to the device's processor, as the senders of messages see it.
//!
//! The implementor owns the ring, the doorbell and the pool of memory that the processor can reach.
//! Facts: `hl_fw_send_cpu_message()` in `common/firmware_if.c`.

use kernel::{prelude::*, time::Delta};

use super::message::{Buffer, Packet, Reply};

/// How long the processor may take for most messages.
pub(crate) const TIMEOUT: Delta = Delta::from_secs(4);
/// How long it may take for a message that makes it gather data.
pub(crate) const TIMEOUT_LONG: Delta = Delta::from_secs(10);

/// The queue of messages to the device's processor.
pub(crate) trait Mailbox {
    /// The memory that [`Mailbox::buffer`] lends.
    type Buffer: Buffer;

    /// Sends `packet` and waits for the reply, one packet at a time.
    ///
    /// The implementor copies the packet ([`Packet::words`]) to memory that the processor can reach,
    /// posts it, and waits until its fence reads [`super::message::expected_fence`]. Only then does it
    /// read the packet back, once, and decode it. The memory is kept for packets, so that none is lacking,
    /// whatever users do: a sign of life that could not be asked for would be taken for death.
    ///
    /// While there is no queue yet, or the card is disabled outside of a soft reset, nothing is sent
    /// and the reply is [`Reply::NOTHING`]. Whoever checks what comes back (test, heartbeat, description
    /// of the card) must not ask without a queue.
    ///
    /// Errors: `EAGAIN` if an earlier packet timed out and no hard reset came since;
    /// `ETIMEDOUT`, after which the processor may still write to the packet and its buffer: their
    /// memory must not be lent to anyone before the card has been reset; `EIO` if the firmware refuses
    /// the packet (that is what [`Reply::accepted`] says).
    fn send(&self, packet: &Packet<'_>, timeout: Delta) -> Result<Reply>;

    /// Takes `len` bytes, zeroed, from the pool.
    ///
    /// Errors: `ENOMEM`; `EAGAIN` as [`Mailbox::send`]: until the card has been reset, the processor may
    /// write to what was given back.
    fn buffer(&self, len: usize) -> Result<Self::Buffer>;

    /// Takes `len` bytes, zeroed, that users cannot take: for the description of the card, without which it
    /// does not come up. For one caller at a time. Errors: `EINVAL` if there are not so many.
    fn reserved(&self, len: usize) -> Result<Self::Buffer>;
}
