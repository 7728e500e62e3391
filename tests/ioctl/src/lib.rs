// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What tests and demonstration need: the card as a program sees it.

pub mod advice;
pub mod binding;
pub mod card;
pub mod control;
pub mod device;
pub mod events;
pub mod fdinfo;
pub mod kernel_memory;
pub mod kmsg;
pub mod nodes;
pub mod packet;
pub mod passing;
pub mod pins;
pub mod stall;
pub mod sys;
pub mod terminal;
pub mod tpc;
pub mod tracefs;
pub mod uring;

/// A test's result: what went wrong, in words.
pub type Result<T = ()> = std::result::Result<T, String>;

/// Fails the test unless a condition holds.
#[macro_export]
macro_rules! check {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(format!($($what)+));
        }
    };
}

/// Fails the test unless two values are equal.
#[macro_export]
macro_rules! check_eq {
    ($left:expr, $right:expr, $what:expr) => {
        let (left, right) = (&$left, &$right);
        if left != right {
            return Err(format!("{}: {left:?}, expected {right:?}", $what));
        }
    };
}

/// Data that no memory holds by chance: xorshift, started by `seed`.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut word = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x
    };
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        out.extend_from_slice(&word().to_le_bytes());
    }
    out.truncate(len);
    out
}
