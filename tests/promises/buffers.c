// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Command buffers: uapi-submit.rst, and mmap() in uapi.rst

#include "promises.h"

void promises_of_buffers(int fd)
{
	union hl_cb_args out;
	uint64_t h, h2;
	uint8_t *p, *q;

	area = "cb";
	WANT(cb_call(fd, 9, 3, 4, 5, &out), EINVAL);
	EQ(out.in.cb_handle, 3);
	EQ(out.in.flags, 5);
	WANT(cb_call(fd, HL_CB_OP_CREATE, 9, HL_MAX_CB_SIZE + 1, 0, &out), EINVAL);
	EQ(out.in.cb_handle | out.in.cb_size, 0);
	WANT(cb_call(fd, HL_CB_OP_CREATE, 9, PAGE, HL_CB_FLAGS_MAP, &out), ENOMEM);
	EQ(out.in.cb_handle | out.in.cb_size | out.in.flags, 0);
	WANT(cb_call(fd, HL_CB_OP_CREATE, 0, 0, 0, &out), 0);
	WANT(cb_free(fd, out.out.cb_handle), 0);
	WANT(cb_free(fd, out.out.cb_handle), EINVAL);
	WANT(cb_free(fd, 0), EINVAL);
	WANT(cb_call(fd, HL_CB_OP_CREATE, 0, HL_MAX_CB_SIZE, 0, &out), 0);
	h = out.out.cb_handle;
	HOLD(h);
	EQ(h >> 59, 2);
	WANT(cb_call(fd, HL_CB_OP_INFO, h, 0, 0, &out), 0);
	EQ(out.out.usage_cnt, 0);
	WANT(cb_call(fd, HL_CB_OP_INFO, h, 0, HL_CB_FLAGS_GET_DEVICE_VA, &out), EINVAL);
	EQ(out.in.cb_handle, h);
	WANT(cb_call(fd, HL_CB_OP_INFO, 0x1000000999000000, 0, 0, &out), EINVAL);
	p = mmap(NULL, MIB2, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)h);
	must(p != MAP_FAILED, "mmap");
	int zero = 1;
	for (size_t i = 0; i < MIB2; i++)
		zero &= !p[i];
	HOLD(zero);
#define NO_MAP(len, off, want) do { \
	void *m_ = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(off)); \
	int e_ = m_ == MAP_FAILED ? errno : 0; \
	report(e_ == (want), "mmap(%s, %s) (line %d): want %s, got %s", #len, #off, __LINE__, err_name(want), err_name(e_)); \
	if (!e_) munmap(m_, len); \
} while (0)
	NO_MAP(MIB2, h, EINVAL); /* a second one */
	h2 = cb_new(fd, 3 * PAGE - 8);
	NO_MAP(PAGE, h2, EINVAL);
	NO_MAP(4 * PAGE, h2, EINVAL);
	NO_MAP(2 * PAGE, h2 + PAGE, EINVAL);
	NO_MAP(PAGE, h2 + PAGE * 64, EINVAL);
	NO_MAP(PAGE, 0, EINVAL);
	NO_MAP(PAGE, 4ul << 59, EPERM);
	NO_MAP(PAGE, 1ul << 59, EINVAL);
	NO_MAP(3 * PAGE, h2, 0);
	NO_MAP(3 * PAGE, h2, 0); /* again after munmap() */
	NO_MAP(3 * PAGE - 8, h2, 0); /* the kernel rounds up to pages itself */
	/* kinds 2 and 16 are alike */
	NO_MAP(3 * PAGE, (h2 & (~0ul >> 5)) | 16ul << 59, 0);
	/* destroyed while mapped */
	q = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)h2);
	struct row r = { q, 0 };
	nop(&r);
	WANT(cb_free(fd, h2), 0);
	WANT(cb_free(fd, h2), EINVAL);
	WANT(cb_call(fd, HL_CB_OP_INFO, h2, 0, 0, &out), 0);
	struct hl_cs_chunk c = { .cb_handle = h2, .queue_index = 0, .cb_size = 8 };
	finish(fd, submit(fd, &c, 1));
	munmap(q, 3 * PAGE);
	WANT(cb_call(fd, HL_CB_OP_INFO, h2, 0, 0, &out), EINVAL);
	/* no mremap, no fork */
	HOLD(mremap(p, MIB2, 2 * MIB2, MREMAP_MAYMOVE) == MAP_FAILED);
	pid_t child = fork();
	if (!child) {
		volatile uint8_t v = p[0];
		(void)v;
		_exit(0);
	}
	int st;
	waitpid(child, &st, 0);
	HOLD(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
	munmap(p, MIB2);
	cb_free(fd, h);
}
