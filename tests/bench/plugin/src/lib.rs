// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A plugin for QEMU that counts the instructions of a guest, kernel and programs together.
//!
//! A program in the guest puts marks into its own instructions: the seven-byte no-operation
//! `nop dword ptr [rax + 0x60FA0000 + label]`. Whenever one is executed, the plugin writes a line
//! `LABEL COUNT` into the file that its argument `marks=FILE` names; COUNT is what all processors have
//! executed so far. The mark itself is one of the instructions.

mod profile;
mod qemu;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::io::Write;
use std::ptr;
use std::sync::{Mutex, OnceLock};

use profile::Profile;
use qemu::{Block, Counter, Instruction};

/// First bytes of a mark: `nop dword ptr [rax + disp32]`.
const OPCODE: [u8; 3] = [0x0F, 0x1F, 0x80];
/// Upper half of its displacement; the lower half is the label.
const MAGIC: [u8; 2] = [0xFA, 0x60];

/// What the callbacks share.
struct State {
    counter: Counter,
    marks: Mutex<File>,
    profile: Option<Profile>,
}

// SAFETY: the counter is a handle; the functions that take it may be called on every thread.
unsafe impl Send for State {}
// SAFETY: as above.
unsafe impl Sync for State {}

static STATE: OnceLock<State> = OnceLock::new();

/// The version of the interface that this plugin was written for.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static qemu_plugin_version: c_int = qemu::VERSION;

/// QEMU calls this once, before the guest runs.
///
/// # Safety
/// `argv` holds `argc` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    _info: *const c_void,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    let count = usize::try_from(argc).unwrap_or_default();
    let argument = |name: &str| {
        (0..count).find_map(|n| {
            // SAFETY: by the contract of this function.
            let argument = unsafe { CStr::from_ptr(*argv.add(n)) };
            argument.to_str().ok()?.strip_prefix(name)
        })
    };
    let profile = argument("profile=").and_then(Profile::new);
    let Some(path) = argument("marks=") else {
        eprintln!("goya-count: the argument marks=FILE is missing");
        return -1;
    };
    let marks = match File::create(path) {
        Ok(file) => Mutex::new(file),
        Err(e) => {
            eprintln!("goya-count: {path}: {e}");
            return -1;
        }
    };
    // SAFETY: QEMU's interface is there before this function is called.
    let score = unsafe { qemu::qemu_plugin_scoreboard_new(size_of::<u64>()) };
    let state = State { counter: Counter { score, offset: 0 }, marks, profile };
    if STATE.set(state).is_err() {
        return -1;
    }
    // SAFETY: `id` is ours, and the callback lives as long as this library, which is never unloaded.
    unsafe { qemu::qemu_plugin_register_vcpu_tb_trans_cb(id, translated, ptr::null_mut()) };
    0
}

/// QEMU has translated a block: each of its instructions is to be counted, and marks are to be told of.
extern "C" fn translated(block: *mut Block, _data: *mut c_void) {
    let Some(state) = STATE.get() else { return };
    // SAFETY: the block and its instructions live for the length of this call.
    unsafe {
        if let Some(profile) = &state.profile {
            profile.translated(block);
        }
        for n in 0..qemu::qemu_plugin_tb_n_insns(block) {
            let insn = qemu::qemu_plugin_tb_get_insn(block, n);
            qemu::qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
                insn,
                qemu::INLINE_ADD_U64,
                state.counter,
                1,
            );
            if let Some(label) = label(insn) {
                let label = ptr::without_provenance_mut(label.into());
                qemu::qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, qemu::CB_NO_REGS, label);
            }
        }
    }
}

/// The label, if `insn` is a mark.
///
/// # Safety
/// `insn` is an instruction of the block that is being translated.
unsafe fn label(insn: *const Instruction) -> Option<u16> {
    let mut bytes = [0u8; 7];
    // SAFETY: by the contract of this function; the buffer has the length that is told.
    let len = unsafe { qemu::qemu_plugin_insn_data(insn, bytes.as_mut_ptr().cast(), bytes.len()) };
    let [a, b, c, low, high, magic @ ..] = bytes;
    (len == bytes.len() && [a, b, c] == OPCODE && magic == MAGIC).then(|| u16::from_le_bytes([low, high]))
}

/// The guest executes a mark.
extern "C" fn marked(_processor: c_uint, label: *mut c_void) {
    let Some(state) = STATE.get() else { return };
    // SAFETY: the scoreboard is never freed.
    let count = unsafe { qemu::qemu_plugin_u64_sum(state.counter) };
    if let Ok(mut file) = state.marks.lock() {
        // A lost line is missed by whoever reads the file: marks come in pairs.
        let _ = writeln!(file, "{} {count}", label.addr());
    }
    if let (Some(profile), Ok(label)) = (&state.profile, u16::try_from(label.addr())) {
        profile.marked(label);
    }
}
