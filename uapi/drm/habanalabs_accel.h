/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* SPDX-FileCopyrightText: The goya-rs authors */

/*
 * User API of the Goya driver: what a program says to /dev/accel/accelN.
 *
 * Layout and names are upstream's (drm/habanalabs_accel.h of Linux 7.3), so that a program builds
 * against either header; uapi/check.sh compares the two. What only other cards have is left out,
 * unless a structure needs it for its size. All reserved and padding fields are to be zero.
 */

#ifndef HABANALABS_H_
#define HABANALABS_H_

#include <drm/drm.h>

/* SRAM from its base that belongs to the driver: rings of the internal queues. Bytes. */
#define GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START	0x8000

/* Time stamps that one HL_MEM_OP_TS_ALLOC may ask for. */
#define TS_MAX_ELEMENTS_NUM	(1 << 20)

/* Queues. External queues (DMA) take kernel command buffers, internal ones device memory. */
enum goya_queue_id {
	GOYA_QUEUE_ID_DMA_0,
	GOYA_QUEUE_ID_DMA_1,	/* the only one that may read host memory */
	GOYA_QUEUE_ID_DMA_2,
	GOYA_QUEUE_ID_DMA_3,
	GOYA_QUEUE_ID_DMA_4,
	GOYA_QUEUE_ID_CPU_PQ,	/* the driver's own */
	GOYA_QUEUE_ID_MME,	/* internal queues from here on */
	GOYA_QUEUE_ID_TPC0,
	GOYA_QUEUE_ID_TPC1,
	GOYA_QUEUE_ID_TPC2,
	GOYA_QUEUE_ID_TPC3,
	GOYA_QUEUE_ID_TPC4,
	GOYA_QUEUE_ID_TPC5,
	GOYA_QUEUE_ID_TPC6,
	GOYA_QUEUE_ID_TPC7,
	GOYA_QUEUE_ID_SIZE
};

/* Engines: bits of the busy masks. */
enum goya_engine_id {
	GOYA_ENGINE_ID_DMA_0,
	GOYA_ENGINE_ID_DMA_1,
	GOYA_ENGINE_ID_DMA_2,
	GOYA_ENGINE_ID_DMA_3,
	GOYA_ENGINE_ID_DMA_4,
	GOYA_ENGINE_ID_MME_0,
	GOYA_ENGINE_ID_TPC_0,
	GOYA_ENGINE_ID_TPC_1,
	GOYA_ENGINE_ID_TPC_2,
	GOYA_ENGINE_ID_TPC_3,
	GOYA_ENGINE_ID_TPC_4,
	GOYA_ENGINE_ID_TPC_5,
	GOYA_ENGINE_ID_TPC_6,
	GOYA_ENGINE_ID_TPC_7,
	GOYA_ENGINE_ID_SIZE
};

/* PLLs, for HL_INFO_PLL_FREQUENCY. */
enum hl_goya_pll_index {
	HL_GOYA_CPU_PLL,
	HL_GOYA_IC_PLL,
	HL_GOYA_MC_PLL,
	HL_GOYA_MME_PLL,
	HL_GOYA_PCI_PLL,
	HL_GOYA_EMMC_PLL,
	HL_GOYA_TPC_PLL,
	HL_GOYA_PLL_MAX
};

/* Direction field of a LIN_DMA packet: software's note of what is copied where. */
enum hl_goya_dma_direction {
	HL_DMA_HOST_TO_DRAM,
	HL_DMA_HOST_TO_SRAM,
	HL_DMA_DRAM_TO_SRAM,
	HL_DMA_SRAM_TO_DRAM,
	HL_DMA_SRAM_TO_HOST,
	HL_DMA_DRAM_TO_HOST,
	HL_DMA_DRAM_TO_DRAM,
	HL_DMA_SRAM_TO_SRAM,
	HL_DMA_ENUM_MAX
};

/* State of the card (HL_INFO_DEVICE_STATUS). */
enum hl_device_status {
	HL_DEVICE_STATUS_OPERATIONAL,
	HL_DEVICE_STATUS_IN_RESET,
	HL_DEVICE_STATUS_MALFUNCTION,
	HL_DEVICE_STATUS_NEEDS_RESET,
	HL_DEVICE_STATUS_IN_DEVICE_CREATION,
	HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE,
	HL_DEVICE_STATUS_LAST = HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE
};

