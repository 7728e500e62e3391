// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Marks for the plugin that counts instructions (`tests/bench/plugin`): no-operations that it knows.

use std::arch::asm;

/// Executes mark `LABEL`.
#[inline(always)]
pub fn mark<const LABEL: u16>() {
    // SAFETY: a no-operation, which reads its operand's address but not its operand.
    unsafe {
        asm!("nop dword ptr [rax + {}]", const 0x60FA_0000 + LABEL as u32, options(nostack, preserves_flags));
    }
}

/// A loop of which everybody knows how many instructions it has: 2000, and the mark before it.
#[inline(always)]
pub fn known() {
    mark::<0>();
    // SAFETY: counts a register down that nobody else has.
    unsafe {
        asm!("mov {n:e}, 999", "2:", "dec {n:e}", "jnz 2b", n = out(reg) _, options(nomem, nostack));
    }
    mark::<1>();
}
