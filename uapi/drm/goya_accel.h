/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* SPDX-FileCopyrightText: The goya-rs authors */
/*
 * What goya.ko does beyond habanalabs_accel.h. Upstream's driver knows nothing of it; Documentation/uapi-uring.rst
 * describes it.
 */

#ifndef GOYA_ACCEL_H
#define GOYA_ACCEL_H

#include "habanalabs_accel.h"

/*
 * An operation of DRM_IOCTL_HL_INFO, on both nodes at any time: struct goya_info_extensions. A driver that
 * does not know it answers EINVAL, and has no extensions.
 */
#define GOYA_INFO_EXTENSIONS	0x476f7961

/* Submissions can be made by io_uring. */
#define GOYA_EXTENSION_URING_CS	(1ULL << 0)

struct goya_info_extensions {
	/* GOYA_EXTENSION_* */
	__u64 extensions;
};

/*
 * The command of IORING_OP_URING_CMD with cmd_op = DRM_IOCTL_HL_CS, at offset 48 of an entry of 128 bytes. It is
 * answered when the submission has ended; the second result is its number, as in hl_cs_out.seq.
 */
struct goya_uring_cs {
	struct hl_cs_in in;
	/* zero */
	__u64 reserved[4];
};

#endif
