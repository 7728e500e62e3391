// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_CB`: command buffers (upstream `hl_cb_ioctl()`).

use kernel::prelude::*;
use kernel::sync::Arc;

use crate::abstractions::accel::Ioctl;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::card::Card;
use crate::file::{Call, File};
use crate::uapi::consts::*;
use crate::uapi::types::{CbArgs, CbOut};

pub(crate) struct CommandBuffers;

impl Ioctl for CommandBuffers {
    type Data = Arc<Card>;
    type File = File;
    type Args = CbArgs;
    const COMMAND: u32 = HL_IOCTL_CB;
    const NAME: &'static CStr = c"HL_CB";

    fn run(call: &Call<'_>, args: &mut CbArgs) -> Result {
        let input = args.input();
        let card = call.data;
        let status = card.status();
        if !status.operational() {
            dev_dbg!(
                card.dev,
                "Device is {}. Can't execute CB IOCTL\n",
                status.text()
            );
            return Err(EBUSY);
        }
        match input.op {
            HL_CB_OP_CREATE => {
                let created = create(call, input.cb_size, input.flags);
                let handle = created.as_ref().copied().unwrap_or(0);
                args.set_output(CbOut::word(handle));
                created.map(|_| ())
            }
            HL_CB_OP_DESTROY => {
                let _live = call.enter()?;
                call.file.context.buffers.destroy(input.cb_handle)
            }
            HL_CB_OP_INFO => {
                let Some(buffer) = call.file.context.buffers.get(input.cb_handle) else {
                    dev_err_ratelimited!(
                        card.dev,
                        "CB info failed, no match to handle {:#x}\n",
                        input.cb_handle
                    );
                    return Err(EINVAL);
                };
                if input.flags & HL_CB_FLAGS_GET_DEVICE_VA != 0 {
                    dev_err_ratelimited!(card.dev, "CB is not mapped to the device's MMU\n");
                    return Err(EINVAL);
                }
                let users = u32::try_from(buffer.users()).unwrap_or(0);
                args.set_first(u64::from(users));
                Ok(())
            }
            _ => Err(EINVAL),
        }
    }
}

fn create(call: &Call<'_>, size: u32, flags: u32) -> Result<u64> {
    let dev = &call.data.dev;
    if size > HL_MAX_CB_SIZE {
        dev_err_ratelimited!(
            dev,
            "User requested CB size {} must be less than {}\n",
            // As upstream prints it.
            size as i32,
            HL_MAX_CB_SIZE
        );
        return Err(EINVAL);
    }
    if flags & HL_CB_FLAGS_MAP != 0 {
        dev_err_ratelimited!(dev, "Mapping a CB to the device's MMU is not supported\n");
        dev_err_ratelimited!(
            dev,
            "CB: Failure in buffer alloc callback {}\n",
            EINVAL.to_errno()
        );
        // Whatever goes wrong here is ENOMEM to the program.
        return Err(ENOMEM);
    }
    let live = call.enter()?;
    let buffers = &call.file.context.buffers;
    buffers.create(live.parent(), size).map_err(|_| ENOMEM)
}
