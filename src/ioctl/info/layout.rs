// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Fills the answers of `HL_IOCTL_INFO`: what is constant of a Goya card, and small sums.
//!
//! Pure functions of values that other rooms have. Upstream's facts: `common/habanalabs_ioctl.c` and
//! `goya_set_fixed_properties()` in `goya/goya.c`.

use kernel::prelude::*;
use zerocopy::FromZeros;

use crate::hw::{events, map, pll::PciPll};
use crate::mem::device_memory::PAGE_SIZE as DRAM_PAGE_SIZE;
use crate::uapi::consts::*;
use crate::uapi::info_types::*;

/// Bytes from the begin of DRAM that firmware and driver keep.
const DRAM_RESERVED: u64 = map::DRAM_USER_BASE - map::DRAM_BASE;
/// All eight processors: no Goya has fewer.
const TPC_ENABLED_MASK: u8 = 0xff;
/// What stands where the card has none of something that is numbered.
const NONE: u16 = u16::MAX;
/// The name of a card whose firmware has none.
const DEFAULT_CARD_NAME: &[u8; HL_INFO_CARD_NAME_MAX_LEN] = b"HL1000\0\0\0\0\0\0\0\0\0\0";
/// What a card that does nothing draws, in mW.
pub(super) const IDLE_POWER: u64 = 20_000;

/// The bytes of an answer that a caller has room for.
pub(super) fn visible<T: IntoBytes + zerocopy::Immutable>(answer: &T, room: u32) -> &[u8] {
    let bytes = answer.as_bytes();
    bytes.get(..room as usize).unwrap_or(bytes)
}

/// What differs among Goya cards.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardFacts {
    pub(super) device_id: u16,
    pub(super) revision_id: u8,
    /// All of it, in bytes.
    pub(super) dram_size: u64,
    /// Strings of firmware; a name that is empty is replaced.
    pub(super) cpucp_version: [u8; HL_INFO_VERSION_MAX_LEN],
    pub(super) card_name: [u8; HL_INFO_CARD_NAME_MAX_LEN],
    pub(super) cpld_version: u32,
    /// Where the card sits, as firmware says.
    pub(super) card_location: u32,
    pub(super) pci_pll: PciPll,
    /// The firmware keeps the host from some registers.
    pub(super) secure: bool,
}

/// `HL_INFO_HW_IP_INFO`.
pub(super) fn hw_ip_info(card: &CardFacts) -> InfoHwIpInfo {
    let dram_size = user_dram(card.dram_size) & !(DRAM_PAGE_SIZE - 1);
    let card_name = match card.card_name {
        [0, ..] => *DEFAULT_CARD_NAME,
        name => name,
    };

    InfoHwIpInfo {
        sram_base_address: map::SRAM_BASE + u64::from(map::SRAM_USER_OFFSET),
        sram_size: map::SRAM_SIZE as u32 - map::SRAM_USER_OFFSET,
        dram_base_address: map::DRAM_VIRTUAL.start,
        dram_size,
        dram_enabled: u8::from(dram_size != 0),
        dram_page_size: DRAM_PAGE_SIZE,
        device_mem_alloc_default_page_size: DRAM_PAGE_SIZE,
        reserved_dram_size: DRAM_RESERVED,
        num_of_events: events::COUNT.into(),
        device_id: card.device_id.into(),
        revision_id: card.revision_id,
        module_id: card.card_location,
        cpld_version: card.cpld_version,
        cpucp_version: card.cpucp_version,
        card_name,
        psoc_pci_pll_nr: card.pci_pll.nr,
        psoc_pci_pll_nf: card.pci_pll.nf,
        psoc_pci_pll_od: card.pci_pll.od,
        psoc_pci_pll_div_factor: card.pci_pll.div_factor,
        security_enabled: u8::from(card.secure),
        tpc_enabled_mask: TPC_ENABLED_MASK,
        tpc_enabled_mask_ext: TPC_ENABLED_MASK.into(),
        first_available_interrupt_id: NONE,
        tpc_interrupt_id: NONE,
        // No decoders, user interrupts, DMA engines of a kind, rotators, engine cores or servers to speak of.
        ..InfoHwIpInfo::new_zeroed()
    }
}

