// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Device memory for other devices.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use crate::DeviceMemory;

/// A dma-buf of device memory. It holds the mapping and the card until it is closed.
#[derive(Debug)]
pub struct DmaBuf {
    // Closed first: what is exported cannot be unmapped.
    fd: OwnedFd,
    _memory: DeviceMemory,
}

impl DmaBuf {
    pub(crate) fn new(fd: OwnedFd, memory: DeviceMemory) -> Self {
        Self { fd, _memory: memory }
    }

    /// The descriptor alone. Memory that is exported cannot be unmapped: if the last [`DeviceMemory`] goes before the
    /// descriptor is closed, both stay until the device is closed.
    #[must_use]
    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }
}

impl AsFd for DmaBuf {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for DmaBuf {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