/* What a card is built into (hl_info_hw_ip_info.server_type): for Goya always unknown. */
enum hl_server_type {
	HL_SERVER_TYPE_UNKNOWN = 0,
	HL_SERVER_GAUDI_HLS1 = 1,
	HL_SERVER_GAUDI_HLS1H = 2,
	HL_SERVER_GAUDI_TYPE1 = 3,
	HL_SERVER_GAUDI_TYPE2 = 4,
	HL_SERVER_GAUDI2_HLS2 = 5,
	HL_SERVER_GAUDI2_TYPE1 = 7
};

/* What HL_CS_FLAGS_ENGINE_CORE_COMMAND and HL_CS_FLAGS_ENGINES_COMMAND may say; Goya refuses all. */
enum hl_engine_command {
	HL_ENGINE_CORE_HALT = 1,
	HL_ENGINE_CORE_RUN = 2,
	HL_ENGINE_STALL = 3,
	HL_ENGINE_RESUME = 4,
	HL_ENGINE_COMMAND_MAX
};

/* Events that an eventfd tells of (HL_INFO_REGISTER_EVENTFD, HL_INFO_GET_EVENTS). */
#define HL_NOTIFIER_EVENT_TPC_ASSERT		(1ULL << 0)
#define HL_NOTIFIER_EVENT_UNDEFINED_OPCODE	(1ULL << 1)
#define HL_NOTIFIER_EVENT_DEVICE_RESET		(1ULL << 2)
#define HL_NOTIFIER_EVENT_CS_TIMEOUT		(1ULL << 3)
#define HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE	(1ULL << 4)
#define HL_NOTIFIER_EVENT_USER_ENGINE_ERR	(1ULL << 5)
#define HL_NOTIFIER_EVENT_GENERAL_HW_ERR	(1ULL << 6)
#define HL_NOTIFIER_EVENT_RAZWI			(1ULL << 7)
#define HL_NOTIFIER_EVENT_PAGE_FAULT		(1ULL << 8)
#define HL_NOTIFIER_EVENT_CRITICL_HW_ERR	(1ULL << 9)
#define HL_NOTIFIER_EVENT_CRITICL_FW_ERR	(1ULL << 10)

/* What HL_IOCTL_INFO can be asked; the structure behind each has its name. */
#define HL_INFO_HW_IP_INFO		0
#define HL_INFO_HW_EVENTS		1	/* u32 for each event id, since the last hard reset */
#define HL_INFO_DRAM_USAGE		2
#define HL_INFO_HW_IDLE			3
#define HL_INFO_DEVICE_STATUS		4
#define HL_INFO_DEVICE_UTILIZATION	6
#define HL_INFO_HW_EVENTS_AGGREGATE	7	/* the same since the driver was loaded */
#define HL_INFO_CLK_RATE		8
#define HL_INFO_RESET_COUNT		9
#define HL_INFO_TIME_SYNC		10
#define HL_INFO_CS_COUNTERS		11
#define HL_INFO_PCI_COUNTERS		12
#define HL_INFO_CLK_THROTTLE_REASON	13
#define HL_INFO_SYNC_MANAGER		14
#define HL_INFO_TOTAL_ENERGY		15
#define HL_INFO_PLL_FREQUENCY		16
#define HL_INFO_POWER			17
#define HL_INFO_OPEN_STATS		18
#define HL_INFO_DRAM_REPLACED_ROWS	21
#define HL_INFO_DRAM_PENDING_ROWS	22
#define HL_INFO_LAST_ERR_OPEN_DEV_TIME	23
#define HL_INFO_CS_TIMEOUT_EVENT	24
#define HL_INFO_RAZWI_EVENT		25
#define HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES 26
#define HL_INFO_SECURED_ATTESTATION	27
#define HL_INFO_REGISTER_EVENTFD	28
#define HL_INFO_UNREGISTER_EVENTFD	29
#define HL_INFO_GET_EVENTS		30
#define HL_INFO_UNDEFINED_OPCODE_EVENT	31
#define HL_INFO_ENGINE_STATUS		32
#define HL_INFO_PAGE_FAULT_EVENT	33
#define HL_INFO_USER_MAPPINGS		34
#define HL_INFO_FW_GENERIC_REQ		35
#define HL_INFO_HW_ERR_EVENT		36
#define HL_INFO_FW_ERR_EVENT		37
#define HL_INFO_USER_ENGINE_ERR_EVENT	38
#define HL_INFO_DEV_SIGNED		40

