/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* SPDX-FileCopyrightText: The goya-rs authors */

/*
 * HL_IOCTL_CB: command buffers for external queues.
 *
 * A command buffer is host memory of the driver that a program maps (mmap at offset cb_handle of
 * the compute node), fills with packets and names in a submission. The driver copies it then: as soon
 * as HL_IOCTL_CS returns, the buffer can be filled anew, or destroyed. A buffer lives until its
 * handle is destroyed and the last mapping is gone; closing the node destroys what is left.
 */

#ifndef HABANALABS_CB_H_
#define HABANALABS_CB_H_

#include <linux/types.h>

/* In: cb_size, flags. Out: cb_handle. EINVAL: too large. ENOMEM. */
#define HL_CB_OP_CREATE		0
/* In: cb_handle. EINVAL: no such buffer, or destroyed before. */
#define HL_CB_OP_DESTROY	1
/* In: cb_handle, flags. Out: usage_cnt, or device_va if asked for it. EINVAL: no such buffer, or not mapped. */
#define HL_CB_OP_INFO		2

/* Largest command buffer in bytes: 2 MiB less the driver's own packets at its end. */
#define HL_MAX_CB_SIZE		(0x200000 - 32)

/* HL_CB_OP_CREATE: map the buffer for the card too. Goya has no room for such mappings: ENOMEM or EINVAL. */
#define HL_CB_FLAGS_MAP			0x1
/* HL_CB_OP_INFO: tell the device address. */
#define HL_CB_FLAGS_GET_DEVICE_VA	0x2

/**
 * struct hl_cb_in - what to do
 * @cb_handle: handle, for HL_CB_OP_DESTROY and HL_CB_OP_INFO
 * @op: HL_CB_OP_*
 * @cb_size: bytes, at most HL_MAX_CB_SIZE; at least a page is allocated
 * @ctx_id: unused
 * @flags: HL_CB_FLAGS_*
 */
struct hl_cb_in {
	__u64 cb_handle;
	__u32 op;
	__u32 cb_size;
	__u32 ctx_id;
	__u32 flags;
};

/**
 * struct hl_cb_out - the answer
 * @cb_handle: handle of the new buffer, and its mmap offset
 * @usage_cnt: submissions that use the buffer itself
 * @pad: zero
 * @device_va: device address of a mapped buffer
 */
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

union hl_cb_args {
	struct hl_cb_in in;
	struct hl_cb_out out;
};

#endif /* HABANALABS_CB_H_ */
