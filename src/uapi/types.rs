// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Arguments of the ioctls, byte for byte as user space lays them out.
//!
//! The layouts are those of `uapi/drm/habanalabs_accel.h`; each size and offset is checked by the compiler. All fields are
//! integers and no byte is padding, so that any bytes are a value and any value is bytes, without leaking the kernel's
//! stack. The arguments that are unions in C hold words, and convert from the input and to the output.

#![allow(dead_code)]

use kernel::prelude::*;
use zerocopy_derive::{
    Immutable,
    KnownLayout, //
};

/// Declares a structure of the user API: `NAME: SIZE { OFFSET => FIELD: TYPE, ... }`, with sizes and offsets in bytes.
macro_rules! layout {
    ($($(#[$meta:meta])* $name:ident: $size:literal {
        $($(#[$field_meta:meta])* $offset:literal => $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $type,)*
        }

        const _: () = {
            assert!(core::mem::size_of::<$name>() == $size);
            $(assert!(core::mem::offset_of!($name, $field) == $offset);)*
        };
    )*};
}
pub(super) use layout;

/// Declares an argument that is a union of input and output: `NAME: WORDS = INPUT => OUTPUT`, in 64-bit words.
macro_rules! in_out {
    ($($(#[$meta:meta])* $name:ident: $words:literal = $input:ident => $output:ident;)*) => {$(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
        pub(crate) struct $name {
            words: [u64; $words],
        }

        impl $name {
            /// An argument as a caller would pass it.
            pub(crate) fn new(input: $input) -> Self {
                Self { words: zerocopy::transmute!(input) }
            }

            /// What the caller asks. Read it once: the output goes to the same bytes.
            pub(crate) fn input(&self) -> $input {
                zerocopy::transmute!(self.words)
            }

            /// What the caller finds, if it is set.
            pub(crate) fn output(&self) -> $output {
                let mut words = [0; core::mem::size_of::<$output>() / 8];
                for (to, from) in words.iter_mut().zip(self.words) {
                    *to = from;
                }
                zerocopy::transmute!(words)
            }

            /// Answers: sets the output and clears all bytes after it.
            pub(crate) fn set_output(&mut self, output: $output) {
                let output: [u64; core::mem::size_of::<$output>() / 8] = zerocopy::transmute!(output);
                self.words = [0; $words];
                for (to, from) in self.words.iter_mut().zip(output) {
                    *to = from;
                }
            }

            /// Answers: sets the output and leaves all bytes after it as the caller passed them.
            pub(crate) fn set_head(&mut self, output: $output) {
                let output: [u64; core::mem::size_of::<$output>() / 8] = zerocopy::transmute!(output);
                for (to, from) in self.words.iter_mut().zip(output) {
                    *to = from;
                }
            }

            /// Answers with a word at offset 0, and leaves all other bytes as the caller passed them.
            pub(crate) fn set_first(&mut self, value: u64) {
                if let Some(first) = self.words.first_mut() {
                    *first = value;
                }
            }
        }
    )*};
}

/// A word whose first four bytes are `value`, and whose others are zero, as in a union of `__u64` and `__u32`.
fn low_half(value: [u8; 4]) -> u64 {
    let [a, b, c, d] = value;
    u64::from_ne_bytes([a, b, c, d, 0, 0, 0, 0])
}

layout! {
    /// `struct hl_info_args`: question and second answer of `HL_IOCTL_INFO`.
    InfoArgs: 24 {
        /// Where the answer goes, in the caller's memory.
        0 => return_pointer: u64,
        /// Room for it, in bytes.
        8 => return_size: u32,
        /// `HL_INFO_*`.
        12 => op: u32,
        /// Parameter: `dcore_id`, `pll_index`, `eventfd`, `sec_attest_nonce` or `fw_sub_opcode`. Answer:
        /// `user_buffer_actual_size` or `array_size`.
        16 => parameter: u32,
        /// Zero, or the call is refused.
        20 => pad: u32,
    }

    /// `struct hl_cb_in`.
    CbIn: 24 {
        0 => cb_handle: u64,
        /// `HL_CB_OP_*`.
        8 => op: u32,
        /// Bytes.
        12 => cb_size: u32,
        16 => ctx_id: u32,
        /// `HL_CB_FLAGS_*`.
        20 => flags: u32,
    }

    /// `struct hl_cb_out`: see the constructors.
    CbOut: 8 {
        0 => value: u64,
    }

    /// `struct hl_cs_chunk`: one job of a submission.
    CsChunk: 64 {
        /// Handle of a command buffer, or for internal queues the card's address of one.
        0 => cb_handle: u64,
        8 => queue_index: u32,
        /// Bytes of packets.
        12 => cb_size: u32,
        16 => cs_chunk_flags: u32,
        20 => collective_engine_id: u32,
        24 => pad: [u32; 10],
    }

    /// `struct hl_cs_in`.
    CsIn: 48 {
        /// Pointer to chunks.
        0 => chunks_restore: u64,
        /// Pointer to chunks.
        8 => chunks_execute: u64,
        16 => seq: u64,
        24 => num_chunks_restore: u32,
        28 => num_chunks_execute: u32,
        /// Seconds, with `HL_CS_FLAGS_CUSTOM_TIMEOUT`.
        32 => timeout: u32,
        /// `HL_CS_FLAGS_*`.
        36 => cs_flags: u32,
        40 => ctx_id: u32,
        /// Zero, or the call is refused.
        44 => pad: [u8; 4],
    }

    /// `struct hl_cs_out`.
    CsOut: 24 {
        /// Number of the submission; after a failure all ones, but for some kinds of it.
        0 => seq: u64,
        /// 0, or a negative errno.
        8 => status: u32,
        12 => sob_base_addr_offset: u32,
        16 => sob_count_before_submission: u16,
        18 => pad: [u16; 3],
    }

    /// `struct hl_wait_cs_in`. For waits on an interrupt, which Goya refuses, the first three words have other meanings.
    WaitCsIn: 56 {
        0 => seq: u64,
        /// Microseconds; see [`super::wait_timeout::WaitTimeout`].
        8 => timeout_us: u64,
        16 => ctx_id: u32,
        /// `HL_WAIT_CS_FLAGS_*`.
        20 => flags: u32,
        24 => seq_arr_len: u8,
        /// Zero, or a wait on several submissions is refused.
        25 => pad: [u8; 7],
        32 => cq_counters_offset: u64,
        40 => timestamp_handle: u64,
        48 => timestamp_offset: u64,
    }

    /// `struct hl_wait_cs_out`.
    WaitCsOut: 24 {
        /// `HL_WAIT_CS_STATUS_*`.
        0 => status: u32,
        /// `HL_WAIT_CS_STATUS_FLAG_*`.
        4 => flags: u32,
        /// Monotonic clock, nanoseconds.
        8 => timestamp_nsec: i64,
        16 => cs_completion_map: u32,
        20 => pad: u32,
    }

    /// `struct hl_mem_in`; the payload's meaning hangs on `op`: see the methods.
    MemIn: 40 {
        0 => payload: [u64; 3],
        /// `HL_MEM_OP_*`.
        24 => op: u32,
        /// `HL_MEM_*`; of an export, flags of the new descriptor.
        28 => flags: u32,
        32 => ctx_id: u32,
        36 => num_of_elements: u32,
    }

    /// `struct hl_mem_out`: see the constructors.
    MemOut: 16 {
        0 => value: u64,
        8 => block_size: u32,
        12 => pad: u32,
    }
}

in_out! {
    /// `union hl_cb_args`.
    CbArgs: 3 = CbIn => CbOut;
    /// `union hl_cs_args`.
    CsArgs: 6 = CsIn => CsOut;
    /// `union hl_wait_cs_args`.
    WaitCsArgs: 7 = WaitCsIn => WaitCsOut;
    /// `union hl_mem_args`.
    MemArgs: 5 = MemIn => MemOut;
}

impl CbOut {
    /// A handle, or the card's address of a buffer.
    pub(crate) fn word(value: u64) -> Self {
        Self { value }
    }

    /// How many jobs use a buffer.
    pub(crate) fn usage(count: u32) -> Self {
        Self {
            value: low_half(count.to_ne_bytes()),
        }
    }
}

impl CsOut {
    /// How a submission went: its number or, after an error, what stands in its place.
    pub(crate) fn new(seq: u64, result: Result) -> Self {
        let status = result.map_or_else(Error::to_errno, |()| 0);
        Self {
            seq,
            status: u32::from_ne_bytes(status.to_ne_bytes()),
            sob_base_addr_offset: 0,
            sob_count_before_submission: 0,
            pad: [0; 3],
        }
    }
}

impl WaitCsOut {
    /// How a wait went. A time stamp of zero is none.
    pub(crate) fn new(status: u32, flags: u32, timestamp_nsec: i64) -> Self {
        let valid = match timestamp_nsec {
            0 => 0,
            _ => super::consts::HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD,
        };
        Self {
            status,
            flags: flags | valid,
            timestamp_nsec,
            cs_completion_map: 0,
            pad: 0,
        }
    }
}

/// What `HL_MEM_OP_MAP` maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemMap {
    /// An allocation of device memory.
    Device { handle: u32, hint: u64 },
    /// Memory of the caller's.
    Host { address: u64, size: u64, hint: u64 },
}

/// What `HL_MEM_OP_EXPORT_DMABUF_FD` exports: a part of a mapping, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemExport {
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) offset: u64,
}