#define HL_INFO_VERSION_MAX_LEN		128
#define HL_INFO_CARD_NAME_MAX_LEN	16

/* HL_INFO_HW_IP_INFO: what the card is. Addresses are the device's, sizes in bytes. */
struct hl_info_hw_ip_info {
	__u64 sram_base_address;	/* of the part that users have */
	__u64 dram_base_address;	/* where mapped DRAM begins for users */
	__u64 dram_size;		/* of the part that users have */
	__u32 sram_size;
	__u32 num_of_events;		/* length of the HW_EVENTS arrays */
	__u32 device_id;		/* PCI device id */
	__u32 module_id;
	__u32 decoder_enabled_mask;
	__u16 first_available_interrupt_id;
	__u16 server_type;
	__u32 cpld_version;
	__u32 psoc_pci_pll_nr;
	__u32 psoc_pci_pll_nf;
	__u32 psoc_pci_pll_od;
	__u32 psoc_pci_pll_div_factor;
	__u8 tpc_enabled_mask;
	__u8 dram_enabled;
	__u8 security_enabled;
	__u8 mme_master_slave_mode;
	__u8 cpucp_version[HL_INFO_VERSION_MAX_LEN];
	__u8 card_name[HL_INFO_CARD_NAME_MAX_LEN];
	__u64 tpc_enabled_mask_ext;
	__u64 dram_page_size;
	__u32 edma_enabled_mask;
	__u16 number_of_user_interrupts;
	__u8 reserved1;
	__u8 reserved2;
	__u64 reserved3;
	__u64 device_mem_alloc_default_page_size;
	__u64 reserved4;
	__u64 reserved5;
	__u32 reserved6;
	__u8 reserved7;
	__u8 revision_id;		/* PCI revision */
	__u16 tpc_interrupt_id;
	__u32 rotator_enabled_mask;
	__u32 reserved9;
	__u64 engine_core_interrupt_reg_addr;
	__u64 reserved_dram_size;
};

/* HL_INFO_DRAM_USAGE: bytes. */
struct hl_info_dram_usage {
	__u64 dram_free_mem;
	__u64 ctx_dram_mem;		/* allocated by the caller's context */
};

#define HL_BUSY_ENGINES_MASK_EXT_SIZE	4

/* HL_INFO_HW_IDLE: bits are numbered by enum goya_engine_id. */
struct hl_info_hw_idle {
	__u32 is_idle;
	__u32 busy_engines_mask;	/* low word of the next */
	__u64 busy_engines_mask_ext[HL_BUSY_ENGINES_MASK_EXT_SIZE];
};

/* HL_INFO_DEVICE_STATUS: enum hl_device_status. */
struct hl_info_device_status {
	__u32 status;
	__u32 pad;
};

/* HL_INFO_DEVICE_UTILIZATION: percent. */
struct hl_info_device_utilization {
	__u32 utilization;
	__u32 pad;
};

/* HL_INFO_CLK_RATE: MHz. */
struct hl_info_clk_rate {
	__u32 cur_clk_rate_mhz;
	__u32 max_clk_rate_mhz;
};

/* HL_INFO_RESET_COUNT: since the driver was loaded. */
struct hl_info_reset_count {
	__u32 hard_reset_cnt;
	__u32 soft_reset_cnt;
};

/* HL_INFO_TIME_SYNC: device ticks, host nanoseconds (CLOCK_MONOTONIC_RAW), processor ticks. */
struct hl_info_time_sync {
	__u64 device_time;
	__u64 host_time;
	__u64 tsc_time;
};

