// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Fills the answers of `HL_IOCTL_INFO`: what is constant of a Goya card, and small sums.
//!
//! Pure functions of values that other rooms have. Upstream's facts: `common/habanalabs_ioctl.c` and
//! `goya_set_fixed_properties()` in `goya/goya.c`.

#![allow(dead_code)]

use kernel::prelude::*;
use zerocopy::FromZeros;

use super::consts::*;
use super::info_types::*;

/// SRAM, as the card addresses it.
const SRAM_BASE: u64 = 0x7f_f000_0000;
/// Bytes.
const SRAM_SIZE: u32 = 0x32a_0000;
/// Bytes from the begin of SRAM that the driver keeps: rings of the internal queues.
const SRAM_RESERVED: u32 = 0x8000;
/// Bytes from the begin of DRAM that firmware and driver keep.
const DRAM_RESERVED: u64 = 0x2000_0000;
/// Where mapped DRAM begins in a user's address space.
const DRAM_VIRTUAL_BASE: u64 = 0x8_0000_0000;
/// Bytes.
const DRAM_PAGE_SIZE: u64 = 0x20_0000;
/// Entries of the table of events.
pub(crate) const NUM_OF_EVENTS: u32 = 1024;
/// All eight processors: no Goya has fewer.
const TPC_ENABLED_MASK: u8 = 0xff;
/// What stands where the card has none of something that is numbered.
const NONE: u16 = u16::MAX;
/// The name of a card whose firmware has none.
const DEFAULT_CARD_NAME: &[u8; HL_INFO_CARD_NAME_MAX_LEN] = b"HL1000\0\0\0\0\0\0\0\0\0\0";
/// What a card that does nothing draws, in mW.
pub(crate) const IDLE_POWER: u64 = 20_000;

/// The bytes of an answer that a caller has room for.
pub(crate) fn visible<T: IntoBytes + zerocopy::Immutable>(answer: &T, room: u32) -> &[u8] {
    let bytes = answer.as_bytes();
    bytes.get(..room as usize).unwrap_or(bytes)
}

/// Settings of the PCI PLL, as the registers have them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PciPll {
    pub(crate) nr: u32,
    pub(crate) nf: u32,
    pub(crate) od: u32,
    pub(crate) div_factor: u32,
}

/// What differs among Goya cards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CardFacts {
    pub(crate) device_id: u16,
    pub(crate) revision_id: u8,
    /// All of it, in bytes.
    pub(crate) dram_size: u64,
    /// Strings of firmware; a name that is empty is replaced.
    pub(crate) cpucp_version: [u8; HL_INFO_VERSION_MAX_LEN],
    pub(crate) card_name: [u8; HL_INFO_CARD_NAME_MAX_LEN],
    pub(crate) cpld_version: u32,
    /// Where the card sits, as firmware says.
    pub(crate) card_location: u32,
    pub(crate) pci_pll: PciPll,
    /// The firmware keeps the host from some registers.
    pub(crate) secure: bool,
}

