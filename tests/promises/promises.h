// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Calls and packets, as the documents describe them, and what a check is.

#ifndef PROMISES_H
#define PROMISES_H

#include <drm/drm.h>
#include <drm/goya_accel.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB2 0x200000ul
#define REGS 0x7FFC000000ul
#define SOB(n) (REGS + 0x112000 + 4 * (n))
#define MON_ADDRL(n) (REGS + 0x113000 + 4 * (n))
#define MON_ADDRH(n) (REGS + 0x113400 + 4 * (n))
#define MON_DATA(n) (REGS + 0x113800 + 4 * (n))
#define MON_ARM(n) (REGS + 0x113C00 + 4 * (n))
#define FENCE_RDATA(queue, n) (REGS + 0x400158 + 0x8000 * (queue) + 4 * (n))

// The page that is being looked at, whether the driver is goya.ko, and what the card is.
extern const char *area;
extern int goya;
extern struct hl_info_hw_ip_info hw;
int exportable(void);
void report(int good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *err_name(int e);

/* The result of a call as an error number. */
#define ERR(call) ((call) < 0 ? errno : 0)
#define WANT(call, want) do { \
	int got_ = ERR(call); \
	report(got_ == (want), "%s (line %d): want %s, got %s", #call, __LINE__, err_name(want), err_name(got_)); \
} while (0)
#define HOLD(cond) report(!!(cond), "%s (line %d)", #cond, __LINE__)
#define EQ(a, b) do { \
	unsigned long long a_ = (unsigned long long)(a), b_ = (unsigned long long)(b); \
	report(a_ == b_, "%s == %s (line %d): got 0x%llx, want 0x%llx", #a, #b, __LINE__, a_, b_); \
} while (0)

// What nothing else makes sense without.
static inline void must(int good, const char *what)
{
	if (good)
		return;
	printf("%s: %s: %s\n", area, what, strerror(errno));
	exit(2);
}

/* Calls. Each puts the whole question anew and hands out the answer. */
static inline int info(int fd, uint32_t op, void *at, uint32_t size)
{
	struct hl_info_args args = { .return_pointer = (uintptr_t)at, .return_size = size, .op = op };

	return ioctl(fd, DRM_IOCTL_HL_INFO, &args);
}

static inline int info_param(int fd, uint32_t op, void *at, uint32_t size, uint32_t param)
{
	struct hl_info_args args = { .return_pointer = (uintptr_t)at, .return_size = size, .op = op, .ctx_id = param };

	return ioctl(fd, DRM_IOCTL_HL_INFO, &args);
}

static inline int cb_call(int fd, uint32_t op, uint64_t handle, uint32_t size, uint32_t flags, union hl_cb_args *out)
{
	union hl_cb_args args = { .in = { .cb_handle = handle, .op = op, .cb_size = size, .flags = flags } };
	int ret = ioctl(fd, DRM_IOCTL_HL_CB, &args);

	if (out)
		*out = args;
	return ret;
}

static inline uint64_t cb_new(int fd, uint32_t size)
{
	union hl_cb_args out;

	must(!cb_call(fd, HL_CB_OP_CREATE, 0, size, 0, &out), "CB CREATE");
	return out.out.cb_handle;
}

static inline int cb_free(int fd, uint64_t handle)
{
	return cb_call(fd, HL_CB_OP_DESTROY, handle, 0, 0, NULL);
}

static inline int mem_call(int fd, struct hl_mem_in in, union hl_mem_args *out)
{
	union hl_mem_args args = { .in = in };
	int ret = ioctl(fd, DRM_IOCTL_HL_MEMORY, &args);

	if (out)
		*out = args;
	return ret;
}

static inline int mem_alloc(int fd, uint64_t size, uint32_t flags, uint64_t *handle)
{
	union hl_mem_args out;
	int ret = mem_call(fd, (struct hl_mem_in){ .alloc = { .mem_size = size }, .op = HL_MEM_OP_ALLOC, .flags = flags }, &out);

	if (handle)
		*handle = out.out.handle;
	return ret;
}

static inline int mem_free(int fd, uint64_t handle)
{
	return mem_call(fd, (struct hl_mem_in){ .free = { .handle = handle }, .op = HL_MEM_OP_FREE }, NULL);
}

static inline int map_dev(int fd, uint64_t handle, uint64_t hint, uint32_t flags, uint64_t *va)
{
	union hl_mem_args out;
	int ret = mem_call(fd, (struct hl_mem_in){ .map_device = { .handle = handle, .hint_addr = hint }, .op = HL_MEM_OP_MAP,
		.flags = flags }, &out);

	if (va)
		*va = out.out.device_virt_addr;
	return ret;
}

static inline int map_host(int fd, const void *at, uint64_t size, uint64_t hint, uint32_t flags, uint64_t *va)
{
	union hl_mem_args out;
	int ret = mem_call(fd, (struct hl_mem_in){ .map_host = { .host_virt_addr = (uintptr_t)at, .hint_addr = hint,
		.mem_size = size }, .op = HL_MEM_OP_MAP, .flags = flags | HL_MEM_USERPTR }, &out);

	if (va)
		*va = out.out.device_virt_addr;
	return ret;
}

static inline int unmap(int fd, uint64_t va)
{
	return mem_call(fd, (struct hl_mem_in){ .unmap = { .device_virt_addr = va }, .op = HL_MEM_OP_UNMAP }, NULL);
}

static inline int cs_call(int fd, struct hl_cs_in in, union hl_cs_args *out)
{
	union hl_cs_args args = { .in = in };
	int ret = ioctl(fd, DRM_IOCTL_HL_CS, &args);

	if (out)
		*out = args;
	return ret;
}

static inline int wait_call(int fd, uint64_t seq, uint64_t us, uint32_t flags, union hl_wait_cs_args *out)
{
	union hl_wait_cs_args args = { .in = { .seq = seq, .timeout_us = us, .flags = flags } };
	int ret = ioctl(fd, DRM_IOCTL_HL_WAIT_CS, &args);

	if (out)
		*out = args;
	return ret;
}

/* Packets. */
struct row {
	uint8_t *at;
	uint32_t used;
};

#define ALL_BARRIERS (7u << 29)

static inline void put32(struct row *r, uint32_t v)
{
	memcpy(r->at + r->used, &v, 4);
	r->used += 4;
}

static inline void put64(struct row *r, uint64_t v)
{
	memcpy(r->at + r->used, &v, 8);
	r->used += 8;
}

static inline void nop(struct row *r)
{
	put32(r, 0);
	put32(r, 10u << 24 | ALL_BARRIERS);
}

static inline void msg_long(struct row *r, uint64_t addr, uint32_t v)
{
	put32(r, v);
	put32(r, 3u << 24 | ALL_BARRIERS);
	put64(r, addr);
}

static inline void fence(struct row *r, unsigned id, unsigned gate, unsigned dec)
{
	put32(r, dec | gate << 16 | id << 30);
	put32(r, 8u << 24 | ALL_BARRIERS);
}

static inline void dma(struct row *r, uint64_t from, uint64_t to, uint32_t bytes, uint32_t dir, uint32_t extra)
{
	put32(r, bytes);
	put32(r, 9u << 24 | ALL_BARRIERS | 1 | dir << 20 | extra);
	put64(r, from);
	put64(r, to);
}

struct cb {
	uint64_t handle;
	struct row row;
	uint32_t size;
};

static inline struct cb cb_open(int fd, uint32_t size)
{
	struct cb cb = { .handle = cb_new(fd, size), .size = (size + PAGE - 1) / PAGE * PAGE };

	cb.row.at = mmap(NULL, cb.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)cb.handle);
	must(cb.row.at != MAP_FAILED, "mmap of a command buffer");
	return cb;
}