/* HL_INFO_PCI_COUNTERS: KiB a second, and a count. */
struct hl_info_pci_counters {
	__u64 rx_throughput;
	__u64 tx_throughput;
	__u64 replay_cnt;
};

enum hl_clk_throttling_type {
	HL_CLK_THROTTLE_TYPE_POWER,
	HL_CLK_THROTTLE_TYPE_THERMAL,
	HL_CLK_THROTTLE_TYPE_MAX
};

#define HL_CLK_THROTTLE_POWER	(1 << HL_CLK_THROTTLE_TYPE_POWER)
#define HL_CLK_THROTTLE_THERMAL	(1 << HL_CLK_THROTTLE_TYPE_THERMAL)

/* HL_INFO_CLK_THROTTLE_REASON: why the clock is slow now, since when and for how long. */
struct hl_info_clk_throttle {
	__u32 clk_throttling_reason;
	__u32 pad;
	__u64 clk_throttling_timestamp_us[HL_CLK_THROTTLE_TYPE_MAX];
	__u64 clk_throttling_duration_ns[HL_CLK_THROTTLE_TYPE_MAX];
};

/* HL_INFO_TOTAL_ENERGY: mJ. */
struct hl_info_energy {
	__u64 total_energy_consumption;
};

#define HL_PLL_NUM_OUTPUTS	4

/* HL_INFO_PLL_FREQUENCY: MHz. */
struct hl_pll_frequency_info {
	__u16 output[HL_PLL_NUM_OUTPUTS];
};

/* HL_INFO_OPEN_STATS. */
struct hl_open_stats_info {
	__u64 open_counter;
	__u64 last_open_period_ms;
	__u8 is_compute_ctx_active;
	__u8 compute_ctx_in_release;
	__u8 pad[6];
};

/* HL_INFO_POWER. */
struct hl_power_info {
	__u64 power;
};

/* HL_INFO_SYNC_MANAGER: the first numbers that are the user's. */
struct hl_info_sync_manager {
	__u32 first_available_sync_object;
	__u32 first_available_monitor;
	__u32 first_available_cq;
	__u32 reserved;
};

/* HL_INFO_CS_COUNTERS: submissions that were refused, by reason, in total and by this context. */
struct hl_info_cs_counters {
	__u64 total_out_of_mem_drop_cnt;
	__u64 ctx_out_of_mem_drop_cnt;
	__u64 total_parsing_drop_cnt;
	__u64 ctx_parsing_drop_cnt;
	__u64 total_queue_full_drop_cnt;
	__u64 ctx_queue_full_drop_cnt;
	__u64 total_device_in_reset_drop_cnt;
	__u64 ctx_device_in_reset_drop_cnt;
	__u64 total_max_cs_in_flight_drop_cnt;
	__u64 ctx_max_cs_in_flight_drop_cnt;
	__u64 total_validation_drop_cnt;
	__u64 ctx_validation_drop_cnt;
};

/* HL_INFO_LAST_ERR_OPEN_DEV_TIME: ns of CLOCK_MONOTONIC, as in all error records. */
struct hl_info_last_err_open_dev_time {
	__s64 timestamp;
};

/* HL_INFO_CS_TIMEOUT_EVENT. */
struct hl_info_cs_timeout_event {
	__s64 timestamp;
	__u64 seq;
};

#define HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR	128
#define HL_RAZWI_NA_ENG_ID			0xFFFF	/* no engine is known */
/* hl_info_razwi_event.flags */
#define HL_RAZWI_READ				(1UL << 0)
#define HL_RAZWI_WRITE				(1UL << 1)
#define HL_RAZWI_LBW				(1UL << 2)	/* a register */
#define HL_RAZWI_HBW				(1UL << 3)	/* memory */
#define HL_RAZWI_RR				(1UL << 4)	/* a range register refused it */
#define HL_RAZWI_ADDR_DEC			(1UL << 5)	/* nothing is there */

/* HL_INFO_RAZWI_EVENT: an access that protection refused. */
struct hl_info_razwi_event {
	__s64 timestamp;
	__u64 addr;
	__u16 engine_id[HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR];
	__u16 num_of_possible_engines;
	__u8 flags;
	__u8 pad[5];
};