/// `HL_INFO_HW_IP_INFO`.
pub(crate) fn hw_ip_info(card: &CardFacts) -> InfoHwIpInfo {
    let dram_size = user_dram(card.dram_size) & !(DRAM_PAGE_SIZE - 1);
    let card_name = match card.card_name {
        [0, ..] => *DEFAULT_CARD_NAME,
        name => name,
    };

    InfoHwIpInfo {
        sram_base_address: SRAM_BASE + u64::from(SRAM_RESERVED),
        sram_size: SRAM_SIZE - SRAM_RESERVED,
        dram_base_address: DRAM_VIRTUAL_BASE,
        dram_size,
        dram_enabled: u8::from(dram_size != 0),
        dram_page_size: DRAM_PAGE_SIZE,
        device_mem_alloc_default_page_size: DRAM_PAGE_SIZE,
        reserved_dram_size: DRAM_RESERVED,
        num_of_events: NUM_OF_EVENTS,
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
pub(crate) fn dram_usage(dram_size: u64, used: u64, used_by_context: u64) -> InfoDramUsage {
    InfoDramUsage {
        dram_free_mem: user_dram(dram_size).saturating_sub(used),
        ctx_dram_mem: used_by_context,
    }
}

/// `HL_INFO_HW_IDLE`: the busy engines, as bits by `GOYA_ENGINE_ID_*`.
pub(crate) fn hw_idle(busy: u32) -> InfoHwIdle {
    InfoHwIdle {
        is_idle: u32::from(busy == 0),
        busy_engines_mask: busy,
        busy_engines_mask_ext: [busy.into(), 0, 0, 0],
    }
}

/// `HL_INFO_DEVICE_STATUS`.
pub(crate) fn device_status(status: u32) -> InfoDeviceStatus {
    InfoDeviceStatus { status, pad: 0 }
}

/// `HL_INFO_DEVICE_UTILIZATION`: how much of its power the card draws, both in mW.
///
/// # Errors
///
/// `EINVAL` if the card may draw no more than when idle, so that there is nothing to compare with.
pub(crate) fn device_utilization(power: u64, max_power: u64) -> Result<InfoDeviceUtilization> {
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
pub(crate) fn clk_rate(current: u64, max: u64) -> InfoClkRate {
    let mhz = |hz: u64| u32::try_from(hz / 1_000_000).unwrap_or(u32::MAX);
    InfoClkRate {
        cur_clk_rate_mhz: mhz(current),
        max_clk_rate_mhz: mhz(max),
    }
}

/// `HL_INFO_PLL_FREQUENCY`, from the result of firmware: four numbers of 16 bits, the first lowest.
pub(crate) fn pll_frequency(result: u64) -> InfoPllFrequency {
    InfoPllFrequency {
        output: [0, 16, 32, 48].map(|shift| (result >> shift) as u16),
    }
}

/// `HL_INFO_SYNC_MANAGER`: Goya has one sync manager, all of it the user's, and answers alike for all that could be.
///
/// # Errors
///
/// `EINVAL` for a number that no card has.
pub(crate) fn sync_manager(dcore_id: u32) -> Result<InfoSyncManager> {
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
pub(crate) fn dev_mem_alloc_page_sizes() -> InfoDevMemAllocPageSizes {
    InfoDevMemAllocPageSizes {
        page_order_bitmask: 0,
    }
}

/// One reason to slow the clock: since when, and until when if it is over, in ns of the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttling {
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
}

/// `HL_INFO_CLK_THROTTLE_REASON`: by power and by heat, as far as each ever came; `now` in ns.
pub(crate) fn clk_throttle(
    power: Option<Throttling>,
    thermal: Option<Throttling>,
    now: i64,
) -> InfoClkThrottle {
    let unsigned = |time: i64| u64::try_from(time).unwrap_or(0);
    let active = |kind: Option<Throttling>| kind.is_some_and(|k| k.end.is_none());
    let since = |kind: Option<Throttling>| kind.map_or(0, |k| unsigned(k.start) / 1000);
    let lasted = |kind: Option<Throttling>| {
        kind.map_or(0, |k| {
            unsigned(k.end.unwrap_or(now).saturating_sub(k.start))
        })
    };

    InfoClkThrottle {
        clk_throttling_reason: if active(power) {
            HL_CLK_THROTTLE_POWER
        } else {
            0
        } | if active(thermal) {
            HL_CLK_THROTTLE_THERMAL
        } else {
            0
        },
        pad: 0,
        clk_throttling_timestamp_us: [since(power), since(thermal)],
        clk_throttling_duration_ns: [lasted(power), lasted(thermal)],
    }
}

/// How many submissions were refused, by reason.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drops {
    pub(crate) out_of_mem: u64,
    pub(crate) parsing: u64,
    pub(crate) queue_full: u64,
    pub(crate) device_in_reset: u64,
    pub(crate) max_cs_in_flight: u64,
    pub(crate) validation: u64,
}

/// `HL_INFO_CS_COUNTERS`; a caller without a context has zeros.
pub(crate) fn cs_counters(total: &Drops, context: Option<&Drops>) -> InfoCsCounters {
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

/// `HL_INFO_OPEN_STATS`: how often the card was opened, and how long the last user that left had it, in ms.
pub(crate) fn open_stats(
    opens: u64,
    last_open_period_ms: u64,
    active: bool,
    in_release: bool,
) -> InfoOpenStats {
    InfoOpenStats {
        open_counter: opens,
        last_open_period_ms,
        is_compute_ctx_active: active.into(),
        compute_ctx_in_release: in_release.into(),
        pad: [0; 6],
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
    fn throttling_lasts_until_it_ends() {
        let over = Some(Throttling {
            start: 5_000,
            end: Some(9_000),
        });
        let lasting = Some(Throttling {
            start: 7_000,
            end: None,
        });
        let info = clk_throttle(over, lasting, 10_000);
        assert_eq!(info.clk_throttling_reason, HL_CLK_THROTTLE_THERMAL);
        assert_eq!(info.clk_throttling_timestamp_us, [5, 7]);
        assert_eq!(info.clk_throttling_duration_ns, [4_000, 3_000]);
        assert_eq!(
            clk_throttle(None, None, 1).clk_throttling_timestamp_us,
            [0, 0]
        );
    }

    #[test]
    fn plls_and_idle() {
        assert_eq!(pll_frequency(0x0004_0003_0002_0001).output, [1, 2, 3, 4]);
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
