// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Little-endian numbers in byte buffers, without a panic: a place outside of the buffer is `EINVAL`.

use kernel::prelude::*;

/// `N` bytes of `bytes` at `offset`.
pub(super) fn array<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N]> {
    offset
        .checked_add(N)
        .and_then(|end| bytes.get(offset..end))
        .and_then(|part| part.try_into().ok())
        .ok_or(EINVAL)
}

/// A 32-bit number at `offset`.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Result<u32> {
    array(bytes, offset).map(u32::from_le_bytes)
}

/// A 64-bit number at `offset`.
pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Result<u64> {
    array(bytes, offset).map(u64::from_le_bytes)
}

/// Writes `part` at `offset`, for tests.
#[cfg(CONFIG_KUNIT = "y")]
pub(super) fn put(bytes: &mut [u8], offset: usize, part: &[u8]) -> Result {
    offset
        .checked_add(part.len())
        .and_then(|end| bytes.get_mut(offset..end))
        .map(|place| place.copy_from_slice(part))
        .ok_or(EINVAL)
}
