// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Submissions by io_uring: uapi-uring.rst

#include "promises.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

#define ENTRIES 128u

struct ring {
	int fd;
	uint32_t entry, answer; // bytes of each
	uint8_t *sq, *cq, *entries;
	struct io_uring_params params;
};

static struct ring ring_open(uint32_t flags)
{
	struct ring r = { .params = { .flags = flags }, .entry = flags & IORING_SETUP_SQE128 ? 128 : 64, .answer = flags & IORING_SETUP_CQE32 ? 32 : 16 };
	const int prot = PROT_READ | PROT_WRITE;

	r.fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &r.params);
	must(r.fd >= 0, "io_uring_setup");
	r.sq = mmap(NULL, r.params.sq_off.array + ENTRIES * 4, prot, MAP_SHARED, r.fd, IORING_OFF_SQ_RING);
	r.cq = mmap(NULL, r.params.cq_off.cqes + r.params.cq_entries * r.answer, prot, MAP_SHARED, r.fd, IORING_OFF_CQ_RING);
	r.entries = mmap(NULL, (size_t)ENTRIES * r.entry, prot, MAP_SHARED, r.fd, (off_t)IORING_OFF_SQES);
	must(r.sq != MAP_FAILED && r.cq != MAP_FAILED && r.entries != MAP_FAILED, "rings");
	return r;
}

/* Puts entries of one kind in, and waits for the answers of as many as are told of. */
static void enter(struct ring *r, int fd, uint32_t op, struct goya_uring_cs cs, uint32_t count, uint32_t wait)
{
	volatile uint32_t *tail = (uint32_t *)(r->sq + r->params.sq_off.tail), *array = (uint32_t *)(r->sq + r->params.sq_off.array);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t slot = (*tail + i) % ENTRIES;
		uint8_t *at = r->entries + (size_t)slot * r->entry;
		struct io_uring_sqe *sqe = (struct io_uring_sqe *)at;

		memset(at, 0, r->entry);
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = fd;
		sqe->cmd_op = op;
		sqe->user_data = i;
		memcpy(at + 48, &cs, r->entry == 128 ? sizeof(cs) : 16);
		array[slot] = slot;
	}
	__atomic_store_n(tail, *tail + count, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, r->fd, count, wait, IORING_ENTER_GETEVENTS, NULL, 0) == (long)count, "io_uring_enter");
}

/* The next answer: its result, and the second one. */
static int answer(struct ring *r, uint64_t *second)
{
	volatile uint32_t *head = (uint32_t *)(r->cq + r->params.cq_off.head), *tail = (uint32_t *)(r->cq + r->params.cq_off.tail);
	uint8_t *at = r->cq + r->params.cq_off.cqes + (size_t)(*head % r->params.cq_entries) * r->answer;
	int res;

	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head)
		must(syscall(SYS_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) >= 0, "io_uring_enter");
	res = ((struct io_uring_cqe *)at)->res;
	if (second && r->answer == 32)
		memcpy(second, at + 16, 8);
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

static int one(struct ring *r, int fd, uint32_t op, struct goya_uring_cs cs, uint64_t *second)
{
	enter(r, fd, op, cs, 1, 1);
	return answer(r, second);
}

