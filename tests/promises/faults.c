// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// What goes wrong: a restore phase, other users, accesses to nowhere

#include "promises.h"

void promises_of_faults(void)
{
	int fd = open_wait();
	uint8_t *a = host(2 * PAGE);
	uint64_t va, s, u, s2;
	struct cb cb = cb_open(fd, PAGE), hold = cb_open(fd, PAGE), let = cb_open(fd, PAGE), nops = cb_open(fd, PAGE);
	union hl_wait_cs_args w;
	union hl_cs_args out;

	area = "faults";
	/* a restore phase that a signal interrupts */
	fence(&hold.row, 0, 1, 1);
	msg_long(&let.row, FENCE_RDATA(2, 0), 1);
	nop(&nops.row);
	struct hl_cs_chunk h = job(&hold, 2), l = job(&let, 3), n = job(&nops, 0);
	finish(fd, submit(fd, &n, 1));
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	ualarm(200000, 0);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&n, .num_chunks_execute = 1, .chunks_restore = (uintptr_t)&h,
		.num_chunks_restore = 1, .cs_flags = HL_CS_FLAGS_FORCE_RESTORE }, &out), ENOEXEC);
	EQ(out.out.seq, 2);
	EQ(out.out.status, (uint32_t)-ENOEXEC);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&l, .num_chunks_execute = 1, .cs_flags = HL_CS_FLAGS_FORCE_RESTORE }, &out), 0);
	finish(fd, out.out.seq);
	finish(fd, 2);
	finish(fd, submit(fd, &n, 1));
	/* fork: the parent keeps its pages */
	must(!map_host(fd, a, 2 * PAGE, 0, 0, &va), "map");
	a[0] = 1;
	pid_t child = fork();
	if (!child) {
		a[0] = 2;
		sleep(1);
		_exit(a[0] != 2);
	}
	nops.row.used = 0;
	dma(&nops.row, 0x55, va, 8, HL_DMA_SRAM_TO_HOST, 1 << 6);
	n = job(&nops, 0);
	finish(fd, submit(fd, &n, 1));
	EQ(a[0], 0x55);
	int st;
	waitpid(child, &st, 0);
	EQ(st, 0);
	/* VmPin */
	char line[256], pinned[256] = "";
	FILE *f = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmPin", 5))
			strcpy(pinned, line);
	fclose(f);
	report(*pinned && !strtoul(pinned + 6, NULL, 10) == !goya, "VmPin counts with goya.ko: %s", pinned);
	/* nobody */
	if (!(child = fork())) {
		setuid(65534);
		int e = open("/dev/accel/accel0", O_RDWR) < 0 ? errno : 0;
		_exit(e);
	}
	waitpid(child, &st, 0);
	report(WEXITSTATUS(st) == EACCES, "open() of nobody: %s", err_name(WEXITSTATUS(st)));
	if (!(child = fork())) {
		setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 65536, 65536 });
		setuid(65534);
		uint8_t *m = host(1 << 20);
		int e = map_host(fd, m, 1 << 20, 0, 0, &u) ? errno : 0;
		_exit(e);
	}
	waitpid(child, &st, 0);
	report(WEXITSTATUS(st) == (goya ? ENOMEM : 0), "map beyond RLIMIT_MEMLOCK: %s", err_name(WEXITSTATUS(st)));
	/* a DMA from an address of the host's that nothing is mapped at */
	cb.row.used = 0;
	a[PAGE] = 9;
	dma(&cb.row, 0x1800000000000, hw.sram_base_address, 64, HL_DMA_HOST_TO_SRAM, 0);
	struct hl_cs_chunk c = job(&cb, 1);
	must(!submit_flags(fd, &c, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT, 3, &s), "CS");
	int ret = wait_call(fd, s, 1500000, 0, &w);
	report(!ret && w.out.status == HL_WAIT_CS_STATUS_BUSY, "a DMA from nowhere does not end: %s", err_name(ret ? errno : 0));
	uint64_t mask = 0;
	info(fd, HL_INFO_GET_EVENTS, &mask, 8);
	struct hl_page_fault_info pf = { 0 };
	info(fd, HL_INFO_PAGE_FAULT_EVENT, &pf, sizeof(pf));
	EQ(pf.addr, goya ? 0x1800000000000 : 0);
	EQ(!!(mask & HL_NOTIFIER_EVENT_PAGE_FAULT), goya);
	struct hl_user_mapping um[8];
	struct hl_info_args ia = { .return_pointer = (uintptr_t)um, .return_size = sizeof(um), .op = HL_INFO_USER_MAPPINGS };
	ret = ioctl(fd, DRM_IOCTL_HL_INFO, &ia);
	EQ(ret, 0);
	EQ(ia.array_size, goya ? 1 : 0);
	/* a register that users may not write */
	nops.row.used = 0;
	msg_long(&nops.row, REGS + 0x400000, 0); /* queue manager 0: GLBL_CFG0 */
	n = job(&nops, 3);
	must(!submit_flags(fd, &n, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT, 3, &s2), "CS");
	ret = wait_call(fd, s2, 1500000, 0, &w);
	report(!ret && w.out.status == HL_WAIT_CS_STATUS_BUSY, "a write to a protected register does not end: %s", err_name(ret ? errno : 0));
	munmap(cb.row.at, PAGE);
	munmap(hold.row.at, PAGE);
	munmap(let.row.at, PAGE);
	munmap(nops.row.at, PAGE);
	close(fd);
	fd = open_wait();
	close(fd);
}
