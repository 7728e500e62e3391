// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What we use of QEMU's plugin interface (`qemu-plugin.h` of QEMU 11.1).

use std::ffi::{c_int, c_uint, c_void};

/// Version of the interface. QEMU refuses to load a plugin whose version it does not serve.
pub const VERSION: c_int = 7;

/// `QEMU_PLUGIN_INLINE_ADD_U64`.
pub const INLINE_ADD_U64: c_int = 0;
/// `QEMU_PLUGIN_CB_NO_REGS`: the callback does not look at registers.
pub const CB_NO_REGS: c_int = 0;

/// A block of instructions that is being translated.
#[repr(C)]
pub struct Block([u8; 0]);

/// One of its instructions.
#[repr(C)]
pub struct Instruction([u8; 0]);

/// An array with an element for each processor.
#[repr(C)]
pub struct Scoreboard([u8; 0]);

/// A 64-bit field of a scoreboard's elements (`qemu_plugin_u64`).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Counter {
    /// The array.
    pub score: *mut Scoreboard,
    /// Bytes into an element.
    pub offset: usize,
}

unsafe extern "C" {
    pub fn qemu_plugin_scoreboard_new(element_size: usize) -> *mut Scoreboard;
    pub fn qemu_plugin_u64_sum(entry: Counter) -> u64;
    pub fn qemu_plugin_register_vcpu_tb_trans_cb(
        id: u64,
        callback: extern "C" fn(*mut Block, *mut c_void),
        data: *mut c_void,
    );
    pub fn qemu_plugin_tb_vaddr(block: *const Block) -> u64;
    pub fn qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        block: *mut Block,
        operation: c_int,
        entry: Counter,
        value: u64,
    );
    pub fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    pub fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Instruction;
    pub fn qemu_plugin_insn_data(insn: *const Instruction, to: *mut c_void, len: usize) -> usize;
    pub fn qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn: *mut Instruction,
        operation: c_int,
        entry: Counter,
        value: u64,
    );
    pub fn qemu_plugin_register_vcpu_insn_exec_cb(
        insn: *mut Instruction,
        callback: extern "C" fn(c_uint, *mut c_void),
        flags: c_int,
        data: *mut c_void,
    );
}