void promises_of_uring(int fd)
{
	struct ring r = ring_open(IORING_SETUP_SQE128 | IORING_SETUP_CQE32), small = ring_open(0);
	struct goya_info_extensions extensions = { 0 };

	area = "io_uring";
	if (!goya) {
		WANT(info(fd, GOYA_INFO_EXTENSIONS, &extensions, sizeof(extensions)), EINVAL);
		EQ(one(&r, fd, DRM_IOCTL_HL_CS, (struct goya_uring_cs){ 0 }, NULL), -EOPNOTSUPP);
		close(r.fd);
		close(small.fd);
		return;
	}
	struct cb nops = cb_open(fd, PAGE), hold = cb_open(fd, PAGE), let = cb_open(fd, PAGE);
	uint64_t second = 0, last;

	nop(&nops.row);
	fence(&hold.row, 0, 1, 1);
	msg_long(&let.row, FENCE_RDATA(2, 0), 1);
	struct hl_cs_chunk n = job(&nops, 0), h = job(&hold, 2), l = job(&let, 3), bad = n;
	struct goya_uring_cs cs = { .in = { .chunks_execute = (uintptr_t)&n, .num_chunks_execute = 1 } }, wrong = cs;

	WANT(info(fd, GOYA_INFO_EXTENSIONS, &extensions, sizeof(extensions)), 0);
	HOLD(extensions.extensions & GOYA_EXTENSION_URING_CS);
	last = submit(fd, &n, 1); /* the first of a context makes the card ready */
	finish(fd, last);
	EQ(one(&r, fd, DRM_IOCTL_HL_CS, cs, &second), 0);
	EQ(second, last + 1);
	union hl_wait_cs_args w;
	WANT(wait_call(fd, second, 0, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
	wrong.reserved[3] = 1;
	EQ(one(&r, fd, DRM_IOCTL_HL_CS, wrong, NULL), -EINVAL);
	EQ(one(&r, fd, DRM_IOCTL_HL_WAIT_CS, cs, NULL), -EOPNOTSUPP);
	EQ(one(&small, fd, DRM_IOCTL_HL_CS, cs, NULL), -EINVAL);
	/* refused with the ioctl's error, at once */
	bad.queue_index = 5;
	wrong = cs;
	wrong.in.chunks_execute = (uintptr_t)&bad;
	EQ(one(&r, fd, DRM_IOCTL_HL_CS, wrong, &second), -EINVAL);
	EQ(second, ~0ul);
	wrong.in.chunks_execute = 8;
	EQ(one(&r, fd, DRM_IOCTL_HL_CS, wrong, &second), -EFAULT);
	/* with FORCE_RESTORE a worker makes it */
	wrong = cs;
	wrong.in.cs_flags = HL_CS_FLAGS_FORCE_RESTORE;
	EQ(one(&r, fd, DRM_IOCTL_HL_CS, wrong, &second), 0);
	last = second;
	/* chunks and packets were read when the call returns; answers come in the order of the ends */
	wrong.in.cs_flags = 0;
	wrong.in.chunks_execute = (uintptr_t)&h;
	enter(&r, fd, DRM_IOCTL_HL_CS, wrong, 1, 0);
	memset(&h, 0xff, sizeof(h));
	memset(hold.row.at, 0xff, 8);
	EQ(one(&r, fd, DRM_IOCTL_HL_CS, cs, &second), 0);
	EQ(second, last + 2);
	WANT(wait_call(fd, last + 1, 0, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
	wrong.in.chunks_execute = (uintptr_t)&l;
	enter(&r, fd, DRM_IOCTL_HL_CS, wrong, 1, 2);
	uint64_t ends[2];
	EQ(answer(&r, &ends[0]), 0);
	EQ(answer(&r, &ends[1]), 0);
	EQ(ends[0] + ends[1], 2 * last + 4);
	/* many in a call: the window, and EAGAIN at once for what is behind it */
	hold.row.used = 0;
	fence(&hold.row, 0, 1, 1);
	h = job(&hold, 2);
	uint64_t oldest = submit(fd, &h, 1), next = oldest + 1;
	enter(&r, fd, DRM_IOCTL_HL_CS, cs, 62, 62);
	for (uint32_t i = 0; i < 62; i++) {
		EQ(answer(&r, &second), 0);
		EQ(second, next++);
	}
	uint64_t opens = submit(fd, &l, 1); /* the last place */
	EQ(opens, oldest + 63);
	finish(fd, oldest);
	finish(fd, opens);
	oldest = submit(fd, &h, 1);
	enter(&r, fd, DRM_IOCTL_HL_CS, cs, 65, 65);
	uint32_t refused = 0;
	for (uint32_t i = 0; i < 65; i++) {
		int res = answer(&r, &second);

		HOLD(res == 0 || (res == -EAGAIN && second == ~0ul));
		refused += res != 0;
	}
	EQ(refused, 2);
	/* the one that is stuck is ended by the close, which resets the card */
	munmap(nops.row.at, PAGE);
	munmap(hold.row.at, PAGE);
	munmap(let.row.at, PAGE);
	close(r.fd);
	close(small.fd);
}
