/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* SPDX-FileCopyrightText: The goya-rs authors */

/*
 * User API of the Goya driver: the ioctls of a card's nodes.
 *
 *   /dev/accel/accelN           one user at a time; every ioctl
 *   /dev/accel/accel_controlDN  any number of users; HL_INFO only
 *
 * Names, numbers and layouts are those of drm/habanalabs_accel.h in Linux 7.3, so that a program
 * builds against either header and runs on either driver; uapi/check.sh compares the two. What
 * describes other cards only (queues and engines of Gaudi) is left out. What Goya cannot do, but
 * has a place in a structure or a flag, is here: a program that asks gets upstream's error.
 *
 * Opening the compute node: EBUSY while somebody else has it; EAGAIN while the previous user is
 * still being cleaned up or the card is in a soft reset, try again; EPERM when the card is unusable.
 * Closing it ends everything its user had: submissions, mappings, memory, command buffers.
 *
 * All addresses that the card is given are device addresses. All reserved and padding fields are to
 * be zero. Every ioctl fails with EBUSY while the card is in reset, with ENODEV once it is gone.
 */

#ifndef HABANALABS_H_
#define HABANALABS_H_

#include <drm/drm.h>

#include "habanalabs/goya.h"
#include "habanalabs/info.h"
#include "habanalabs/cb.h"
#include "habanalabs/cs.h"
#include "habanalabs/wait.h"
#include "habanalabs/memory.h"
#include "habanalabs/debug.h"

#define HL_IOCTL_INFO		0x00	/* what the card is and how it does: info.h */
#define HL_IOCTL_CB		0x01	/* command buffers: cb.h */
#define HL_IOCTL_CS		0x02	/* submitting work: cs.h */
#define HL_IOCTL_WAIT_CS	0x03	/* waiting for it: wait.h */
#define HL_IOCTL_MEMORY		0x04	/* memory that the card reaches: memory.h */
#define HL_IOCTL_DEBUG		0x05	/* CoreSight trace components: debug.h */

#define DRM_IOCTL_HL_INFO	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_INFO, struct hl_info_args)
#define DRM_IOCTL_HL_CB		DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_CB, union hl_cb_args)
#define DRM_IOCTL_HL_CS		DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_CS, union hl_cs_args)
#define DRM_IOCTL_HL_WAIT_CS	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_WAIT_CS, union hl_wait_cs_args)
#define DRM_IOCTL_HL_MEMORY	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_MEMORY, union hl_mem_args)
#define DRM_IOCTL_HL_DEBUG	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_DEBUG, struct hl_debug_args)

#define HL_COMMAND_START	(DRM_COMMAND_BASE + HL_IOCTL_INFO)
#define HL_COMMAND_END		(DRM_COMMAND_BASE + HL_IOCTL_DEBUG + 1)

#endif /* HABANALABS_H_ */
