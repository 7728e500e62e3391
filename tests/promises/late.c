// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Time-outs and resets: uapi-events.rst

#include "promises.h"

/* Closes a file whose reset was put off: that many resets of a kind come then. */
static void close_and_reset(int ctl, int fd, struct cb *hold, struct cb *nops, uint32_t hard, uint32_t soft)
{
	struct hl_info_reset_count before = resets(ctl), after;

	munmap(hold->row.at, PAGE);
	munmap(nops->row.at, PAGE);
	close(fd);
	fd = open_wait();
	after = resets(ctl);
	EQ(after.hard_reset_cnt, before.hard_reset_cnt + hard);
	EQ(after.soft_reset_cnt, before.soft_reset_cnt + soft);
	close(fd);
}

/* A time-out kills who has no eventfd; with one there is time to close. */
void promises_of_late(void)
{
	int ctl = open("/dev/accel/accel_controlD0", O_RDONLY), st;
	struct hl_info_reset_count r0 = resets(ctl), r1;
	pid_t child;

	area = "time-out";
	if (!(child = fork())) {
		int fd = open_wait();
		struct cb hold = cb_open(fd, PAGE);
		uint64_t s;
		union hl_wait_cs_args w;

		fence(&hold.row, 0, 1, 1);
		struct hl_cs_chunk h = job(&hold, 2);
		submit_flags(fd, &h, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT, 1, &s);
		wait_call(fd, s, 10000000, 0, &w);
		sleep(30);
		_exit(1);
	}
	waitpid(child, &st, 0);
	HOLD(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	int fd = open_wait();
	r1 = resets(ctl);
	EQ(r1.hard_reset_cnt, r0.hard_reset_cnt + 1);
	struct hl_info_cs_timeout_event ev = { 1, 1 };
	WANT(info(fd, HL_INFO_CS_TIMEOUT_EVENT, &ev, sizeof(ev)), 0);
	EQ(ev.seq, 0); /* cleared by a successful open */
	/* with an eventfd */
	int e = eventfd(0, EFD_CLOEXEC);
	must(!info_param(fd, HL_INFO_REGISTER_EVENTFD, NULL, 0, (uint32_t)e), "REGISTER_EVENTFD");
	struct cb hold = cb_open(fd, PAGE), nops = cb_open(fd, PAGE);
	fence(&hold.row, 0, 1, 1);
	nop(&nops.row);
	struct hl_cs_chunk h = job(&hold, 2), n = job(&nops, 2);
	uint64_t s, other, v, mask;
	union hl_wait_cs_args w;
	must(!submit_flags(fd, &h, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT, 1, &s), "CS");
	other = submit(fd, &n, 1);
	int wret = wait_call(fd, s, 10000000, 0, &w), werr = wret ? errno : 0;
	HOLD(werr == ETIMEDOUT || (werr == EIO && !goya));
	EQ(w.out.status, werr == EIO ? HL_WAIT_CS_STATUS_ABORTED : HL_WAIT_CS_STATUS_TIMEDOUT);
	EQ(read(e, &v, 8), 8);
	struct timespec t = { .tv_nsec = 100000000 };
	nanosleep(&t, NULL);
	WANT(info(fd, HL_INFO_GET_EVENTS, &mask, 8), 0);
	EQ(mask, HL_NOTIFIER_EVENT_CS_TIMEOUT | HL_NOTIFIER_EVENT_DEVICE_RESET);
	int ret = wait_call(fd, other, 1000000, 0, &w);
	report(ret < 0 && errno == EBUSY, "a later wait for another one is EBUSY: got %s", err_name(ret ? errno : 0));
	ret = wait_call(fd, s, 1000000, 0, &w);
	report(ret < 0 && errno == (goya ? ETIMEDOUT : EBUSY), "a later wait for the late one: got %s", err_name(ret ? errno : 0));
	WANT(info(fd, HL_INFO_CS_TIMEOUT_EVENT, &ev, sizeof(ev)), 0);
	EQ(ev.seq, s);
	struct hl_info_device_status ds;
	WANT(info(fd, HL_INFO_DEVICE_STATUS, &ds, sizeof(ds)), 0);
	EQ(ds.status, HL_DEVICE_STATUS_OPERATIONAL);
	uint64_t more;
	int cbret = cb_call(fd, HL_CB_OP_CREATE, 0, PAGE, 0, NULL);
	report(!cbret, "CB works while the reset is put off: %s", err_name(cbret ? errno : 0));
	cbret = submit_flags(fd, &n, 1, 0, 0, &more);
	report(!cbret, "CS works while the reset is put off: %s", err_name(cbret ? errno : 0));
	WANT(info(fd, HL_INFO_UNREGISTER_EVENTFD, NULL, 0), 0);
	close_and_reset(ctl, fd, &hold, &nops, 1, 0);
	/* the same, and the late one ends before the file is closed */
	fd = open_wait();
	must(!info_param(fd, HL_INFO_REGISTER_EVENTFD, NULL, 0, (uint32_t)e), "REGISTER_EVENTFD");
	hold = cb_open(fd, PAGE);
	nops = cb_open(fd, PAGE);
	fence(&hold.row, 0, 1, 1);
	msg_long(&nops.row, FENCE_RDATA(2, 0), 1);
	h = job(&hold, 2);
	n = job(&nops, 3);
	must(!submit_flags(fd, &h, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT, 1, &s), "CS");
	EQ(read(e, &v, 8), 8);
	cbret = submit_flags(fd, &n, 1, 0, 0, &more);
	nanosleep(&t, NULL);
	close_and_reset(ctl, fd, &hold, &nops, 0, 1);
	/* the soft reset of sysfs under a user */
	fd = open_wait();
	hold = cb_open(fd, PAGE);
	nops = cb_open(fd, PAGE);
	fence(&hold.row, 0, 1, 1);
	nop(&nops.row);
	h = job(&hold, 2);
	n = job(&nops, 0);
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t handle, host, dram;
	must(page != MAP_FAILED && !map_host(fd, page, PAGE, 0, 0, &host), "MAP of host memory");
	must(!mem_alloc(fd, MIB2, 0, &handle) && !map_dev(fd, handle, 0, 0, &dram), "MAP of device memory");
	s = submit(fd, &h, 1);
	r0 = resets(ctl);
	int sys = open("/sys/class/accel/accel0/device/soft_reset", O_WRONLY);
	report(sys >= 0, "soft_reset of sysfs is at /sys/class/accel/accel0/device/soft_reset: %s", err_name(sys < 0 ? errno : 0));
	if (sys >= 0) {
		EQ(write(sys, "1", 1), 1);
		info(fd, HL_INFO_DEVICE_STATUS, &ds, sizeof(ds));
		cbret = cb_call(fd, HL_CB_OP_CREATE, 0, PAGE, 0, NULL);
		int second = open("/dev/accel/accel0", O_RDWR), oe = second < 0 ? errno : 0;
		EQ(ds.status, HL_DEVICE_STATUS_OPERATIONAL); /* returns when it is done */
		EQ(cbret, 0);
		EQ(oe, EBUSY);
		WANT(wait_call(fd, s, 10000000, 0, &w), EIO);
		EQ(w.out.status, HL_WAIT_CS_STATUS_ABORTED);
		for (int i = 0; i < 500; i++) {
			info(fd, HL_INFO_DEVICE_STATUS, &ds, sizeof(ds));
			if (!ds.status)
				break;
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		}
		finish(fd, submit(fd, &n, 1));
		if (goya) { /* upstream's engines are in another address space now */
			memset(page, 0x5A, 64);
			hold.row.used = 0;
			dma(&hold.row, host, dram, 64, HL_DMA_HOST_TO_DRAM, 0);
			dma(&hold.row, dram, host + 64, 64, HL_DMA_DRAM_TO_HOST, 0);
			h = job(&hold, 1);
			finish(fd, submit(fd, &h, 1));
			report(!memcmp(page, page + 64, 64), "memory is mapped after a soft reset as before");
		}
		r1 = resets(ctl);
		EQ(r1.soft_reset_cnt, r0.soft_reset_cnt + 1);
		EQ(r1.hard_reset_cnt, r0.hard_reset_cnt);
		close(sys);
	}
	munmap(hold.row.at, PAGE);
	munmap(nops.row.at, PAGE);
	close(fd);
	close(ctl);
}