#define MAX_QMAN_STREAMS_INFO		4
#define OPCODE_INFO_MAX_ADDR_SIZE	8

/* HL_INFO_UNDEFINED_OPCODE_EVENT. */
struct hl_info_undefined_opcode_event {
	__s64 timestamp;
	__u64 cb_addr_streams[MAX_QMAN_STREAMS_INFO][OPCODE_INFO_MAX_ADDR_SIZE];
	__u64 cq_addr;
	__u32 cq_size;
	__u32 cb_addr_streams_len;
	__u32 engine_id;
	__u32 stream_id;
};

/* HL_INFO_HW_ERR_EVENT. */
struct hl_info_hw_err_event {
	__s64 timestamp;
	__u16 event_id;
	__u16 pad[3];
};

enum hl_info_fw_err_type {
	HL_INFO_FW_HEARTBEAT_ERR,
	HL_INFO_FW_REPORTED_ERR,
};

/* HL_INFO_FW_ERR_EVENT. */
struct hl_info_fw_err_event {
	__s64 timestamp;
	__u16 err_type;
	__u16 event_id;
	__u32 pad;
};

/* HL_INFO_USER_ENGINE_ERR_EVENT. */
struct hl_info_engine_err_event {
	__s64 timestamp;
	__u16 engine_id;
	__u16 error_count;
	__u32 pad;
};

#define SEC_PCR_DATA_BUF_SZ	256
#define SEC_PCR_QUOTE_BUF_SZ	510
#define SEC_SIGNATURE_BUF_SZ	255
#define SEC_PUB_DATA_BUF_SZ	510
#define SEC_CERTIFICATE_BUF_SZ	2046
#define SEC_DEV_INFO_BUF_SZ	5120

/* HL_INFO_SECURED_ATTESTATION: a quote that firmware signs. No Goya firmware does. */
struct hl_info_sec_attest {
	__u32 nonce;		/* the one that was asked with */
	__u16 pcr_quote_len;	/* lengths in bytes of what is used of the buffers below */
	__u16 pub_data_len;
	__u16 certificate_len;
	__u8 pcr_num_reg;
	__u8 pcr_reg_len;
	__u8 quote_sig_len;
	__u8 pcr_data[SEC_PCR_DATA_BUF_SZ];
	__u8 pcr_quote[SEC_PCR_QUOTE_BUF_SZ];
	__u8 quote_sig[SEC_SIGNATURE_BUF_SZ];
	__u8 public_data[SEC_PUB_DATA_BUF_SZ];
	__u8 certificate[SEC_CERTIFICATE_BUF_SZ];
	__u8 pad0[2];
};

/* HL_INFO_DEV_SIGNED: what firmware says of the card, signed. No Goya firmware does. */
struct hl_info_signed {
	__u32 nonce;
	__u16 pub_data_len;
	__u16 certificate_len;
	__u8 info_sig_len;
	__u8 public_data[SEC_PUB_DATA_BUF_SZ];
	__u8 certificate[SEC_CERTIFICATE_BUF_SZ];
	__u8 info_sig[SEC_SIGNATURE_BUF_SZ];
	__u16 dev_info_len;
	__u8 dev_info[SEC_DEV_INFO_BUF_SZ];
	__u8 pad[2];
};

/* HL_INFO_ENGINE_STATUS: the largest answer that can be asked for. Bytes. */
#define HL_ENGINES_DATA_MAX_SIZE	0x100000

/* HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES: bit n stands for pages of 2^n bytes. */
struct hl_info_dev_memalloc_page_sizes {
	__u64 page_order_bitmask;
};

/* HL_INFO_PAGE_FAULT_EVENT. */
struct hl_page_fault_info {
	__s64 timestamp;
	__u64 addr;
	__u16 engine_id;
	__u8 pad[6];
};

/* HL_INFO_USER_MAPPINGS: what was mapped when the page fault came. */
struct hl_user_mapping {
	__u64 dev_va;
	__u64 size;
};