/// DRAM that users have, of a card with `dram_size` bytes.
fn user_dram(dram_size: u64) -> u64 {
    dram_size.saturating_sub(DRAM_RESERVED)
}

/// `HL_INFO_DRAM_USAGE`: of a card with `dram_size` bytes, `used` by all contexts and `used_by_context` by the asking one.
pub(super) fn dram_usage(dram_size: u64, used: u64, used_by_context: u64) -> InfoDramUsage {
    InfoDramUsage {
        dram_free_mem: user_dram(dram_size).saturating_sub(used),
        ctx_dram_mem: used_by_context,
    }
}

/// `HL_INFO_HW_IDLE`: the busy engines, as bits by `GOYA_ENGINE_ID_*`.
pub(super) fn hw_idle(busy: u32) -> InfoHwIdle {
    InfoHwIdle {
        is_idle: u32::from(busy == 0),
        busy_engines_mask: busy,
        busy_engines_mask_ext: [busy.into(), 0, 0, 0],
    }
}

/// `HL_INFO_DEVICE_STATUS`.
pub(super) fn device_status(status: u32) -> InfoDeviceStatus {
    InfoDeviceStatus { status, pad: 0 }
}

/// `HL_INFO_DEVICE_UTILIZATION`: how much of its power the card draws, both in mW.
///
/// # Errors
///
/// `EINVAL` if the card may draw no more than when idle, so that there is nothing to compare with.
pub(super) fn device_utilization(power: u64, max_power: u64) -> Result<InfoDeviceUtilization> {
    let range = max_power
        .checked_sub(IDLE_POWER)
        .filter(|&range| range != 0)
        .ok_or(EINVAL)?;
    let above = power.saturating_sub(IDLE_POWER).min(range);
    // Where the product has no room, `range` is large enough to be divided instead.
    let (part, whole) = match above.checked_mul(100) {
        Some(product) => (product, range),
        None => (above, range / 100),
    };
    let percent = part.checked_div(whole).ok_or(EINVAL)?;
    Ok(InfoDeviceUtilization {
        utilization: percent.min(100) as u32,
        pad: 0,
    })
}

/// `HL_INFO_CLK_RATE`, from Hz.
pub(super) fn clk_rate(current: u64, max: u64) -> InfoClkRate {
    let mhz = |hz: u64| u32::try_from(hz / 1_000_000).unwrap_or(u32::MAX);
    InfoClkRate {
        cur_clk_rate_mhz: mhz(current),
        max_clk_rate_mhz: mhz(max),
    }
}

/// `HL_INFO_SYNC_MANAGER`: Goya has one sync manager, all of it the user's, and answers alike for all that could be.
///
/// # Errors
///
/// `EINVAL` for a number that no card has.
pub(super) fn sync_manager(dcore_id: u32) -> Result<InfoSyncManager> {
    if dcore_id as usize >= HL_MAX_DCORES {
        return Err(EINVAL);
    }
    Ok(InfoSyncManager {
        first_available_sync_object: 0,
        first_available_monitor: 0,
        first_available_cq: NONE.into(),
        reserved: 0,
    })
}

/// `HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES`: none, which says that there is no choice.
pub(super) fn dev_mem_alloc_page_sizes() -> InfoDevMemAllocPageSizes {
    InfoDevMemAllocPageSizes {
        page_order_bitmask: 0,
    }
}

/// How many submissions were refused, by reason.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drops {
    pub(super) out_of_mem: u64,
    pub(super) parsing: u64,
    pub(super) queue_full: u64,
    pub(super) device_in_reset: u64,
    pub(super) max_cs_in_flight: u64,
    pub(super) validation: u64,
}