impl MemIn {
    /// `HL_MEM_OP_ALLOC`: bytes wanted. (The page size after it is not for Goya.)
    pub(crate) fn alloc_size(&self) -> u64 {
        let [size, _, _] = self.payload;
        size
    }

    /// `HL_MEM_OP_FREE`: the handle. Its upper half is ignored, as upstream does.
    pub(crate) fn free_handle(&self) -> u32 {
        let [handle, _, _] = self.payload;
        handle as u32
    }

    /// `HL_MEM_OP_MAP`: what to map, and where the caller would like it (0: anywhere).
    pub(crate) fn map(&self) -> MemMap {
        let [first, second, third] = self.payload;
        if self.flags & super::consts::HL_MEM_USERPTR != 0 {
            MemMap::Host {
                address: first,
                size: third,
                hint: second,
            }
        } else {
            MemMap::Device {
                handle: second as u32,
                hint: first,
            }
        }
    }

    /// `HL_MEM_OP_UNMAP`: the card's address.
    pub(crate) fn unmap_address(&self) -> u64 {
        let [address, _, _] = self.payload;
        address
    }

    /// `HL_MEM_OP_EXPORT_DMABUF_FD`.
    pub(crate) fn export(&self) -> MemExport {
        let [address, size, offset] = self.payload;
        MemExport {
            address,
            size,
            offset,
        }
    }
}

