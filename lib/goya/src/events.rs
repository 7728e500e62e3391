// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Events of a card that a program is told of.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitflags::bitflags;
use goya_uapi::{HL_INFO_GET_EVENTS, HL_INFO_REGISTER_EVENTFD, HL_INFO_UNREGISTER_EVENTFD};

use crate::error::Call;
use crate::node::Node;
use crate::{Result, sys};

bitflags! {
    /// What has happened (`HL_NOTIFIER_EVENT_*`). On Goya, those that are marked so.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Notifications: u64 {
        /// A kernel of a tensor core has said that something is wrong.
        const TPC_ASSERT = 1 << 0;
        /// A packet does not exist.
        const UNDEFINED_OPCODE = 1 << 1;
        /// Goya: a hard reset is due in half a minute, unless the device is dropped before: it kills whoever has it then.
        const DEVICE_RESET = 1 << 2;
        /// Goya: a submission was late, the first since the device was opened ([`Info::cs_timeout`](crate::Info::cs_timeout)).
        const CS_TIMEOUT = 1 << 3;
        /// Goya: the card does not answer.
        const DEVICE_UNAVAILABLE = 1 << 4;
        /// An engine has made an error.
        const USER_ENGINE_ERR = 1 << 5;
        /// The hardware has made an error.
        const GENERAL_HW_ERR = 1 << 6;
        /// Protection has refused an access.
        const RAZWI = 1 << 7;
        /// Goya: the card has used an address that nothing is mapped at ([`Info::page_fault`](crate::Info::page_fault)).
        const PAGE_FAULT = 1 << 8;
        /// The hardware has made an error that it does not recover from.
        const CRITICAL_HW_ERR = 1 << 9;
        /// Goya: firmware has ([`Info::firmware_error`](crate::Info::firmware_error)).
        const CRITICAL_FW_ERR = 1 << 10;
        const _ = !0;
    }
}

/// The events of an open device. One listener at a time; dropped, it hears no more.
///
/// Its descriptor can be read when there are some, so it goes into `poll(2)`, `epoll(7)`, or tokio's `AsyncFd`; it does not
/// block. Whoever listens is not killed at once when a submission is late, but has half a minute to save what matters, and
/// to drop the device.
#[derive(Debug)]
pub struct Events {
    node: Arc<Node>,
    fd: OwnedFd,
}

impl Events {
    pub(crate) fn new(node: &Arc<Node>) -> Result<Self> {
        let fd = sys::eventfd().map_err(|e| Call::Process.failed("make an eventfd", e))?;
        let (result, _) = node.ask(HL_INFO_REGISTER_EVENTFD, fd.as_raw_fd() as u32, &mut []);
        result.map_err(|e| Call::Events.failed("listen to events", e))?;
        Ok(Self { node: node.clone(), fd })
    }

    /// What has happened since the last time; nothing, if nothing has. The descriptor cannot be read then, until there is
    /// something new.
    ///
    /// # Errors
    /// If the card is gone.
    pub fn take(&self) -> Result<Notifications> {
        // The counter first: what comes in between is told again, and not lost.
        sys::take_count(&self.fd).map_err(|e| Call::Process.failed("read an eventfd", e))?;
        take(&self.node)
    }

    /// Waits until something has happened, for `timeout` at most; nothing, if nothing has.
    ///
    /// # Errors
    /// If the card is gone.
    pub fn wait(&self, timeout: Duration) -> Result<Notifications> {
        let end = Instant::now().checked_add(timeout);
        loop {
            let readable = sys::readable(self.fd.as_fd(), end);
            let readable = readable.map_err(|e| Call::Process.failed("wait for events", e))?;
            // What the descriptor tells of may have been taken before.
            let happened = self.take()?;
            if !readable || !happened.is_empty() {
                return Ok(happened);
            }
        }
    }
}

/// Takes what has happened to an open device.
pub(crate) fn take(node: &Node) -> Result<Notifications> {
    let mut mask = [0u8; 8];
    let (result, _) = node.ask(HL_INFO_GET_EVENTS, 0, &mut mask);
    result.map_err(|e| Call::Info.failed("GET_EVENTS", e))?;
    Ok(Notifications::from_bits_retain(u64::from_ne_bytes(mask)))
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.node.ask(HL_INFO_UNREGISTER_EVENTFD, 0, &mut []);
    }
}

impl AsFd for Events {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Events {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