/// `HL_INFO_CS_COUNTERS`; a caller without a context has zeros.
pub(super) fn cs_counters(total: &Drops, context: Option<&Drops>) -> InfoCsCounters {
    let context = context.copied().unwrap_or_default();
    InfoCsCounters {
        total_out_of_mem_drop_cnt: total.out_of_mem,
        ctx_out_of_mem_drop_cnt: context.out_of_mem,
        total_parsing_drop_cnt: total.parsing,
        ctx_parsing_drop_cnt: context.parsing,
        total_queue_full_drop_cnt: total.queue_full,
        ctx_queue_full_drop_cnt: context.queue_full,
        total_device_in_reset_drop_cnt: total.device_in_reset,
        ctx_device_in_reset_drop_cnt: context.device_in_reset,
        total_max_cs_in_flight_drop_cnt: total.max_cs_in_flight,
        ctx_max_cs_in_flight_drop_cnt: context.max_cs_in_flight,
        total_validation_drop_cnt: total.validation,
        ctx_validation_drop_cnt: context.validation,
    }
}

#[kunit_tests(goya_uapi_info)]
mod tests {
    use super::*;

    fn card() -> CardFacts {
        CardFacts {
            device_id: 1,
            revision_id: 1,
            dram_size: 1 << 32,
            cpucp_version: [0; HL_INFO_VERSION_MAX_LEN],
            card_name: [0; HL_INFO_CARD_NAME_MAX_LEN],
            cpld_version: 2,
            card_location: 3,
            pci_pll: PciPll {
                nr: 4,
                nf: 5,
                od: 6,
                div_factor: 7,
                ..PciPll::default()
            },
            secure: true,
        }
    }

    #[test]
    fn a_card_of_four_gigabytes() {
        let info = hw_ip_info(&card());
        assert_eq!(info.sram_base_address, 0x7f_f000_8000);
        assert_eq!(info.sram_size, 0x329_8000);
        assert_eq!(info.dram_base_address, 0x8_0000_0000);
        assert_eq!(info.dram_size, 0xe000_0000);
        assert_eq!(info.reserved_dram_size, 0x2000_0000);
        assert_eq!(info.dram_enabled, 1);
        assert_eq!(info.tpc_enabled_mask, 0xff);
        assert_eq!(info.psoc_pci_pll_div_factor, 7);
        assert!(info.card_name.starts_with(b"HL1000\0"));
    }

    #[test]
    fn a_card_without_dram_for_users() {
        let info = hw_ip_info(&CardFacts {
            dram_size: 1 << 20,
            ..card()
        });
        assert_eq!((info.dram_size, info.dram_enabled), (0, 0));
    }

    #[test]
    fn answers_are_cut_to_the_room() {
        let answer = device_status(HL_DEVICE_STATUS_NEEDS_RESET);
        assert_eq!(visible(&answer, 4), &3u32.to_ne_bytes());
        assert_eq!(visible(&answer, 8).len(), 8);
        assert_eq!(visible(&answer, u32::MAX).len(), 8);
    }

    #[test]
    fn utilization_is_a_percentage() {
        let percent = |power, max| device_utilization(power, max).map(|u| u.utilization).ok();
        assert_eq!(percent(0, 200_000), Some(0));
        assert_eq!(percent(110_000, 200_000), Some(50));
        assert_eq!(percent(u64::MAX, 200_000), Some(100));
        assert_eq!(percent(u64::MAX, u64::MAX), Some(100));
        assert_eq!(percent(1, 20_000), None);
        assert_eq!(percent(1, 0), None);
    }

    #[test]
    fn idle() {
        assert_eq!(hw_idle(0).is_idle, 1);
        assert_eq!(
            hw_idle(1 << GOYA_ENGINE_ID_TPC_0).busy_engines_mask_ext,
            [0x40, 0, 0, 0]
        );
        assert!(sync_manager(8).is_err());
        assert_eq!(
            sync_manager(7).map(|info| info.first_available_cq).ok(),
            Some(0xffff)
        );
    }
}