impl MemOut {
    /// A handle, or the card's address of a mapping; 0 after a failure.
    pub(crate) fn word(value: u64) -> Self {
        Self {
            value,
            block_size: 0,
            pad: 0,
        }
    }

    /// A descriptor, or a negative errno.
    pub(crate) fn fd(fd: i32) -> Self {
        Self::word(low_half(fd.to_ne_bytes()))
    }
}

#[kunit_tests(goya_uapi_types)]
mod tests {
    use super::*;
    use crate::uapi::consts::*;
    use zerocopy::FromZeros;

    #[test]
    fn requests_carry_the_sizes() {
        let size = |request: u32| (request >> 16 & 0x3fff) as usize;
        assert_eq!(size(DRM_IOCTL_HL_INFO), core::mem::size_of::<InfoArgs>());
        assert_eq!(size(DRM_IOCTL_HL_CB), core::mem::size_of::<CbArgs>());
        assert_eq!(size(DRM_IOCTL_HL_CS), core::mem::size_of::<CsArgs>());
        assert_eq!(
            size(DRM_IOCTL_HL_WAIT_CS),
            core::mem::size_of::<WaitCsArgs>()
        );
        assert_eq!(size(DRM_IOCTL_HL_MEMORY), core::mem::size_of::<MemArgs>());
    }

    #[test]
    fn an_output_clears_the_input_behind_it() {
        let mut args = CsArgs::new(CsIn {
            chunks_execute: 7,
            timeout: 8,
            ..CsIn::new_zeroed()
        });
        assert_eq!(args.input().timeout, 8);
        args.set_output(CsOut::new(u64::MAX, Err(EINVAL)));
        assert_eq!(args.output().seq, u64::MAX);
        assert_eq!(args.output().status, 0u32.wrapping_sub(22));
        assert_eq!(
            args.input().chunks_execute,
            u64::from(0u32.wrapping_sub(22))
        );
        assert_eq!(args.input().timeout, 0);
        args.set_output(CsOut::new(5, Ok(())));
        assert_eq!((args.output().seq, args.output().status), (5, 0));
    }

    #[test]
    fn a_first_word_leaves_the_rest() {
        let mut args = MemArgs::new(MemIn {
            num_of_elements: 3,
            ..MemIn::new_zeroed()
        });
        args.set_first(9);
        assert_eq!(args.output().value, 9);
        assert_eq!(args.input().num_of_elements, 3);
    }

    #[test]
    fn a_descriptor_fills_half_a_word() {
        let mut args = MemArgs::new_zeroed();
        args.set_output(MemOut::fd(-9));
        assert!(args.as_bytes().starts_with(&(-9i32).to_ne_bytes()));
        assert!(args.as_bytes().iter().skip(4).all(|&byte| byte == 0));
    }

    #[test]
    fn payloads_are_told_apart() {
        let mut input = MemIn {
            payload: [1, 2, 3],
            ..MemIn::new_zeroed()
        };
        assert_eq!(input.map(), MemMap::Device { handle: 2, hint: 1 });
        input.flags = HL_MEM_USERPTR;
        assert_eq!(
            input.map(),
            MemMap::Host {
                address: 1,
                size: 3,
                hint: 2
            }
        );
        assert_eq!(
            input.export(),
            MemExport {
                address: 1,
                size: 2,
                offset: 3
            }
        );
    }
}
