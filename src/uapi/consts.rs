// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Numbers of the user API: operations, flags, states.
//!
//! Names and values are those of `uapi/drm/habanalabs_accel.h`, as far as a Goya card meets them; what it refuses is here,
//! too, to be refused by name. Documentation/uapi.rst says what they mean.

#![allow(dead_code)]

/// Declares constants of one type: `TYPE: NAME = VALUE, ...`.
macro_rules! numbers {
    ($type:ty: $($(#[$meta:meta])* $name:ident = $value:expr,)*) => {
        $($(#[$meta])* pub(crate) const $name: $type = $value;)*
    };
}

// Numbers of the ioctls, counted from `DRM_COMMAND_BASE`.
numbers! { u32:
    HL_IOCTL_INFO = 0,
    HL_IOCTL_CB = 1,
    HL_IOCTL_CS = 2,
    HL_IOCTL_WAIT_CS = 3,
    HL_IOCTL_MEMORY = 4,
    HL_IOCTL_DEBUG = 5,
}

// Requests as user space sends them; size and direction are in the upper half.
numbers! { u32:
    DRM_IOCTL_HL_INFO = 0xc018_6440,
    DRM_IOCTL_HL_CB = 0xc018_6441,
    DRM_IOCTL_HL_CS = 0xc030_6442,
    DRM_IOCTL_HL_WAIT_CS = 0xc038_6443,
    DRM_IOCTL_HL_MEMORY = 0xc028_6444,
    DRM_IOCTL_HL_DEBUG = 0xc028_6445,
}

// Queues.
numbers! { u32:
    GOYA_QUEUE_ID_DMA_0 = 0,
    /// The only one that may read host memory.
    GOYA_QUEUE_ID_DMA_1 = 1,
    GOYA_QUEUE_ID_DMA_2 = 2,
    GOYA_QUEUE_ID_DMA_3 = 3,
    GOYA_QUEUE_ID_DMA_4 = 4,
    /// The driver's own.
    GOYA_QUEUE_ID_CPU_PQ = 5,
    /// Internal queues begin here.
    GOYA_QUEUE_ID_MME = 6,
    GOYA_QUEUE_ID_TPC0 = 7,
    GOYA_QUEUE_ID_TPC7 = 14,
    GOYA_QUEUE_ID_SIZE = 15,
}

// Engines: bits of the busy masks. DMA channels and TPCs count on from their first.
numbers! { u32:
    GOYA_ENGINE_ID_DMA_0 = 0,
    GOYA_ENGINE_ID_MME_0 = 5,
    GOYA_ENGINE_ID_TPC_0 = 6,
    GOYA_ENGINE_ID_SIZE = 14,
}

// PLLs.
numbers! { u32:
    HL_GOYA_CPU_PLL = 0,
    HL_GOYA_IC_PLL = 1,
    HL_GOYA_MC_PLL = 2,
    HL_GOYA_MME_PLL = 3,
    HL_GOYA_PCI_PLL = 4,
    HL_GOYA_EMMC_PLL = 5,
    HL_GOYA_TPC_PLL = 6,
    HL_GOYA_PLL_MAX = 7,
}

// States of the card.
numbers! { u32:
    HL_DEVICE_STATUS_OPERATIONAL = 0,
    HL_DEVICE_STATUS_IN_RESET = 1,
    HL_DEVICE_STATUS_MALFUNCTION = 2,
    HL_DEVICE_STATUS_NEEDS_RESET = 3,
    HL_DEVICE_STATUS_IN_DEVICE_CREATION = 4,
    HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE = 5,
}

// Events that are told by eventfd, as bits.
numbers! { u64:
    HL_NOTIFIER_EVENT_TPC_ASSERT = 1 << 0,
    HL_NOTIFIER_EVENT_UNDEFINED_OPCODE = 1 << 1,
    HL_NOTIFIER_EVENT_DEVICE_RESET = 1 << 2,
    HL_NOTIFIER_EVENT_CS_TIMEOUT = 1 << 3,
    HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE = 1 << 4,
    HL_NOTIFIER_EVENT_USER_ENGINE_ERR = 1 << 5,
    HL_NOTIFIER_EVENT_GENERAL_HW_ERR = 1 << 6,
    HL_NOTIFIER_EVENT_RAZWI = 1 << 7,
    HL_NOTIFIER_EVENT_PAGE_FAULT = 1 << 8,
    HL_NOTIFIER_EVENT_CRITICL_HW_ERR = 1 << 9,
    HL_NOTIFIER_EVENT_CRITICL_FW_ERR = 1 << 10,
}

// INFO: what can be asked.
numbers! { u32:
    HL_INFO_HW_IP_INFO = 0,
    HL_INFO_HW_EVENTS = 1,
    HL_INFO_DRAM_USAGE = 2,
    HL_INFO_HW_IDLE = 3,
    HL_INFO_DEVICE_STATUS = 4,
    HL_INFO_DEVICE_UTILIZATION = 6,
    HL_INFO_HW_EVENTS_AGGREGATE = 7,
    HL_INFO_CLK_RATE = 8,
    HL_INFO_RESET_COUNT = 9,
    HL_INFO_TIME_SYNC = 10,
    HL_INFO_CS_COUNTERS = 11,
    HL_INFO_PCI_COUNTERS = 12,
    HL_INFO_CLK_THROTTLE_REASON = 13,
    HL_INFO_SYNC_MANAGER = 14,
    HL_INFO_TOTAL_ENERGY = 15,
    HL_INFO_PLL_FREQUENCY = 16,
    HL_INFO_POWER = 17,
    HL_INFO_OPEN_STATS = 18,
    HL_INFO_DRAM_REPLACED_ROWS = 21,
    HL_INFO_DRAM_PENDING_ROWS = 22,
    HL_INFO_LAST_ERR_OPEN_DEV_TIME = 23,
    HL_INFO_CS_TIMEOUT_EVENT = 24,
    HL_INFO_RAZWI_EVENT = 25,
    HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES = 26,
    HL_INFO_SECURED_ATTESTATION = 27,
    HL_INFO_REGISTER_EVENTFD = 28,
    HL_INFO_UNREGISTER_EVENTFD = 29,
    HL_INFO_GET_EVENTS = 30,
    HL_INFO_UNDEFINED_OPCODE_EVENT = 31,
    HL_INFO_ENGINE_STATUS = 32,
    HL_INFO_PAGE_FAULT_EVENT = 33,
    HL_INFO_USER_MAPPINGS = 34,
    HL_INFO_FW_GENERIC_REQ = 35,
    HL_INFO_HW_ERR_EVENT = 36,
    HL_INFO_FW_ERR_EVENT = 37,
    HL_INFO_USER_ENGINE_ERR_EVENT = 38,
    HL_INFO_DEV_SIGNED = 40,
    /// Ours, of `uapi/drm/goya_accel.h`: what this driver does that upstream's does not.
    GOYA_INFO_EXTENSIONS = 0x476f_7961,
    /// `hl_info_fw_err_event.err_type`: firmware did not answer the heartbeat.
    HL_INFO_FW_HEARTBEAT_ERR = 0,
    /// `hl_info_fw_err_event.err_type`: firmware reported an error of its own.
    HL_INFO_FW_REPORTED_ERR = 1,
    HL_CLK_THROTTLE_POWER = 1 << 0,
    HL_CLK_THROTTLE_THERMAL = 1 << 1,
}

// INFO: sizes. The two limits of the engines' text are in bytes.
numbers! { usize:
    HL_INFO_VERSION_MAX_LEN = 128,
    HL_INFO_CARD_NAME_MAX_LEN = 16,
    HL_BUSY_ENGINES_MASK_EXT_SIZE = 4,
    HL_CLK_THROTTLE_TYPE_MAX = 2,
    HL_PLL_NUM_OUTPUTS = 4,
    HL_ENGINES_DATA_MIN_SIZE = 0x400,
    HL_ENGINES_DATA_MAX_SIZE = 0x10_0000,
    HL_MAX_DCORES = 8,
}

// CB.
numbers! { u32:
    HL_CB_OP_CREATE = 0,
    HL_CB_OP_DESTROY = 1,
    HL_CB_OP_INFO = 2,
    /// Largest buffer, in bytes: two packets of the driver's go after the user's.
    HL_MAX_CB_SIZE = 0x20_0000 - 32,
    HL_CB_FLAGS_MAP = 0x1,
    HL_CB_FLAGS_GET_DEVICE_VA = 0x2,
}

// CS. Goya refuses all flags that ask for another kind of submission, and staged ones.
numbers! { u32:
    HL_CS_FLAGS_FORCE_RESTORE = 0x1,
    HL_CS_FLAGS_SIGNAL = 0x2,
    HL_CS_FLAGS_WAIT = 0x4,
    HL_CS_FLAGS_COLLECTIVE_WAIT = 0x8,
    HL_CS_FLAGS_TIMESTAMP = 0x20,
    HL_CS_FLAGS_STAGED_SUBMISSION = 0x40,
    HL_CS_FLAGS_STAGED_SUBMISSION_FIRST = 0x80,
    HL_CS_FLAGS_STAGED_SUBMISSION_LAST = 0x100,
    HL_CS_FLAGS_CUSTOM_TIMEOUT = 0x200,
    HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT = 0x400,
    HL_CS_FLAGS_ENCAP_SIGNALS = 0x800,
    HL_CS_FLAGS_RESERVE_SIGNALS_ONLY = 0x1000,
    HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY = 0x2000,
    HL_CS_FLAGS_ENGINE_CORE_COMMAND = 0x4000,
    HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES = 0x8000,
    HL_CS_FLAGS_ENGINES_COMMAND = 0x1_0000,
    /// The flags of which at most one may be set.
    HL_CS_FLAGS_TYPE_MASK = HL_CS_FLAGS_SIGNAL
        | HL_CS_FLAGS_WAIT
        | HL_CS_FLAGS_COLLECTIVE_WAIT
        | HL_CS_FLAGS_RESERVE_SIGNALS_ONLY
        | HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY
        | HL_CS_FLAGS_ENGINE_CORE_COMMAND
        | HL_CS_FLAGS_ENGINES_COMMAND
        | HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES,
    /// Jobs of a submission at most.
    HL_MAX_JOBS_PER_CS = 512,
    /// Packets of a job at least, in bytes.
    HL_MIN_CB_SIZE_OF_JOB = 8,
}

// WAIT_CS.
numbers! { u32:
    HL_WAIT_CS_FLAGS_INTERRUPT = 0x2,
    HL_WAIT_CS_FLAGS_MULTI_CS = 0x4,
    HL_WAIT_CS_STATUS_COMPLETED = 0,
    HL_WAIT_CS_STATUS_BUSY = 1,
    HL_WAIT_CS_STATUS_TIMEDOUT = 2,
    HL_WAIT_CS_STATUS_ABORTED = 3,
    HL_WAIT_CS_STATUS_FLAG_GONE = 0x1,
    HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD = 0x2,
}

// MEMORY.
numbers! { u32:
    HL_MEM_OP_ALLOC = 0,
    HL_MEM_OP_FREE = 1,
    HL_MEM_OP_MAP = 2,
    HL_MEM_OP_UNMAP = 3,
    HL_MEM_OP_MAP_BLOCK = 4,
    HL_MEM_OP_EXPORT_DMABUF_FD = 5,
    HL_MEM_OP_TS_ALLOC = 6,
    HL_MEM_CONTIGUOUS = 0x1,
    HL_MEM_SHARED = 0x2,
    HL_MEM_USERPTR = 0x4,
    HL_MEM_FORCE_HINT = 0x8,
    HL_MEM_PREFETCH = 0x40,
    /// Time stamps of one buffer at most.
    TS_MAX_ELEMENTS_NUM = 1 << 20,
}

// mmap(): what bits 63:59 of an offset say.
numbers! { u64:
    HL_MMAP_TYPE_SHIFT = 59,
    HL_MMAP_TYPE_CB = 0x2,
    HL_MMAP_TYPE_BLOCK = 0x4,
    HL_MMAP_TYPE_TS_BUFF = 0x10,
}

// DEBUG.
numbers! { u32:
    HL_DEBUG_OP_ETR = 0,
    HL_DEBUG_OP_ETF = 1,
    HL_DEBUG_OP_STM = 2,
    HL_DEBUG_OP_FUNNEL = 3,
    HL_DEBUG_OP_BMON = 4,
    HL_DEBUG_OP_SPMU = 5,
    HL_DEBUG_OP_TIMESTAMP = 6,
    HL_DEBUG_OP_SET_MODE = 7,
}

// Ours, of `uapi/drm/goya_accel.h`.
numbers! { u64:
    /// Submissions can come by io_uring.
    GOYA_EXTENSION_URING_CS = 1 << 0,
}
