// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Vectors that grow without arithmetic that can panic.

use kernel::alloc::{Allocator, Flags, Vec};
use kernel::prelude::*;

/// Makes room for one more, as `Vec::reserve()`. The compiler does not know what a vector promises of its length and its
/// capacity, so that it checks each sum of both; here it is told.
#[inline(always)]
pub(crate) fn reserve_one<T, A: Allocator>(vec: &mut Vec<T, A>, flags: Flags) -> Result {
    let (len, room) = (vec.len(), vec.capacity());
    if len > room || room > isize::MAX as usize / 2 {
        return Err(ENOMEM);
    }
    if len == room {
        vec.reserve(1, flags)?;
    }
    Ok(())
}

/// Appends `value`, as `Vec::push()`.
#[inline(always)]
pub(crate) fn push<T, A: Allocator>(vec: &mut Vec<T, A>, value: T, flags: Flags) -> Result {
    reserve_one(vec, flags)?;
    vec.push_within_capacity(value).map_err(|_| ENOMEM)
}
