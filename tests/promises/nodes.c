// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Nodes, and what holds for all ioctls: uapi.rst

#include "promises.h"

void promises_of_nodes(int fd)
{
	char buf[8];
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	int ctl, second;

	area = "nodes";
	WANT(second = open("/dev/accel/accel0", O_RDWR), EBUSY);
	WANT(ctl = open("/dev/accel/accel_controlD0", O_RDWR), 0);
	WANT(read(fd, buf, 8), EINVAL);
	WANT(write(fd, buf, 8), EINVAL);
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLIN | POLLOUT);
	WANT(ioctl(fd, _IOWR('x', 0x40, struct hl_info_args), buf), ENOTTY);
	uint8_t big[256] = { 0 };
	for (unsigned nr = 0x46; nr <= 0x9f; nr += nr == 0x46 ? 1 : 0x58)
		WANT(ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 24), big), EINVAL);
	char name[64] = { 0 };
	struct drm_version v = { .name = name, .name_len = 63 };
	WANT(ioctl(fd, DRM_IOCTL_VERSION, &v), 0);
	HOLD(name[0]);
	/* control node */
	for (unsigned nr = 0x41; nr <= 0x45; nr++)
		WANT(ioctl(ctl, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 24), big), ENOTTY);
	WANT(ioctl(ctl, DRM_IOCTL_VERSION, &v), ENOTTY);
	WANT(ioctl(ctl, _IOWR('x', 0x40, struct hl_info_args), big), EINVAL); /* type not looked at; zeros are EINVAL */
	HOLD(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ctl, 0) == MAP_FAILED && errno == ENODEV);
	WANT(info(ctl, HL_INFO_REGISTER_EVENTFD, NULL, 0), EOPNOTSUPP);
	WANT(info(ctl, HL_INFO_UNREGISTER_EVENTFD, NULL, 0), EOPNOTSUPP);
	WANT(info(ctl, HL_INFO_GET_EVENTS, NULL, 0), EOPNOTSUPP);
	WANT(info(ctl, HL_INFO_HW_IP_INFO, &hw, sizeof(hw)), 0);
	struct hl_info_dram_usage u = { 0 };
	WANT(info(ctl, HL_INFO_DRAM_USAGE, &u, sizeof(u)), 0);
	EQ(u.ctx_dram_mem, 0);
	/* direction */
	struct hl_info_args a = { .return_pointer = (uintptr_t)&u, .return_size = sizeof(u), .op = HL_INFO_DRAM_USAGE };
	WANT(ioctl(fd, _IOR('d', 0x40, struct hl_info_args), &a), EINVAL);
	a = (struct hl_info_args){ .return_pointer = (uintptr_t)&u, .return_size = sizeof(u), .op = HL_INFO_DRAM_USAGE };
	WANT(ioctl(ctl, _IOR('d', 0x40, struct hl_info_args), &a), 0);
	a = (struct hl_info_args){ .return_pointer = (uintptr_t)&u, .return_size = sizeof(u), .op = HL_INFO_DRAM_USAGE };
	WANT(ioctl(fd, _IOW('d', 0x40, struct hl_info_args), &a), 0);
	union hl_cb_args cb = { .in = { .op = HL_CB_OP_CREATE, .cb_size = PAGE } };
	WANT(ioctl(fd, _IOC(_IOC_WRITE, 'd', 0x41, 24), &cb), 0);
	EQ(cb.in.cb_size, PAGE);
	EQ(cb.in.cb_handle, 0);
	/* sizes: a shorter argument is read as if zeros followed */
	a = (struct hl_info_args){ .return_pointer = (uintptr_t)&u, .return_size = sizeof(u), .op = HL_INFO_DRAM_USAGE, .pad = 7 };
	WANT(ioctl(fd, DRM_IOCTL_HL_INFO, &a), EINVAL);
	WANT(ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', 0x40, 20), &a), 0);
	EQ(a.pad, 7);
	struct { struct hl_info_args a; uint64_t more; } longer = { a, 0x1234567 };
	longer.a.pad = 0;
	WANT(ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', 0x40, 32), &longer), 0);
	EQ(longer.more, 0x1234567);
	WANT(ioctl(fd, DRM_IOCTL_HL_INFO, (void *)8), EFAULT);
	WANT(ioctl(fd, DRM_IOCTL_HL_CS, (void *)8), EFAULT);
	/* an argument that cannot be written back: EFAULT, though it was done */
	struct hl_info_args *ro = host(PAGE);
	*ro = (struct hl_info_args){ .return_pointer = (uintptr_t)&u, .return_size = sizeof(u), .op = HL_INFO_DRAM_USAGE };
	mprotect(ro, PAGE, PROT_READ);
	u.dram_free_mem = 0;
	WANT(ioctl(fd, DRM_IOCTL_HL_INFO, ro), EFAULT);
	HOLD(u.dram_free_mem);
	close(ctl);
}
