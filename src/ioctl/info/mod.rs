// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_INFO`: who may ask what, and when (upstream `_hl_info_ioctl()`).
//!
//! The answers are in the files of this room, by where they come from; [`reply`] takes them to the caller.

mod card;
mod errors;
mod firmware;
mod kept;
mod layout;
mod notify;
pub(super) mod reply;
mod state;

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::Arc;

use self::kept::Kept;
use self::reply::{Answer, Caller};
use crate::abstractions::accel::Ioctl;
use crate::abstractions::ratelimit::{dev_err_ratelimited, RateLimit};
use crate::card::Card;
use crate::file::{Call, File};
use crate::queue::budget::Budget;
use crate::uapi::consts::*;
use crate::uapi::types::InfoArgs;

/// The ioctl of the accel node.
pub(crate) struct Info;

impl Ioctl for Info {
    type Data = Arc<Card>;
    type File = File;
    type Args = InfoArgs;

    const COMMAND: u32 = HL_IOCTL_INFO;
    const NAME: &'static CStr = c"HL_INFO";

    fn run(call: &Call<'_>, args: &mut InfoArgs) -> Result {
        let card = call.data;
        let request = request(args, card.dev.as_ref(), &card.answers);
        let answered = {
            let live = call.enter()?;
            let caller = Caller {
                card,
                parent: live.parent(),
                file: Some(call.file),
                dev: card.dev.as_ref(),
                request,
            };
            answer(&caller, args)
        };
        answered?.deliver()
    }
}

/// Reads what the caller sends along, out of `budget`. What went wrong is told when that is looked at.
pub(crate) fn request(args: &InfoArgs, dev: &Device, budget: &Arc<Budget>) -> Result<Kept> {
    match args.op {
        HL_INFO_FW_GENERIC_REQ => firmware::read_request(args, dev, budget),
        _ => Ok(Kept::NOTHING),
    }
}

/// Answers.
///
/// # Errors
///
/// `EINVAL` for what cannot be asked, or if there is no room for an answer; `EBUSY` if the card would
/// have to work for it but does not; and those of what is asked.
pub(crate) fn answer(caller: &Caller<'_>, args: &mut InfoArgs) -> Result<Answer> {
    if args.pad != 0 {
        dev_dbg!(caller.card.dev, "Padding bytes must be 0\n");
        return Err(EINVAL);
    }
    match at_any_time(caller, args) {
        Some(result) => result,
        None => while_operational(caller, args),
    }
}

/// Answers what can be asked whatever the card is at; nothing for all else.
fn at_any_time(caller: &Caller<'_>, args: &mut InfoArgs) -> Option<Result<Answer>> {
    let card = caller.card;
    Some(match args.op {
        HL_INFO_HW_IP_INFO => card::hw_ip(caller, args),
        HL_INFO_DEVICE_STATUS => state::status(card, args),
        HL_INFO_RESET_COUNT => state::resets(card, args),
        HL_INFO_HW_EVENTS => state::events(card, args, false),
        HL_INFO_HW_EVENTS_AGGREGATE => state::events(card, args, true),
        HL_INFO_CS_COUNTERS => state::cs_counters(caller, args),
        HL_INFO_CLK_THROTTLE_REASON => state::clk_throttle(card, args),
        HL_INFO_SYNC_MANAGER => card::sync_manager(args),
        HL_INFO_OPEN_STATS => state::open_stats(card, args),
        HL_INFO_LAST_ERR_OPEN_DEV_TIME => errors::last_open(card, args),
        HL_INFO_CS_TIMEOUT_EVENT => errors::cs_timeout(card, args),
        HL_INFO_RAZWI_EVENT => errors::razwi(args),
        HL_INFO_UNDEFINED_OPCODE_EVENT => errors::undefined_opcode(args),
        HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES => card::page_sizes(args),
        HL_INFO_GET_EVENTS => notify::take(caller, args),
        HL_INFO_PAGE_FAULT_EVENT => errors::page_fault(card, args),
        HL_INFO_USER_MAPPINGS => errors::user_mappings(card, args),
        HL_INFO_UNREGISTER_EVENTFD => notify::unregister(caller),
        HL_INFO_HW_ERR_EVENT | HL_INFO_USER_ENGINE_ERR_EVENT => errors::hardware(args),
        HL_INFO_FW_ERR_EVENT => errors::firmware(card, args),
        HL_INFO_DRAM_USAGE => state::dram_usage(caller, args),
        GOYA_INFO_EXTENSIONS => state::extensions(args),
        _ => return None,
    })
}

/// Answers what a card must work for.
fn while_operational(caller: &Caller<'_>, args: &mut InfoArgs) -> Result<Answer> {
    static LIMIT: RateLimit = RateLimit::new();

    let card = caller.card;
    let status = card.status();
    if !status.operational() {
        if LIMIT.allows() {
            dev_dbg!(
                caller.dev,
                "Device is {}. Can't execute INFO IOCTL\n",
                status.text()
            );
        }
        return Err(EBUSY);
    }
    match args.op {
        HL_INFO_HW_IDLE => card::hw_idle(card, args),
        HL_INFO_DEVICE_UTILIZATION => firmware::utilization(card, args),
        HL_INFO_CLK_RATE => firmware::clk_rate(card, args),
        HL_INFO_TIME_SYNC => card::time_sync(card, args),
        HL_INFO_PCI_COUNTERS => firmware::pci_counters(card, args),
        HL_INFO_TOTAL_ENERGY => firmware::total_energy(card, args),
        HL_INFO_PLL_FREQUENCY => firmware::pll_frequency(card, args),
        HL_INFO_POWER => firmware::power(card, args),
        HL_INFO_DRAM_REPLACED_ROWS => firmware::replaced_rows(card, args),
        HL_INFO_DRAM_PENDING_ROWS => firmware::pending_rows(card, args),
        HL_INFO_SECURED_ATTESTATION => firmware::attestation(card, args),
        HL_INFO_REGISTER_EVENTFD => notify::register(caller, args),
        HL_INFO_ENGINE_STATUS => card::engine_status(card, args),
        HL_INFO_FW_GENERIC_REQ => firmware::generic_request(caller, args),
        HL_INFO_DEV_SIGNED => firmware::signed_info(card, args),
        op => {
            dev_err_ratelimited!(caller.dev, "Invalid request {}\n", op as i32);
            Err(EINVAL)
        }
    }
}
