// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Argument and inputs of `HL_IOCTL_DEBUG`, byte for byte; see `types.rs` for how layouts are checked.

#![allow(dead_code)]

use kernel::prelude::*;
use zerocopy_derive::{
    Immutable,
    KnownLayout, //
};

use super::types::layout;

layout! {
    /// `struct hl_debug_args`.
    DebugArgs: 40 {
        0 => input_ptr: u64,
        8 => output_ptr: u64,
        /// Bytes.
        16 => input_size: u32,
        /// Bytes.
        20 => output_size: u32,
        /// `HL_DEBUG_OP_*`.
        24 => op: u32,
        28 => reg_idx: u32,
        32 => enable: u32,
        36 => ctx_id: u32,
    }

    /// `struct hl_debug_params_etr`, and `struct hl_debug_params_etf`, which is the same.
    DebugTrace: 24 {
        0 => buffer_address: u64,
        8 => buffer_size: u64,
        16 => sink_mode: u32,
        20 => pad: u32,
    }

    /// `struct hl_debug_params_stm`.
    DebugStm: 24 {
        0 => he_mask: u64,
        8 => sp_mask: u64,
        16 => id: u32,
        20 => frequency: u32,
    }

    /// `struct hl_debug_params_bmon`. Goya has windows 0 and 1 only.
    DebugBmon: 80 {
        0 => start_addr0: u64,
        8 => addr_mask0: u64,
        16 => start_addr1: u64,
        24 => addr_mask1: u64,
        32 => bw_win: u32,
        36 => win_capture: u32,
        40 => id: u32,
        44 => control: u32,
        48 => start_addr2: u64,
        56 => end_addr2: u64,
        64 => start_addr3: u64,
        72 => end_addr3: u64,
    }

    /// `struct hl_debug_params_spmu`.
    DebugSpmu: 96 {
        0 => event_types: [u64; 10],
        80 => event_types_num: u32,
        84 => pmtrc_val: u32,
        88 => trc_ctrl_host_val: u32,
        92 => trc_en_host_val: u32,
    }
}

// The request says the same size.
const _: () = assert!(
    super::consts::DRM_IOCTL_HL_DEBUG >> 16 & 0x3fff == core::mem::size_of::<DebugArgs>() as u32
);