static inline void cb_close(int fd, struct cb *cb)
{
	must(!munmap(cb->row.at, cb->size), "munmap");
	must(!cb_free(fd, cb->handle), "CB DESTROY");
}

static inline struct hl_cs_chunk job(const struct cb *cb, uint32_t queue)
{
	return (struct hl_cs_chunk){ .cb_handle = cb->handle, .queue_index = queue, .cb_size = cb->row.used };
}

static inline int submit_flags(int fd, const struct hl_cs_chunk *c, uint32_t n, uint32_t flags, uint32_t timeout, uint64_t *seq)
{
	union hl_cs_args out;
	int ret = cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)c, .num_chunks_execute = n, .cs_flags = flags,
		.timeout = timeout }, &out);

	if (seq)
		*seq = out.out.seq;
	return ret;
}

static inline uint64_t submit(int fd, const struct hl_cs_chunk *c, uint32_t n)
{
	uint64_t seq = 0;

	must(!submit_flags(fd, c, n, 0, 0, &seq), "CS");
	return seq;
}

static inline void finish(int fd, uint64_t seq)
{
	union hl_wait_cs_args w;
	int ret;

	do
		ret = wait_call(fd, seq, 10000000, 0, &w);
	while (ret && errno == EINTR);
	must(!ret && w.out.status == HL_WAIT_CS_STATUS_COMPLETED, "WAIT_CS");
}

static inline int open_wait(void)
{
	const struct timespec t = { .tv_nsec = 10000000 };
	int fd;

	while ((fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC)) < 0 && (errno == EAGAIN || errno == EBUSY))
		nanosleep(&t, NULL);
	must(fd >= 0, "open");
	return fd;
}

static inline void *host(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(at != MAP_FAILED, "anonymous memory");
	return at;
}

static inline struct hl_info_reset_count resets(int fd)
{
	struct hl_info_reset_count c = { 0 };

	must(!info(fd, HL_INFO_RESET_COUNT, &c, sizeof(c)), "RESET_COUNT");
	return c;
}

static inline void on_alarm(int sig)
{
	(void)sig;
}

static inline struct hl_info_cs_counters counters(int fd)
{
	struct hl_info_cs_counters c;

	must(!info(fd, HL_INFO_CS_COUNTERS, &c, sizeof(c)), "CS_COUNTERS");
	return c;
}

void promises_of_nodes(int fd);
void promises_of_info(int fd);
void promises_of_memory(int fd);
void promises_of_buffers(int fd);
void promises_of_copies(int fd);
void promises_of_submit(int fd);
void promises_of_wait(int fd);
void promises_of_order(int fd);
void promises_of_events(int fd);
void promises_of_close(void);
void promises_of_late(void);
void promises_of_internal(int fd);
void promises_of_faults(void);
void promises_of_uring(int fd);

#endif
