// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// WAIT_CS, the window, time stamps: uapi-submit.rst

#include "promises.h"

void promises_of_wait(int fd)
{
	struct cb nops = cb_open(fd, PAGE), hold = cb_open(fd, PAGE), let = cb_open(fd, PAGE);
	struct hl_cs_chunk c, h, l;
	union hl_wait_cs_args w;
	uint64_t s, t;

	area = "wait";
	nop(&nops.row);
	fence(&hold.row, 0, 1, 1);
	msg_long(&let.row, FENCE_RDATA(2, 0), 1);
	c = job(&nops, 0);
	h = job(&hold, 2);
	l = job(&let, 3);
	WANT(wait_call(fd, 0, 0, 0, &w), 0);
	WANT(wait_call(fd, 0xffffffff, 0, 0, &w), EINVAL);
	EQ(w.out.status | w.out.flags, 0);
	WANT(wait_call(fd, 1, 0, HL_WAIT_CS_FLAGS_INTERRUPT, &w), EPERM);
	WANT(wait_call(fd, 1, 0, HL_WAIT_CS_FLAGS_MULTI_CS, &w), EPERM);
	w = (union hl_wait_cs_args){ .in = { .seq = 1, .flags = HL_WAIT_CS_FLAGS_MULTI_CS, .pad = { [3] = 1 } } };
	WANT(ioctl(fd, DRM_IOCTL_HL_WAIT_CS, &w), EINVAL);
	/* busy, and polling */
	s = submit(fd, &h, 1);
	WANT(wait_call(fd, s, 0, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
	WANT(wait_call(fd, s + 1, 0, 0, &w), EINVAL);
	struct timespec t0, t1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	WANT(wait_call(fd, s, 100000, 0, &w), 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
	long ms = (t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000;
	/* in ticks, which can lag behind on a busy machine */
	HOLD(ms >= 50);
	/* only the low 32 bits count */
	WANT(wait_call(fd, s, 1ul << 32 | 1000, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
	/* EINTR leaves all as it was */
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	sigaction(SIGALRM, &sa, NULL);
	ualarm(100000, 0);
	w.in = (struct hl_wait_cs_in){ .seq = s, .timeout_us = 0x7FFFFFFFFFFFFFFF };
	WANT(ioctl(fd, DRM_IOCTL_HL_WAIT_CS, &w), EINTR);
	EQ(w.in.seq, s);
	EQ(w.in.timeout_us, 0x7FFFFFFFFFFFFFFF);
	/* the engine that waits: idle? */
	struct hl_info_hw_idle idle;
	info(fd, HL_INFO_HW_IDLE, &idle, sizeof(idle));
	EQ(idle.is_idle, 0);
	EQ(idle.busy_engines_mask, 1u << 2);
	/* a later number ends earlier */
	t = submit(fd, &c, 1);
	finish(fd, t);
	WANT(wait_call(fd, s, 0, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
	finish(fd, submit(fd, &l, 1));
	finish(fd, s);
	/* the window goes on when the oldest has ended */
	struct cb slow = cb_open(fd, 2 * PAGE);
	for (int i = 0; i < 250; i++)
		dma(&slow.row, hw.sram_base_address, hw.sram_base_address + 0x1000000, 0x1000000, HL_DMA_SRAM_TO_SRAM, 0);
	struct hl_cs_chunk sl = job(&slow, 2);
	s = submit(fd, &sl, 1);
	for (uint64_t i = s + 1; i < s + 64; i++)
		EQ(submit(fd, &c, 1), i);
	union hl_cs_args cs = { .in = { .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1, .timeout = 3 } }, was = cs;
	while (ioctl(fd, DRM_IOCTL_HL_CS, &cs)) {
		must(errno == EAGAIN, "CS with a full window");
		must(!memcmp(&cs, &was, sizeof(cs)), "the argument after EAGAIN");
	}
	EQ(cs.out.seq, s + 64);
	WANT(wait_call(fd, s, 0, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
	finish(fd, s + 64);
	cb_close(fd, &slow);
	/* time stamps and what is gone */
	uint64_t ts, plain;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	must(!submit_flags(fd, &c, 1, HL_CS_FLAGS_TIMESTAMP, 0, &ts), "CS with a time stamp");
	plain = submit(fd, &c, 1);
	WANT(wait_call(fd, ts, 5000000, 0, &w), 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	EQ(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
	HOLD(w.out.timestamp_nsec >= t0.tv_sec * 1000000000ll + t0.tv_nsec && w.out.timestamp_nsec <= t1.tv_sec * 1000000000ll + t1.tv_nsec);
	int64_t stamp = w.out.timestamp_nsec;
	WANT(wait_call(fd, ts, 0, 0, &w), 0); /* as often as one likes while it is among the 64 */
	EQ(w.out.timestamp_nsec, stamp);
	WANT(wait_call(fd, plain, 5000000, 0, &w), 0);
	EQ(w.out.flags, 0);
	EQ(w.out.timestamp_nsec, 0);
	for (int i = 0; i < 70; i++)
		finish(fd, submit(fd, &c, 1));
	WANT(wait_call(fd, plain, 0, 0, &w), 0);
	EQ(w.out.status, 0);
	EQ(w.out.flags, HL_WAIT_CS_STATUS_FLAG_GONE);
	WANT(wait_call(fd, ts, 0, 0, &w), 0);
	EQ(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
	EQ(w.out.timestamp_nsec, stamp);
	WANT(wait_call(fd, ts, 0, 0, &w), 0);
	EQ(w.out.flags, HL_WAIT_CS_STATUS_FLAG_GONE);
	WANT(wait_call(fd, 0, 0, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
	/* a time-out that is only told */
	uint64_t u;
	must(!submit_flags(fd, &h, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT, 1, &s), "CS");
	WANT(wait_call(fd, s, 2500000, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
	WANT(info(fd, HL_INFO_GET_EVENTS, &u, 8), 0);
	EQ(u, HL_NOTIFIER_EVENT_CS_TIMEOUT);
	WANT(info(fd, HL_INFO_GET_EVENTS, &u, 8), 0);
	EQ(u, 0);
	struct hl_info_cs_timeout_event ev;
	WANT(info(fd, HL_INFO_CS_TIMEOUT_EVENT, &ev, sizeof(ev)), 0);
	EQ(ev.seq, s);
	finish(fd, submit(fd, &l, 1));
	finish(fd, s);
	/* ... and not before, though all others have; whoever waits first can't be helped any more: the close resets the card */
	s = submit(fd, &h, 1);
	for (uint64_t i = s + 1; i < s + 64; i++)
		EQ(submit(fd, &c, 1), i);
	finish(fd, s + 63);
	struct hl_info_cs_counters n0 = counters(fd), n1;
	cs = was;
	WANT(ioctl(fd, DRM_IOCTL_HL_CS, &cs), EAGAIN);
	HOLD(!memcmp(&cs, &was, sizeof(cs)));
	n1 = counters(fd);
	EQ(n1.ctx_max_cs_in_flight_drop_cnt - n0.ctx_max_cs_in_flight_drop_cnt, 1);
	cb_close(fd, &nops);
	cb_close(fd, &hold);
	cb_close(fd, &let);
}
