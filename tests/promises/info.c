// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// uapi-info.rst

#include "promises.h"

void promises_of_info(int fd)
{
	uint64_t buf[512], u;
	struct hl_info_args a;

	area = "info";
	WANT(info(fd, HL_INFO_HW_IP_INFO, &hw, 0), EINVAL);
	WANT(info(fd, HL_INFO_HW_IP_INFO, NULL, 304), EINVAL);
	WANT(info(fd, HL_INFO_HW_IP_INFO, (void *)8, 304), EFAULT);
	WANT(info(fd, 1000, buf, 304), EINVAL);
	WANT(info(fd, 5, buf, 304), EINVAL);
	memset(buf, 0xee, sizeof(buf));
	WANT(info(fd, HL_INFO_HW_IP_INFO, buf, 12), 0);
	EQ(buf[0], hw.sram_base_address);
	EQ(buf[1], 0xeeeeeeee00000000 | (uint32_t)hw.dram_base_address);
	memset(buf, 0xee, sizeof(buf));
	WANT(info(fd, HL_INFO_HW_IP_INFO, buf, 400), 0);
	EQ(buf[38], 0xeeeeeeeeeeeeeeee);
	EQ(sizeof(hw), 304);
	EQ(hw.sram_base_address, 0x7FF0008000);
	EQ(hw.sram_size, 0x3298000);
	EQ(hw.dram_base_address, 0x800000000);
	EQ(hw.reserved_dram_size, 0x20000000);
	EQ(hw.dram_enabled, 1);
	EQ(hw.dram_page_size, 0x200000);
	EQ(hw.device_mem_alloc_default_page_size, 0x200000);
	EQ(hw.num_of_events, 1024);
	EQ(hw.device_id, 1);
	EQ(hw.tpc_enabled_mask, 0xff);
	EQ(hw.tpc_enabled_mask_ext, 0xff);
	EQ(hw.first_available_interrupt_id, 0xffff);
	EQ(hw.tpc_interrupt_id, 0xffff);
	EQ(hw.number_of_user_interrupts, 0);
	EQ(hw.decoder_enabled_mask, 0);
	EQ(hw.edma_enabled_mask, 0);
	EQ(hw.rotator_enabled_mask, 0);
	EQ(hw.engine_core_interrupt_reg_addr, 0);
	EQ(hw.mme_master_slave_mode, 0);
	EQ(hw.security_enabled, 0);
	EQ(hw.server_type, 0);
	WANT(info(fd, HL_INFO_HW_EVENTS, buf, 4096), 0);
	WANT(info(fd, HL_INFO_HW_EVENTS_AGGREGATE, buf, 4096), 0);
	struct hl_info_dram_usage d;
	WANT(info(fd, HL_INFO_DRAM_USAGE, &d, sizeof(d)), 0);
	EQ(d.ctx_dram_mem, 0);
	struct hl_info_device_status s;
	WANT(info(fd, HL_INFO_DEVICE_STATUS, &s, sizeof(s)), 0);
	EQ(s.status, HL_DEVICE_STATUS_OPERATIONAL);
	struct hl_info_sync_manager m;
	WANT(info_param(fd, HL_INFO_SYNC_MANAGER, &m, sizeof(m), 7), 0);
	EQ(m.first_available_sync_object, 0);
	EQ(m.first_available_monitor, 0);
	EQ(m.first_available_cq, 0xffff);
	WANT(info_param(fd, HL_INFO_SYNC_MANAGER, &m, sizeof(m), 8), EINVAL);
	struct hl_open_stats_info o;
	WANT(info(fd, HL_INFO_OPEN_STATS, &o, sizeof(o)), 0);
	EQ(o.is_compute_ctx_active, 1);
	EQ(o.compute_ctx_in_release, 0);
	EQ(sizeof(o), 24);
	struct hl_info_last_err_open_dev_time t;
	WANT(info(fd, HL_INFO_LAST_ERR_OPEN_DEV_TIME, &t, sizeof(t)), 0);
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t ns = now.tv_sec * 1000000000ll + now.tv_nsec;
	HOLD(t.timestamp > ns - 60000000000ll && t.timestamp <= ns);
	memset(buf, 0xee, sizeof(buf));
	WANT(info(fd, HL_INFO_CS_TIMEOUT_EVENT, buf, 16), 0);
	EQ(buf[0] | buf[1], 0);
	memset(buf, 0xee, sizeof(buf));
	WANT(info(fd, HL_INFO_RAZWI_EVENT, buf, 280), 0);
	EQ(buf[0], 0xeeeeeeeeeeeeeeee);
	WANT(info(fd, HL_INFO_UNDEFINED_OPCODE_EVENT, buf, 288), 0);
	EQ(buf[0] | buf[35], 0);
	memset(buf, 0xee, sizeof(buf));
	WANT(info(fd, HL_INFO_PAGE_FAULT_EVENT, buf, 24), 0);
	EQ(buf[0], 0xeeeeeeeeeeeeeeee);
	a = (struct hl_info_args){ .return_pointer = (uintptr_t)buf, .return_size = 0, .op = HL_INFO_USER_MAPPINGS, .array_size = 77 };
	WANT(ioctl(fd, DRM_IOCTL_HL_INFO, &a), 0);
	EQ(a.array_size, 77);
	WANT(info(fd, HL_INFO_HW_ERR_EVENT, buf, 3), 0);
	WANT(info(fd, HL_INFO_FW_ERR_EVENT, buf, 3), 0);
	WANT(info(fd, HL_INFO_USER_ENGINE_ERR_EVENT, buf, 3), 0);
	WANT(info(fd, HL_INFO_USER_ENGINE_ERR_EVENT, NULL, 3), EINVAL);
	EQ(buf[0], 0xeeeeeeeeeeeeeeee);
	WANT(info(fd, HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES, &u, 8), 0);
	EQ(u, 0);
	WANT(info(fd, HL_INFO_GET_EVENTS, &u, 7), EINVAL);
	WANT(info(fd, HL_INFO_GET_EVENTS, &u, 8), 0);
	EQ(u, 0);
	struct hl_info_hw_idle i;
	WANT(info(fd, HL_INFO_HW_IDLE, &i, sizeof(i)), 0);
	EQ(sizeof(i), 40);
	EQ(i.is_idle, 1);
	EQ(i.busy_engines_mask_ext[0] | i.busy_engines_mask, 0);
	WANT(info(fd, HL_INFO_DEVICE_UTILIZATION, buf, 8), 0);
	WANT(info(fd, HL_INFO_CLK_RATE, buf, 8), 0);
	WANT(info(fd, HL_INFO_TIME_SYNC, buf, 24), 0);
	WANT(info(fd, HL_INFO_PCI_COUNTERS, buf, 24), 0);
	WANT(info(fd, HL_INFO_TOTAL_ENERGY, buf, 8), 0);
	WANT(info(fd, HL_INFO_POWER, buf, 8), 0);
	WANT(info(fd, HL_INFO_CLK_THROTTLE_REASON, buf, 40), 0);
	WANT(info_param(fd, HL_INFO_PLL_FREQUENCY, buf, 8, HL_GOYA_PCI_PLL), 0);
	HOLD(info_param(fd, HL_INFO_PLL_FREQUENCY, buf, 8, 99) < 0 && (errno == EINVAL || errno == EIO));
	WANT(info(fd, HL_INFO_DRAM_REPLACED_ROWS, buf, 8), EIO);
	WANT(info(fd, HL_INFO_DRAM_PENDING_ROWS, buf, 4), EIO);
	WANT(info(fd, HL_INFO_SECURED_ATTESTATION, buf, 4096), EIO);
	WANT(info(fd, HL_INFO_DEV_SIGNED, buf, 4096), EIO);
	WANT(info_param(fd, HL_INFO_FW_GENERIC_REQ, buf, 64, 9), EINVAL);
	WANT(info_param(fd, HL_INFO_FW_GENERIC_REQ, buf, 0x100001, 0), EINVAL);
	WANT(info_param(fd, HL_INFO_FW_GENERIC_REQ, buf, 0, 0), ENOMEM);
	WANT(info_param(fd, HL_INFO_FW_GENERIC_REQ, (void *)8, 64, 1), EFAULT);
	WANT(info_param(fd, HL_INFO_FW_GENERIC_REQ, buf, 64, 0), EIO);
	WANT(info_param(fd, HL_INFO_FW_GENERIC_REQ, (void *)8, 64, 0), EIO);
	WANT(info(fd, HL_INFO_ENGINE_STATUS, buf, 1023), EINVAL);
	WANT(info(fd, HL_INFO_ENGINE_STATUS, buf, 0x100001), EINVAL);
	a = (struct hl_info_args){ .return_pointer = (uintptr_t)buf, .return_size = 4096, .op = HL_INFO_ENGINE_STATUS };
	WANT(ioctl(fd, DRM_IOCTL_HL_INFO, &a), 0);
	HOLD(a.user_buffer_actual_size > 100);
	HOLD(a.user_buffer_actual_size <= 1024);
	WANT(info(fd, HL_INFO_ENGINE_STATUS, buf, 1024), 0); /* "1 KiB is enough on Goya" */
	a = (struct hl_info_args){ .return_pointer = 8, .return_size = 4096, .op = HL_INFO_ENGINE_STATUS };
	WANT(ioctl(fd, DRM_IOCTL_HL_INFO, &a), EFAULT);
	HOLD(a.user_buffer_actual_size > 100);
	/* refused: as it was */
	a = (struct hl_info_args){ .return_pointer = 8, .return_size = 304, .op = 1000, .dcore_id = 5 };
	WANT(ioctl(fd, DRM_IOCTL_HL_INFO, &a), EINVAL);
	EQ(a.return_pointer, 8);
	EQ(a.dcore_id, 5);
}
