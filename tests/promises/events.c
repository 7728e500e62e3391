// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Notifications: uapi-events.rst

#include "promises.h"

void promises_of_events(int fd)
{
	uint64_t v;
	int e = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), z = open("/dev/null", O_RDONLY);

	area = "events";
	WANT(info(fd, HL_INFO_UNREGISTER_EVENTFD, NULL, 0), EINVAL);
	WANT(info_param(fd, HL_INFO_REGISTER_EVENTFD, NULL, 0, 999), EBADF);
	WANT(info_param(fd, HL_INFO_REGISTER_EVENTFD, NULL, 0, (uint32_t)z), EINVAL);
	WANT(info_param(fd, HL_INFO_REGISTER_EVENTFD, NULL, 0, (uint32_t)e), 0);
	WANT(info_param(fd, HL_INFO_REGISTER_EVENTFD, NULL, 0, (uint32_t)e), EINVAL);
	WANT(info(fd, HL_INFO_UNREGISTER_EVENTFD, NULL, 0), 0);
	WANT(info(fd, HL_INFO_UNREGISTER_EVENTFD, NULL, 0), EINVAL);
	WANT(info_param(fd, HL_INFO_REGISTER_EVENTFD, NULL, 0, (uint32_t)e), 0);
	HOLD(read(e, &v, 8) < 0 && errno == EAGAIN);
	/* without a reset: told by the eventfd */
	struct cb hold = cb_open(fd, PAGE), let = cb_open(fd, PAGE);
	fence(&hold.row, 0, 1, 1);
	msg_long(&let.row, FENCE_RDATA(2, 0), 1);
	struct hl_cs_chunk h = job(&hold, 2), l = job(&let, 3);
	uint64_t s, mask;
	must(!submit_flags(fd, &h, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT, 1, &s), "CS");
	struct pollfd p = { .fd = e, .events = POLLIN };
	EQ(poll(&p, 1, 5000), 1);
	EQ(read(e, &v, 8), 8);
	EQ(v, 1);
	WANT(info(fd, HL_INFO_GET_EVENTS, &mask, 8), 0);
	EQ(mask, HL_NOTIFIER_EVENT_CS_TIMEOUT);
	finish(fd, submit(fd, &l, 1));
	finish(fd, s);
	cb_close(fd, &hold);
	cb_close(fd, &let);
	close(e);
	close(z);
}
