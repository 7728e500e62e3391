// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// uapi-memory.rst

#include "promises.h"

// Whether the window that the host has to the card's memory, BAR 4, shows more than what is the driver's.
int exportable(void)
{
	unsigned long long start, end;
	char line[128];
	FILE *f = fopen("/sys/class/accel/accel0/device/resource", "r");

	must(f != NULL, "the card's BARs");
	for (int bar = 0; bar <= 4; bar++)
		must(fgets(line, sizeof(line), f) != NULL, "the card's BARs");
	fclose(f);
	must(sscanf(line, "%llx %llx", &start, &end) == 2, "the card's BARs");
	return end - start + 1 > 512 << 20;
}

void promises_of_memory(int fd)
{
	uint64_t h, h2, va, va2, va3;
	union hl_mem_args out;
	struct hl_info_dram_usage d0, d1;

	area = "memory";
	info(fd, HL_INFO_DRAM_USAGE, &d0, sizeof(d0));
	WANT(mem_call(fd, (struct hl_mem_in){ .op = 99, .flags = 5, .alloc = { 3, 4 } }, &out), EINVAL);
	EQ(out.in.alloc.mem_size, 3);
	EQ(out.in.op, 99);
	WANT(mem_call(fd, (struct hl_mem_in){ .op = HL_MEM_OP_ALLOC, .alloc = { 0, 4 } }, &out), EINVAL);
	EQ(out.in.alloc.page_size, 4);
	WANT(mem_alloc(fd, ~0ul, 0, &h), EINVAL);
	EQ(h, 0);
	WANT(mem_alloc(fd, hw.dram_size + 1, 0, &h), ENOMEM);
	EQ(h, 0);
	WANT(mem_alloc(fd, hw.dram_size + 1, HL_MEM_CONTIGUOUS, &h), ENOMEM);
	WANT(mem_alloc(fd, 1, 0, &h), 0);
	HOLD(h);
	info(fd, HL_INFO_DRAM_USAGE, &d1, sizeof(d1));
	EQ(d1.ctx_dram_mem, MIB2);
	EQ(d0.dram_free_mem - d1.dram_free_mem, MIB2);
	WANT(mem_alloc(fd, 3 * MIB2, HL_MEM_CONTIGUOUS | HL_MEM_SHARED, &h2), 0);
	HOLD(h2 != h);
	WANT(mem_free(fd, 0), EINVAL);
	WANT(mem_free(fd, 0x7777), EINVAL);
	WANT(map_dev(fd, 0x7777, 0, 0, &va), EINVAL);
	EQ(va, 0);
	WANT(map_dev(fd, h | 0xdead00000000, 0, 0, &va), 0);
	HOLD(va >= 0x800000000 && va <= 0x1FFFFFFFFF && va % MIB2 == 0);
	WANT(map_dev(fd, h, 0, 0, &va2), 0);
	HOLD(va != va2);
	WANT(mem_free(fd, h), EINVAL);
	/* ALLOC, MAP: the rest becomes 0 */
	WANT(mem_call(fd, (struct hl_mem_in){ .map_device = { .handle = h }, .op = HL_MEM_OP_MAP, .ctx_id = 9, .num_of_elements = 9 }, &out), 0);
	va3 = out.out.device_virt_addr;
	EQ(out.in.op, 0);
	EQ(out.in.ctx_id | out.in.num_of_elements, 0);
	WANT(unmap(fd, va3 + MIB2 / 2), EINVAL);
	WANT(unmap(fd, va3), 0);
	WANT(unmap(fd, va3), EINVAL);
	/* hint */
	uint64_t hint = 0x1000000000;
	WANT(map_dev(fd, h, hint, 0, &va3), 0);
	EQ(va3, hint);
	uint64_t va4;
	WANT(map_dev(fd, h, hint, HL_MEM_FORCE_HINT, &va4), ENOMEM);
	EQ(va4, 0);
	WANT(map_dev(fd, h, hint + PAGE, HL_MEM_FORCE_HINT, &va4), ENOMEM);
	WANT(map_dev(fd, h, 0, HL_MEM_FORCE_HINT, &va4), ENOMEM);
	WANT(map_dev(fd, h, hint, 0, &va4), 0);
	HOLD(va4 != hint && va4);
	WANT(unmap(fd, va4), 0);
	WANT(unmap(fd, va3), 0);
	WANT(map_dev(fd, h, hint, HL_MEM_FORCE_HINT | HL_MEM_PREFETCH, &va3), 0);
	EQ(va3, hint);
	/* export */
	struct hl_mem_in ex = { .export_dmabuf_fd = { .addr = va3, .mem_size = MIB2 }, .op = HL_MEM_OP_EXPORT_DMABUF_FD, .flags = O_CLOEXEC | O_RDWR };
	int exports = exportable();
	WANT(mem_call(fd, ex, &out), exports ? 0 : EINVAL);
	if (exports) {
		int buf = out.out.fd;
		HOLD(buf > 2);
		HOLD(fcntl(buf, F_GETFD) == FD_CLOEXEC);
		WANT(unmap(fd, va3), EINVAL);
		close(buf);
	}
	WANT(unmap(fd, va3), 0);
	ex.export_dmabuf_fd.addr = va3;
	WANT(mem_call(fd, ex, &out), EINVAL);
	EQ(out.out.fd, -9);
	ex.export_dmabuf_fd.addr = va2;
	ex.export_dmabuf_fd.mem_size = 0;
	WANT(mem_call(fd, ex, &out), EINVAL);
	ex.export_dmabuf_fd.mem_size = 100;
	WANT(mem_call(fd, ex, &out), EINVAL);
	ex.export_dmabuf_fd.mem_size = 2 * MIB2;
	WANT(mem_call(fd, ex, &out), EINVAL);
	ex.export_dmabuf_fd.mem_size = MIB2;
	ex.export_dmabuf_fd.offset = PAGE;
	WANT(mem_call(fd, ex, &out), EINVAL);
	ex.export_dmabuf_fd.mem_size = PAGE;
	if (exports) {
		WANT(mem_call(fd, ex, &out), 0);
		close(out.out.fd);
	}
	struct rlimit rl, few;
	getrlimit(RLIMIT_NOFILE, &rl);
	few = rl;
	few.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &few);
	if (exports)
		WANT(mem_call(fd, ex, &out), EMFILE);
	setrlimit(RLIMIT_NOFILE, &rl);
	EQ(out.out.fd, -9);
	WANT(unmap(fd, va), 0);
	WANT(mem_free(fd, h), EINVAL); /* va2 yet */
	WANT(unmap(fd, va2), 0);
	WANT(mem_free(fd, h), 0);
	WANT(mem_free(fd, h), EINVAL);
	WANT(mem_free(fd, h2), 0);
	info(fd, HL_INFO_DRAM_USAGE, &d1, sizeof(d1));
	EQ(d1.ctx_dram_mem, 0);
	WANT(mem_call(fd, (struct hl_mem_in){ .map_block = { 0x7ffc000000 }, .op = HL_MEM_OP_MAP_BLOCK }, &out), EPERM);
	EQ(out.out.block_handle | out.out.block_size, 0);
	WANT(mem_call(fd, (struct hl_mem_in){ .op = HL_MEM_OP_TS_ALLOC, .num_of_elements = TS_MAX_ELEMENTS_NUM + 1 }, &out), EINVAL);
	WANT(mem_call(fd, (struct hl_mem_in){ .op = HL_MEM_OP_TS_ALLOC, .num_of_elements = 600 }, &out), 0);
	uint64_t ts = out.out.handle;
	EQ(ts >> 59, 16);
	if (goya)
		WANT(cb_free(fd, ts), EINVAL);
	void *tsm = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)ts);
	HOLD(tsm != MAP_FAILED);
	if (tsm != MAP_FAILED)
		munmap(tsm, 2 * PAGE);

	/* host memory */
	char *at = host(8 * PAGE);
	strcpy(at, "host");
	WANT(map_host(fd, at, 0, 0, 0, &va), EINVAL);
	EQ(va, 0);
	WANT(map_host(fd, (void *)(~0ul - 100), PAGE, 0, 0, &va), EINVAL);
	WANT(map_host(fd, at + 0x123, 300, 0, 0, &va), 0);
	EQ(va & 0xfff, 0x123);
	HOLD(va >= 0x1000000000000 && va <= 0x3FF7FFFFFFFFF);
	WANT(unmap(fd, va), 0);
	munmap(at + 4 * PAGE, 4 * PAGE);
	WANT(map_host(fd, at + 4 * PAGE, PAGE, 0, 0, &va), EFAULT);
	WANT(map_host(fd, at + 3 * PAGE, 2 * PAGE, 0, 0, &va), ENOMEM); /* only a part can be pinned */
	WANT(map_host(fd, (void *)0, PAGE, 0, 0, &va), EFAULT);
	void *ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	WANT(map_host(fd, ro, PAGE, 0, 0, &va), EFAULT);
	struct cb cb = cb_open(fd, PAGE);
	WANT(map_host(fd, cb.row.at, PAGE, 0, 0, &va), EFAULT);
	cb_close(fd, &cb);
	int m = memfd_create("m", 0);
	ftruncate(m, PAGE);
	void *sh = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
	WANT(map_host(fd, sh, PAGE, 0, 0, &va), 0);
	WANT(unmap(fd, va), 0);
	int self = open("/proc/self/exe", O_RDONLY);
	void *pf = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self, 0);
	WANT(map_host(fd, pf, PAGE, 0, 0, &va), 0);
	WANT(unmap(fd, va), 0);
	hint = 0x2000000000000;
	WANT(map_host(fd, at, PAGE, hint, HL_MEM_FORCE_HINT, &va), 0);
	EQ(va, hint);
	WANT(map_host(fd, at, PAGE, hint, HL_MEM_FORCE_HINT, &va2), ENOMEM);
	WANT(map_host(fd, at + 8, 8, hint + PAGE, HL_MEM_FORCE_HINT, &va2), EINVAL);
	WANT(map_host(fd, at + 8, 8, hint + PAGE, 0, &va2), 0);
	EQ(va2, hint + PAGE + 8);
	WANT(unmap(fd, va2), 0);
	WANT(map_host(fd, at, 8, hint + PAGE + 8, HL_MEM_FORCE_HINT, &va2), ENOMEM);
	WANT(map_host(fd, at, 8, 0, HL_MEM_FORCE_HINT, &va2), ENOMEM);
	ex.export_dmabuf_fd.addr = va;
	ex.export_dmabuf_fd.offset = 0;
	WANT(mem_call(fd, ex, &out), EINVAL);
	WANT(unmap(fd, va + 8), EINVAL);
	WANT(unmap(fd, va), 0);
	WANT(unmap(fd, va), EINVAL);
}
