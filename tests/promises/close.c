// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// What keeps the card, and what a close costs: uapi.rst

#include "promises.h"

/* Clean-up that the documents describe: what keeps the card, what it costs. Each by a new open. */
void promises_of_close(void)
{
	struct hl_info_reset_count r0, r1;
	int ctl = open("/dev/accel/accel_controlD0", O_RDONLY), fd = open_wait();
	struct hl_open_stats_info o;

	area = "close";
	/* a mapping keeps the card */
	struct cb cb = cb_open(fd, PAGE);
	close(fd);
	int second;
	WANT(second = open("/dev/accel/accel0", O_RDWR), EBUSY);
	WANT(info(ctl, HL_INFO_OPEN_STATS, &o, sizeof(o)), 0);
	EQ(o.is_compute_ctx_active, 1);
	munmap(cb.row.at, PAGE);
	fd = open_wait();
	/* a child has the same context */
	r0 = resets(ctl);
	cb = cb_open(fd, PAGE);
	nop(&cb.row);
	struct hl_cs_chunk c = job(&cb, 0);
	uint64_t first = submit(fd, &c, 1);
	EQ(first, 1); /* numbers begin with 1, and there was no restore phase */
	pid_t child = fork();
	if (!child) {
		finish(fd, first);
		_exit(submit(fd, &c, 1) != 2);
	}
	int st;
	waitpid(child, &st, 0);
	EQ(st, 0);
	finish(fd, 2);
	munmap(cb.row.at, PAGE);
	close(fd);
	/* nothing in flight: no reset */
	fd = open_wait();
	r1 = resets(ctl);
	EQ(r1.hard_reset_cnt, r0.hard_reset_cnt);
	EQ(r1.soft_reset_cnt, r0.soft_reset_cnt);
	/* a dma-buf keeps the card */
	uint64_t h, va;
	union hl_mem_args out;
	must(!mem_alloc(fd, 1, 0, &h) && !map_dev(fd, h, 0, 0, &va), "device memory");
	struct hl_mem_in export = { .export_dmabuf_fd = { .addr = va, .mem_size = PAGE }, .op = HL_MEM_OP_EXPORT_DMABUF_FD, .flags = O_CLOEXEC };
	if (exportable()) {
		WANT(mem_call(fd, export, &out), 0);
		close(fd);
		WANT(second = open("/dev/accel/accel0", O_RDWR), EBUSY);
		close(out.out.fd);
	} else {
		close(fd);
	}
	fd = open_wait();
	/* SRAM is 0x77 after the first submission, sync objects are zero */
	uint8_t *a = host(PAGE);
	cb = cb_open(fd, PAGE);
	must(!map_host(fd, a, PAGE, 0, 0, &va), "map");
	dma(&cb.row, hw.sram_base_address, va, PAGE, HL_DMA_SRAM_TO_HOST, 0);
	c = job(&cb, 0);
	finish(fd, submit(fd, &c, 1));
	HOLD(a[0] == 0x77 && a[PAGE - 1] == 0x77);
	munmap(cb.row.at, PAGE);
	close(fd);
	/* with a job in flight: a hard reset; meanwhile EAGAIN, then it opens */
	fd = open_wait();
	cb = cb_open(fd, PAGE);
	fence(&cb.row, 0, 1, 1);
	c = job(&cb, 2);
	submit(fd, &c, 1);
	r0 = resets(ctl);
	munmap(cb.row.at, PAGE);
	close(fd);
	second = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
	int e = second < 0 ? errno : 0;
	report(e == EAGAIN, "open() right after a close with work: %s", err_name(e));
	fd = second < 0 ? open_wait() : second;
	r1 = resets(ctl);
	EQ(r1.hard_reset_cnt, r0.hard_reset_cnt + 1);
	close(fd);
	close(ctl);
}
