// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Places in the card's address space.

use std::fmt::Debug;
use std::sync::Arc;

use goya_uapi::GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START;

use crate::Result;
use crate::error::inside;
use crate::node::Node;

/// Device memory that is mapped lies here.
pub const DRAM: std::ops::Range<u64> = 0x8_0000_0000..0x20_0000_0000;
/// SRAM that users have.
pub const SRAM: std::ops::Range<u64> =
    0x7F_F000_0000 + GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START as u64..0x7F_F32A_0000;
/// Registers, as far as users reach them.
pub const REGISTERS: std::ops::Range<u64> = 0x7F_FC00_0000..0x80_0000_0000;
/// Host memory that is mapped lies here.
pub const HOST: std::ops::Range<u64> = 0x1_0000_0000_0000..0x3_FF80_0000_0000;
/// Bytes of a page of device memory.
pub const DEVICE_PAGE: u64 = 0x20_0000;

/// What has to be there for as long as the card may use it.
pub(crate) trait Keep: Debug + Send + Sync {
    /// The node that it is of. It is compared only.
    fn node(&self) -> *const Node;
}

/// A place in the card's address space, with the memory behind it: commands that name it keep that alive.
///
/// It is made of memory ([`HostMemory`](crate::HostMemory), [`DeviceMemory`](crate::DeviceMemory)) or of an address,
/// for SRAM, registers, and all that somebody else keeps.
#[derive(Debug, Clone)]
pub struct Place {
    address: u64,
    len: u64,
    keep: Option<Arc<dyn Keep>>,
}

impl Place {
    pub(crate) fn kept(address: u64, len: u64, keep: Arc<dyn Keep>) -> Self {
        Self { address, len, keep: Some(keep) }
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Bytes from there on that belong to it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing belongs to it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `len` bytes at `offset` of it.
    ///
    /// # Errors
    /// If it has not so much.
    pub fn at(&self, offset: u64, len: u64) -> Result<Self> {
        inside("a place", offset, len, self.len)?;
        Ok(Self { address: self.address + offset, len, keep: self.keep.clone() })
    }

    /// What has to live as long as it is used.
    pub(crate) fn keep(&self) -> Option<&Arc<dyn Keep>> {
        self.keep.as_ref()
    }

    /// Whether the place has room for `len` bytes.
    pub(crate) fn holds(&self, len: u64) -> Result {
        inside("a place", 0, len, self.len)
    }
}

impl Place {
    /// Whether any of it can be host memory.
    pub(crate) fn is_host(&self) -> bool {
        HOST.contains(&self.address)
    }
}

impl From<u64> for Place {
    fn from(address: u64) -> Self {
        Self { address, len: u64::MAX - address, keep: None }
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

/// SRAM that users have, from `offset` on.
///
/// # Errors
/// If there is not so much.
pub fn sram(offset: u64, len: u64) -> Result<Place> {
    let all = Place { address: SRAM.start, len: SRAM.end - SRAM.start, keep: None };
    all.at(offset, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_end_where_they_end() {
        let place = sram(0x100, 0x40).unwrap();
        assert_eq!((place.address(), place.len()), (0x7F_F000_8100, 0x40));
        assert_eq!(place.at(0x40, 0).unwrap().address(), 0x7F_F000_8140);
        assert!(place.at(0x20, 0x21).is_err() && place.holds(0x41).is_err() && place.holds(0x40).is_ok());
        assert!(sram(0, 0x329_8000).is_ok() && sram(0, 0x329_8001).is_err());
        assert!(Place::from(u64::MAX).at(0, 1).is_err());
    }
}
