// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Copies of memory that others change at the same time.
//!
//! What is copied is checked afterwards, so that it must not be read again: a compiler may do that after an ordinary
//! copy (it may even leave the copy out, and look at the original whenever the copy is used), as nobody else may write
//! there by the language's rules. A volatile access is made exactly once, whole, and in order with others, whatever the
//! compiler makes of the rest: so each byte here is loaded, or stored, by one instruction. On x86-64 both
//! loops are one `mov` of a register's width each.

use kernel::prelude::*;

/// Bytes of a word.
const WORD: usize = size_of::<u64>();

/// How many of `len` bytes at `at` come before the first whole, aligned word.
fn head(at: *const u8, len: usize) -> usize {
    at.align_offset(WORD).min(len)
}

/// Copies as many bytes from `from` as `to` has.
///
/// # Safety
///
/// So many bytes can be read there, and none of them is in `to`.
pub(in crate::abstractions) unsafe fn out_of(from: *const u8, to: &mut [u8]) {
    let Some((first, rest)) = to.split_at_mut_checked(head(from, to.len())) else {
        return;
    };
    // SAFETY: By the function's precondition.
    let mut at = unsafe { bytes_out_of(from, first) };
    let mut words = rest.chunks_exact_mut(WORD);
    for word in &mut words {
        // SAFETY: By the function's precondition; aligned, as all that comes before is.
        let value = unsafe { at.cast::<u64>().read_volatile() };
        if let Ok(word) = <&mut [u8; WORD]>::try_from(word) {
            *word = value.to_ne_bytes();
        }
        at = at.wrapping_add(WORD);
    }
    // SAFETY: By the function's precondition.
    unsafe { bytes_out_of(at, words.into_remainder()) };
}

/// The same, byte by byte. Returns the address of what follows.
///
/// # Safety
///
/// As for [`out_of`].
unsafe fn bytes_out_of(from: *const u8, to: &mut [u8]) -> *const u8 {
    to.iter_mut().fold(from, |at, byte| {
        // SAFETY: By the function's precondition.
        *byte = unsafe { at.read_volatile() };
        at.wrapping_add(1)
    })
}

/// Copies `from` to `to`.
///
/// # Safety
///
/// As many bytes as `from` has can be written there, and none of them is in `from`.
pub(super) unsafe fn into(to: *mut u8, from: &[u8]) {
    let Some((first, rest)) = from.split_at_checked(head(to, from.len())) else {
        return;
    };
    // SAFETY: By the function's precondition.
    let mut at = unsafe { bytes_into(to, first) };
    let words = rest.chunks_exact(WORD);
    let last = words.remainder();
    for word in words {
        if let Ok(word) = <[u8; WORD]>::try_from(word) {
            // SAFETY: By the function's precondition; aligned, as all that comes before is.
            unsafe { at.cast::<u64>().write_volatile(u64::from_ne_bytes(word)) };
        }
        at = at.wrapping_add(WORD);
    }
    // SAFETY: By the function's precondition.
    unsafe { bytes_into(at, last) };
}

/// The same, byte by byte. Returns the address of what follows.
///
/// # Safety
///
/// As for [`into`].
unsafe fn bytes_into(to: *mut u8, from: &[u8]) -> *mut u8 {
    from.iter().fold(to, |at, byte| {
        // SAFETY: By the function's precondition.
        unsafe { at.write_volatile(*byte) };
        at.wrapping_add(1)
    })
}

#[kunit_tests(goya_shared_copy)]
mod tests {
    use super::*;

    /// All bytes and no others, wherever they begin and end.
    #[test]
    fn every_alignment() {
        let mut memory = [0u8; 40];
        for (n, byte) in memory.iter_mut().enumerate() {
            *byte = n as u8;
        }
        for start in 0..16 {
            for len in 0..=24 {
                let mut copy = [0xFFu8; 26];
                // SAFETY: Inside of the memory; the copy is another.
                unsafe { out_of(memory.as_ptr().add(start), &mut copy[1..=len]) };
                assert!((copy[0], copy[len + 1]) == (0xFF, 0xFF));
                assert!(copy[1..=len] == memory[start..start + len]);
                let mut back = [0xFFu8; 42];
                // SAFETY: As above.
                unsafe { into(back.as_mut_ptr().add(start + 1), &copy[1..=len]) };
                assert!(back[start + 1..=start + len] == memory[start..start + len]);
                assert!((back[start], back[start + len + 1]) == (0xFF, 0xFF));
            }
        }
    }
}