/* HL_IOCTL_INFO: the answer goes to return_pointer, return_size bytes of it at most. */
struct hl_info_args {
	__u64 return_pointer;
	__u32 return_size;
	__u32 op;			/* HL_INFO_* */
	union {
		__u32 dcore_id;
		__u32 ctx_id;
		__u32 period_ms;
		__u32 pll_index;
		__u32 eventfd;
		__u32 user_buffer_actual_size;
		__u32 sec_attest_nonce;
		__u32 array_size;
		__u32 fw_sub_opcode;
	};
	__u32 pad;
};

#define HL_CB_OP_CREATE		0	/* cb_size, flags -> cb_handle; the handle is an mmap offset too */
#define HL_CB_OP_DESTROY	1	/* cb_handle */
#define HL_CB_OP_INFO		2	/* cb_handle, flags -> usage_cnt or device_va */

#define HL_MAX_CB_SIZE		(0x200000 - 32)

#define HL_CB_FLAGS_MAP			0x1
#define HL_CB_FLAGS_GET_DEVICE_VA	0x2

struct hl_cb_in {
	__u64 cb_handle;
	__u32 op;			/* HL_CB_OP_* */
	__u32 cb_size;			/* bytes; one page at least */
	__u32 ctx_id;
	__u32 flags;			/* HL_CB_FLAGS_* */
};

struct hl_cb_out {
	union {
		__u64 cb_handle;
		union {
			struct {
				__u32 usage_cnt;
				__u32 pad;
			};
			__u64 device_va;
		};
	};
};

/* HL_IOCTL_CB. */
union hl_cb_args {
	struct hl_cb_in in;
	struct hl_cb_out out;
};

/* The chunk's cb_handle is a device address, not a handle. */
#define HL_CS_CHUNK_FLAGS_USER_ALLOC_CB	0x1

/* One job of a submission: a command buffer for a queue. */
struct hl_cs_chunk {
	union {
		__u64 cb_handle;
		__u64 signal_seq_arr;
		__u64 encaps_signal_seq;
	};
	__u32 queue_index;		/* enum goya_queue_id */
	union {
		__u32 cb_size;		/* bytes of packets */
		__u32 num_signal_seq_arr;
		__u32 encaps_signal_offset;
	};
	__u32 cs_chunk_flags;		/* HL_CS_CHUNK_FLAGS_* */
	__u32 collective_engine_id;
	__u32 pad[10];
};

#define HL_CS_FLAGS_FORCE_RESTORE		0x1	/* run the restore phase though the context is current */
#define HL_CS_FLAGS_SIGNAL			0x2
#define HL_CS_FLAGS_WAIT			0x4
#define HL_CS_FLAGS_COLLECTIVE_WAIT		0x8
#define HL_CS_FLAGS_TIMESTAMP			0x20	/* keep the time of completion */
#define HL_CS_FLAGS_STAGED_SUBMISSION		0x40
#define HL_CS_FLAGS_STAGED_SUBMISSION_FIRST	0x80
#define HL_CS_FLAGS_STAGED_SUBMISSION_LAST	0x100
#define HL_CS_FLAGS_CUSTOM_TIMEOUT		0x200	/* timeout holds seconds */
#define HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT	0x400
#define HL_CS_FLAGS_ENCAP_SIGNALS		0x800
#define HL_CS_FLAGS_RESERVE_SIGNALS_ONLY	0x1000
#define HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY	0x2000
#define HL_CS_FLAGS_ENGINE_CORE_COMMAND		0x4000
#define HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES	0x8000
#define HL_CS_FLAGS_ENGINES_COMMAND		0x10000

#define HL_CS_STATUS_SUCCESS	0

#define HL_MAX_JOBS_PER_CS	512

