// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_MEMORY`: memory of the card, and mapping (upstream `hl_mem_ioctl()`).

use kernel::prelude::*;
use kernel::sync::Arc;

use crate::abstractions::accel::Ioctl;
use crate::abstractions::pinned::PinnedPages;
use crate::abstractions::ratelimit::{dev_err_ratelimited, RateLimit};
use crate::card::Card;
use crate::file::{Call, File};
use crate::mem::export;
use crate::mem::range::Hint;
use crate::submit::switch;
use crate::uapi::consts::*;
use crate::uapi::types::{MemArgs, MemIn, MemMap, MemOut};

pub(crate) struct Memory;

impl Ioctl for Memory {
    type Data = Arc<Card>;
    type File = File;
    type Args = MemArgs;
    const COMMAND: u32 = HL_IOCTL_MEMORY;
    const NAME: &'static CStr = c"HL_MEMORY";

    fn run(call: &Call<'_>, args: &mut MemArgs) -> Result {
        let input = args.input();
        let dev = &call.data.dev;
        let memory = &call.file.context.user_memory;
        let status = call.data.status();
        if !status.operational() {
            static LIMIT: RateLimit = RateLimit::new();
            if LIMIT.allows() {
                dev_dbg!(
                    dev,
                    "Device is {}. Can't execute MEMORY IOCTL\n",
                    status.text()
                );
            }
            return Err(EBUSY);
        }
        match input.op {
            HL_MEM_OP_ALLOC => {
                let size = input.alloc_size();
                if size == 0 {
                    dev_err_ratelimited!(dev, "alloc size must be larger than 0\n");
                    return Err(EINVAL);
                }
                let contiguous = input.flags & HL_MEM_CONTIGUOUS != 0;
                let shared = input.flags & HL_MEM_SHARED != 0;
                let handle = switch::clean_memory(call.device(), &call.file.context)
                    .and_then(|()| memory.alloc(size, contiguous, shared));
                answer(args, handle.map(u64::from))
            }
            HL_MEM_OP_FREE => memory.free(input.free_handle()),
            HL_MEM_OP_MAP => answer(args, map(call, &input)),
            HL_MEM_OP_UNMAP => {
                let _live = call.enter()?;
                memory.unmap(input.unmap_address())
            }
            HL_MEM_OP_MAP_BLOCK => {
                // No register block is for users of this card.
                let pad = args.output().pad;
                args.set_head(MemOut {
                    pad,
                    ..MemOut::word(0)
                });
                Err(EPERM)
            }
            HL_MEM_OP_EXPORT_DMABUF_FD => {
                let _live = call.enter()?;
                let fd = export(call, &input);
                let number = fd.as_ref().copied().unwrap_or(EBADF.to_errno());
                args.set_output(MemOut::fd(number));
                fd.map(drop)
            }
            HL_MEM_OP_TS_ALLOC => time_stamps(call, &input).map(|handle| args.set_first(handle)),
            _ => {
                dev_err_ratelimited!(dev, "Unknown opcode for memory IOCTL\n");
                Err(EINVAL)
            }
        }
    }
}

/// Answers with what `result` says, or 0.
fn answer(args: &mut MemArgs, result: Result<u64>) -> Result {
    let word = result.as_ref().copied().unwrap_or(0);
    args.set_output(MemOut::word(word));
    result.map(drop)
}

/// Maps memory; returns its address. To read it ahead into the MMU's cache is not for this card.
fn map(call: &Call<'_>, input: &MemIn) -> Result<u64> {
    let memory = &call.file.context.user_memory;
    let wish = |hint| {
        if input.flags & HL_MEM_FORCE_HINT != 0 {
            Hint::Force(hint)
        } else {
            Hint::Wish(hint)
        }
    };
    match input.map() {
        MemMap::Device { handle, hint } => {
            let _live = call.enter()?;
            memory.map_device(handle, wish(hint))
        }
        MemMap::Host {
            address,
            size,
            hint,
        } => {
            // The caller's pages may take as long as he likes to come.
            let pages = PinnedPages::pin(&call.data.dev, memory.pins(), address, size)?;
            let _live = call.enter()?;
            memory.map_host(pages, wish(hint))
        }
    }
}

/// Exports device memory; returns a descriptor.
fn export(call: &Call<'_>, input: &MemIn) -> Result<i32> {
    let context = &call.file.context;
    // A reset that takes the card from the context comes later, and revokes the export.
    let _on_card = context.on_card()?;
    export::export(&context.user_memory, input.export(), input.flags)
}

/// Makes a buffer for the time stamps of interrupts, which this card has none of; returns its handle.
fn time_stamps(call: &Call<'_>, input: &MemIn) -> Result<u64> {
    let dev = &call.data.dev;
    if input.num_of_elements > TS_MAX_ELEMENTS_NUM {
        dev_err_ratelimited!(
            dev,
            "Num of elements exceeds Max allowed number ({:#x} > {:#x})\n",
            input.num_of_elements,
            TS_MAX_ELEMENTS_NUM
        );
        return Err(EINVAL);
    }
    let buffers = &call.file.context.buffers;
    let created = buffers.create_stamps(input.num_of_elements);
    created.map_err(|_| {
        dev_err_ratelimited!(
            dev,
            "TS: Failure in buffer alloc callback {}\n",
            ENOMEM.to_errno()
        );
        ENOMEM
    })
}
