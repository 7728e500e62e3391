// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`, byte for byte; see `types.rs` for how layouts are checked, and `ioctl/info/layout.rs` for how they
//! are filled. Times are of the monotonic clock.

#![allow(dead_code)]

use kernel::prelude::*;
use zerocopy_derive::{
    Immutable,
    KnownLayout, //
};

use super::consts::*;
use super::types::layout;

layout! {
    /// `struct hl_info_hw_ip_info`: what the card is. Addresses are the card's, sizes in bytes.
    InfoHwIpInfo: 304 {
        0 => sram_base_address: u64,
        8 => dram_base_address: u64,
        16 => dram_size: u64,
        24 => sram_size: u32,
        28 => num_of_events: u32,
        32 => device_id: u32,
        36 => module_id: u32,
        40 => decoder_enabled_mask: u32,
        44 => first_available_interrupt_id: u16,
        46 => server_type: u16,
        48 => cpld_version: u32,
        52 => psoc_pci_pll_nr: u32,
        56 => psoc_pci_pll_nf: u32,
        60 => psoc_pci_pll_od: u32,
        64 => psoc_pci_pll_div_factor: u32,
        68 => tpc_enabled_mask: u8,
        69 => dram_enabled: u8,
        70 => security_enabled: u8,
        71 => mme_master_slave_mode: u8,
        72 => cpucp_version: [u8; HL_INFO_VERSION_MAX_LEN],
        200 => card_name: [u8; HL_INFO_CARD_NAME_MAX_LEN],
        216 => tpc_enabled_mask_ext: u64,
        224 => dram_page_size: u64,
        232 => edma_enabled_mask: u32,
        236 => number_of_user_interrupts: u16,
        238 => reserved1: u8,
        239 => reserved2: u8,
        240 => reserved3: u64,
        248 => device_mem_alloc_default_page_size: u64,
        256 => reserved4: u64,
        264 => reserved5: u64,
        272 => reserved6: u32,
        276 => reserved7: u8,
        277 => revision_id: u8,
        278 => tpc_interrupt_id: u16,
        280 => rotator_enabled_mask: u32,
        284 => reserved9: u32,
        288 => engine_core_interrupt_reg_addr: u64,
        296 => reserved_dram_size: u64,
    }

    /// `struct hl_info_dram_usage`: bytes.
    InfoDramUsage: 16 {
        0 => dram_free_mem: u64,
        8 => ctx_dram_mem: u64,
    }

    /// `struct hl_info_hw_idle`: bits are numbered by `GOYA_ENGINE_ID_*`.
    InfoHwIdle: 40 {
        0 => is_idle: u32,
        4 => busy_engines_mask: u32,
        8 => busy_engines_mask_ext: [u64; HL_BUSY_ENGINES_MASK_EXT_SIZE],
    }

    /// `struct hl_info_device_status`.
    InfoDeviceStatus: 8 {
        /// `HL_DEVICE_STATUS_*`.
        0 => status: u32,
        4 => pad: u32,
    }

    /// `struct hl_info_device_utilization`.
    InfoDeviceUtilization: 8 {
        /// Percent.
        0 => utilization: u32,
        4 => pad: u32,
    }

    /// `struct hl_info_clk_rate`: MHz.
    InfoClkRate: 8 {
        0 => cur_clk_rate_mhz: u32,
        4 => max_clk_rate_mhz: u32,
    }

    /// `struct hl_info_reset_count`: since the driver was loaded.
    InfoResetCount: 8 {
        0 => hard_reset_cnt: u32,
        4 => soft_reset_cnt: u32,
    }

    /// `struct hl_info_time_sync`.
    InfoTimeSync: 24 {
        /// The card's counter.
        0 => device_time: u64,
        /// Raw monotonic clock, nanoseconds.
        8 => host_time: u64,
        /// The processor's counter.
        16 => tsc_time: u64,
    }

    /// `struct hl_info_pci_counters`: KiB a second, and a count.
    InfoPciCounters: 24 {
        0 => rx_throughput: u64,
        8 => tx_throughput: u64,
        16 => replay_cnt: u64,
    }

    /// `struct hl_info_clk_throttle`: by power and by heat.
    InfoClkThrottle: 40 {
        /// `HL_CLK_THROTTLE_*`.
        0 => clk_throttling_reason: u32,
        4 => pad: u32,
        /// When it began, microseconds.
        8 => clk_throttling_timestamp_us: [u64; HL_CLK_THROTTLE_TYPE_MAX],
        24 => clk_throttling_duration_ns: [u64; HL_CLK_THROTTLE_TYPE_MAX],
    }

    /// `struct hl_info_energy`: as firmware says.
    InfoEnergy: 8 {
        0 => total_energy_consumption: u64,
    }

    /// `struct hl_pll_frequency_info`: MHz.
    InfoPllFrequency: 8 {
        0 => output: [u16; HL_PLL_NUM_OUTPUTS],
    }

    /// `struct hl_open_stats_info`.
    InfoOpenStats: 24 {
        0 => open_counter: u64,
        8 => last_open_period_ms: u64,
        16 => is_compute_ctx_active: u8,
        17 => compute_ctx_in_release: u8,
        18 => pad: [u8; 6],
    }

    /// `struct hl_power_info`: as firmware says.
    InfoPower: 8 {
        0 => power: u64,
    }

    /// `struct hl_info_sync_manager`: the first numbers that are the user's.
    InfoSyncManager: 16 {
        0 => first_available_sync_object: u32,
        4 => first_available_monitor: u32,
        8 => first_available_cq: u32,
        12 => reserved: u32,
    }

    /// `struct hl_info_cs_counters`: refused submissions, in total and of this context.
    InfoCsCounters: 96 {
        0 => total_out_of_mem_drop_cnt: u64,
        8 => ctx_out_of_mem_drop_cnt: u64,
        16 => total_parsing_drop_cnt: u64,
        24 => ctx_parsing_drop_cnt: u64,
        32 => total_queue_full_drop_cnt: u64,
        40 => ctx_queue_full_drop_cnt: u64,
        48 => total_device_in_reset_drop_cnt: u64,
        56 => ctx_device_in_reset_drop_cnt: u64,
        64 => total_max_cs_in_flight_drop_cnt: u64,
        72 => ctx_max_cs_in_flight_drop_cnt: u64,
        80 => total_validation_drop_cnt: u64,
        88 => ctx_validation_drop_cnt: u64,
    }

    /// `struct hl_info_last_err_open_dev_time`.
    InfoLastErrOpenDevTime: 8 {
        0 => timestamp: i64,
    }

    /// `struct hl_info_cs_timeout_event`.
    InfoCsTimeoutEvent: 16 {
        0 => timestamp: i64,
        8 => seq: u64,
    }

    /// `struct hl_info_razwi_event`.
    InfoRazwiEvent: 280 {
        0 => timestamp: i64,
        8 => addr: u64,
        16 => engine_id: [u16; 128],
        272 => num_of_possible_engines: u16,
        274 => flags: u8,
        275 => pad: [u8; 5],
    }

    /// `struct hl_info_undefined_opcode_event`.
    InfoUndefinedOpcodeEvent: 288 {
        0 => timestamp: i64,
        8 => cb_addr_streams: [[u64; 8]; 4],
        264 => cq_addr: u64,
        272 => cq_size: u32,
        276 => cb_addr_streams_len: u32,
        280 => engine_id: u32,
        284 => stream_id: u32,
    }

    /// `struct hl_info_hw_err_event`.
    InfoHwErrEvent: 16 {
        0 => timestamp: i64,
        8 => event_id: u16,
        10 => pad: [u16; 3],
    }

    /// `struct hl_info_fw_err_event`.
    InfoFwErrEvent: 16 {
        0 => timestamp: i64,
        /// `HL_INFO_FW_*_ERR`.
        8 => err_type: u16,
        10 => event_id: u16,
        12 => pad: u32,
    }

    /// `struct hl_info_engine_err_event`.
    InfoEngineErrEvent: 16 {
        0 => timestamp: i64,
        8 => engine_id: u16,
        10 => error_count: u16,
        12 => pad: u32,
    }

    /// `struct hl_info_sec_attest`. Large: not for the stack.
    InfoSecAttest: 3592 {
        0 => nonce: u32,
        4 => pcr_quote_len: u16,
        6 => pub_data_len: u16,
        8 => certificate_len: u16,
        10 => pcr_num_reg: u8,
        11 => pcr_reg_len: u8,
        12 => quote_sig_len: u8,
        13 => pcr_data: [u8; 256],
        269 => pcr_quote: [u8; 510],
        779 => quote_sig: [u8; 255],
        1034 => public_data: [u8; 510],
        1544 => certificate: [u8; 2046],
        3590 => pad0: [u8; 2],
    }

    /// `struct hl_info_signed`. Large: not for the stack.
    InfoSigned: 7944 {
        0 => nonce: u32,
        4 => pub_data_len: u16,
        6 => certificate_len: u16,
        8 => info_sig_len: u8,
        9 => public_data: [u8; 510],
        519 => certificate: [u8; 2046],
        2565 => info_sig: [u8; 255],
        2820 => dev_info_len: u16,
        2822 => dev_info: [u8; 5120],
        7942 => pad: [u8; 2],
    }

    /// `struct hl_info_dev_memalloc_page_sizes`: bit *n* stands for pages of 2^*n* bytes.
    InfoDevMemAllocPageSizes: 8 {
        0 => page_order_bitmask: u64,
    }

    /// `struct hl_page_fault_info`.
    InfoPageFault: 24 {
        0 => timestamp: i64,
        8 => addr: u64,
        16 => engine_id: u16,
        18 => pad: [u8; 6],
    }

    /// `struct hl_user_mapping`: one of what was mapped when a page fault came.
    InfoUserMapping: 16 {
        0 => dev_va: u64,
        8 => size: u64,
    }

    /// `struct goya_info_extensions`: `GOYA_EXTENSION_*`.
    InfoExtensions: 8 {
        0 => extensions: u64,
    }
}