struct hl_cs_in {
	union {
		struct {
			__u64 chunks_restore;	/* pointer to struct hl_cs_chunk */
			__u64 chunks_execute;	/* pointer to struct hl_cs_chunk */
		};
		struct {
			__u64 engine_cores;
			__u32 num_engine_cores;
			__u32 core_command;
		};
		struct {
			__u64 engines;
			__u32 num_engines;
			__u32 engine_command;
		};
	};
	union {
		__u64 seq;
		__u32 encaps_sig_handle_id;
		struct {
			__u32 encaps_signals_count;
			__u32 encaps_signals_q_idx;
		};
	};
	__u32 num_chunks_restore;
	__u32 num_chunks_execute;
	__u32 timeout;			/* seconds, with HL_CS_FLAGS_CUSTOM_TIMEOUT */
	__u32 cs_flags;			/* HL_CS_FLAGS_* */
	__u32 ctx_id;
	__u8 pad[4];
};

struct hl_cs_out {
	union {
		__u64 seq;		/* to wait for */
		struct {
			__u32 handle_id;
			__u32 count;
		};
	};
	__u32 status;			/* HL_CS_STATUS_* */
	__u32 sob_base_addr_offset;
	__u16 sob_count_before_submission;
	__u16 pad[3];
};

/* HL_IOCTL_CS. */
union hl_cs_args {
	struct hl_cs_in in;
	struct hl_cs_out out;
};

#define HL_WAIT_CS_FLAGS_INTERRUPT		0x2
#define HL_WAIT_CS_FLAGS_INTERRUPT_MASK		0xFFF00000
#define HL_WAIT_CS_FLAGS_ANY_CQ_INTERRUPT	0xFFF00000
#define HL_WAIT_CS_FLAGS_ANY_DEC_INTERRUPT	0xFFE00000
#define HL_WAIT_CS_FLAGS_MULTI_CS		0x4
#define HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ	0x10
#define HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT	0x20

#define HL_WAIT_MULTI_CS_LIST_MAX_LEN		32

struct hl_wait_cs_in {
	union {
		struct {
			__u64 seq;
			__u64 timeout_us;
		};
		struct {
			union {
				__u64 addr;
				__u64 cq_counters_handle;
			};
			__u64 target;
		};
	};
	__u32 ctx_id;
	__u32 flags;			/* HL_WAIT_CS_FLAGS_* */
	union {
		struct {
			__u8 seq_arr_len;
			__u8 pad[7];
		};
		__u64 interrupt_timeout_us;
	};
	__u64 cq_counters_offset;
	__u64 timestamp_handle;
	__u64 timestamp_offset;
};

#define HL_WAIT_CS_STATUS_COMPLETED	0
#define HL_WAIT_CS_STATUS_BUSY		1
#define HL_WAIT_CS_STATUS_TIMEDOUT	2	/* the ioctl fails with ETIMEDOUT */
#define HL_WAIT_CS_STATUS_ABORTED	3	/* the ioctl fails with EIO */

#define HL_WAIT_CS_STATUS_FLAG_GONE		0x1	/* so old that only its end is known */
#define HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD	0x2

struct hl_wait_cs_out {
	__u32 status;			/* HL_WAIT_CS_STATUS_* */
	__u32 flags;			/* HL_WAIT_CS_STATUS_FLAG_* */
	__s64 timestamp_nsec;
	__u32 cs_completion_map;
	__u32 pad;
};

/* HL_IOCTL_WAIT_CS. */
union hl_wait_cs_args {
	struct hl_wait_cs_in in;
	struct hl_wait_cs_out out;
};

#define HL_MEM_OP_ALLOC			0	/* alloc -> handle */
#define HL_MEM_OP_FREE			1	/* free */
#define HL_MEM_OP_MAP			2	/* map_host with HL_MEM_USERPTR, else map_device -> device_virt_addr */
#define HL_MEM_OP_UNMAP			3	/* unmap */
#define HL_MEM_OP_MAP_BLOCK		4
#define HL_MEM_OP_EXPORT_DMABUF_FD	5	/* export_dmabuf_fd -> fd */
#define HL_MEM_OP_TS_ALLOC		6

#define HL_MEM_CONTIGUOUS	0x1
#define HL_MEM_SHARED		0x2
#define HL_MEM_USERPTR		0x4
#define HL_MEM_FORCE_HINT	0x8
#define HL_MEM_PREFETCH		0x40

struct hl_mem_in {
	union {
		struct {
			__u64 mem_size;
			__u64 page_size;
		} alloc;
		struct {
			__u64 handle;
		} free;
		struct {
			__u64 hint_addr;
			__u64 handle;
		} map_device;
		struct {
			__u64 host_virt_addr;
			__u64 hint_addr;
			__u64 mem_size;
		} map_host;
		struct {
			__u64 block_addr;
		} map_block;
		struct {
			__u64 device_virt_addr;
		} unmap;
		struct {
			__u64 addr;
			__u64 mem_size;
			__u64 offset;
		} export_dmabuf_fd;
	};
	__u32 op;			/* HL_MEM_OP_* */
	__u32 flags;			/* HL_MEM_* */
	__u32 ctx_id;
	__u32 num_of_elements;
};

struct hl_mem_out {
	union {
		__u64 device_virt_addr;
		__u64 handle;
		struct {
			__u64 block_handle;
			__u32 block_size;
			__u32 pad;
		};
		__s32 fd;
	};
};

/* HL_IOCTL_MEMORY. */
union hl_mem_args {
	struct hl_mem_in in;
	struct hl_mem_out out;
};

#define HL_DEBUG_MAX_AUX_VALUES	10

#define HL_DEBUG_OP_ETR		0
#define HL_DEBUG_OP_ETF		1
#define HL_DEBUG_OP_STM		2
#define HL_DEBUG_OP_FUNNEL	3
#define HL_DEBUG_OP_BMON	4
#define HL_DEBUG_OP_SPMU	5
#define HL_DEBUG_OP_TIMESTAMP	6
#define HL_DEBUG_OP_SET_MODE	7

struct hl_debug_params_etr {
	__u64 buffer_address;
	__u64 buffer_size;
	__u32 sink_mode;
	__u32 pad;
};

struct hl_debug_params_etf {
	__u64 buffer_address;
	__u64 buffer_size;
	__u32 sink_mode;
	__u32 pad;
};

struct hl_debug_params_stm {
	__u64 he_mask;
	__u64 sp_mask;
	__u32 id;
	__u32 frequency;
};

struct hl_debug_params_bmon {
	__u64 start_addr0;
	__u64 addr_mask0;
	__u64 start_addr1;
	__u64 addr_mask1;
	__u32 bw_win;
	__u32 win_capture;
	__u32 id;
	__u32 control;
	__u64 start_addr2;
	__u64 end_addr2;
	__u64 start_addr3;
	__u64 end_addr3;
};

struct hl_debug_params_spmu {
	__u64 event_types[HL_DEBUG_MAX_AUX_VALUES];
	__u32 event_types_num;
	__u32 pmtrc_val;
	__u32 trc_ctrl_host_val;
	__u32 trc_en_host_val;
};

/* HL_IOCTL_DEBUG. */
struct hl_debug_args {
	__u64 input_ptr;
	__u64 output_ptr;
	__u32 input_size;
	__u32 output_size;
	__u32 op;			/* HL_DEBUG_OP_* */
	__u32 reg_idx;
	__u32 enable;
	__u32 ctx_id;
};

#define HL_IOCTL_INFO		0x00
#define HL_IOCTL_CB		0x01
#define HL_IOCTL_CS		0x02
#define HL_IOCTL_WAIT_CS	0x03
#define HL_IOCTL_MEMORY		0x04
#define HL_IOCTL_DEBUG		0x05

#define DRM_IOCTL_HL_INFO	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_INFO, struct hl_info_args)
#define DRM_IOCTL_HL_CB		DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_CB, union hl_cb_args)
#define DRM_IOCTL_HL_CS		DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_CS, union hl_cs_args)
#define DRM_IOCTL_HL_WAIT_CS	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_WAIT_CS, union hl_wait_cs_args)
#define DRM_IOCTL_HL_MEMORY	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_MEMORY, union hl_mem_args)
#define DRM_IOCTL_HL_DEBUG	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_DEBUG, struct hl_debug_args)

#define HL_COMMAND_START	(DRM_COMMAND_BASE + HL_IOCTL_INFO)
#define HL_COMMAND_END		(DRM_COMMAND_BASE + HL_IOCTL_DEBUG + 1)

#endif /* HABANALABS_H_ */
