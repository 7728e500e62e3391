// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// CS: uapi-submit.rst

#include "promises.h"

static int one(int fd, struct cb *cb, uint32_t queue, uint32_t size, uint64_t *seq, int32_t *status)
{
	struct hl_cs_chunk c = { .cb_handle = cb->handle, .queue_index = queue, .cb_size = size };
	union hl_cs_args out;
	int ret = cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1 }, &out);

	*seq = out.out.seq;
	*status = (int32_t)out.out.status;
	return ret;
}

void promises_of_submit(int fd)
{
	struct cb cb = cb_open(fd, 2 * PAGE);
	struct hl_cs_chunk c, many[513] = { 0 };
	union hl_cs_args out;
	uint64_t seq, before, after;
	int32_t status;
	uint8_t *a = host(PAGE);
	uint64_t va;

	area = "cs";
	must(!map_host(fd, a, PAGE, 0, 0, &va), "map");
	nop(&cb.row);
	c = job(&cb, 0);
	before = submit(fd, &c, 1);
	finish(fd, before);
	struct hl_info_cs_counters n0 = counters(fd), n1;
	/* before a number is taken */
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1, .pad = { 1 } }, &out), EINVAL);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 0 }, &out), EINVAL);
	EQ(out.out.seq, ~0ul);
	EQ(out.out.status, (uint32_t)-EINVAL);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)many, .num_chunks_execute = 513 }, &out), EINVAL);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = 8, .num_chunks_execute = 1, .ctx_id = 77 }, &out), EFAULT);
	EQ(out.out.seq, ~0ul);
	EQ(out.out.status, (uint32_t)-EFAULT);
	EQ(out.in.ctx_id, 0);
	EQ(out.in.num_chunks_execute | out.in.cs_flags, 0);
	WANT(submit_flags(fd, &c, 1, 0, 0, &after), 0);
	EQ(after, before + 1);
	finish(fd, after);
	n1 = counters(fd);
	EQ(n1.ctx_validation_drop_cnt - n0.ctx_validation_drop_cnt, 2); /* number and pointer */
	n0 = n1;
	/* flags */
	static const struct { uint32_t flags; int want; } flags[] = {
		{ HL_CS_FLAGS_STAGED_SUBMISSION, EPERM }, { HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST, EPERM },
		{ HL_CS_FLAGS_STAGED_SUBMISSION_FIRST, 0 }, { HL_CS_FLAGS_STAGED_SUBMISSION_LAST, 0 }, { HL_CS_FLAGS_ENCAP_SIGNALS, 0 },
		{ HL_CS_FLAGS_SIGNAL, EINVAL }, { HL_CS_FLAGS_WAIT, EINVAL }, { HL_CS_FLAGS_COLLECTIVE_WAIT, EINVAL },
		{ HL_CS_FLAGS_RESERVE_SIGNALS_ONLY, EINVAL }, { HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY, EINVAL },
		{ HL_CS_FLAGS_ENGINE_CORE_COMMAND, EPERM }, { HL_CS_FLAGS_ENGINES_COMMAND, EPERM },
		{ HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, EOPNOTSUPP },
		{ HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT, EINVAL }, { HL_CS_FLAGS_ENGINE_CORE_COMMAND | HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, EINVAL },
		{ 0x80000000, 0 }, { 0x10, 0 },
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		int ret = submit_flags(fd, &c, 1, flags[i].flags, 0, &seq), e = ret ? errno : 0;
		report(e == flags[i].want, "flags 0x%x: want %s, got %s", flags[i].flags, err_name(flags[i].want), err_name(e));
		if (!e)
			finish(fd, seq);
		else if (flags[i].flags == HL_CS_FLAGS_RESERVE_SIGNALS_ONLY)
			EQ(seq, 0);
		else
			EQ(seq, ~0ul);
	}
	submit_flags(fd, &c, 1, 0, 0, &before);
	/* each refused chunk takes a number */
	WANT(one(fd, &cb, 5, 8, &seq, &status), EINVAL);
	EQ(seq, ~0ul);
	EQ(status, -EINVAL);
	WANT(one(fd, &cb, 15, 8, &seq, &status), EINVAL);
	WANT(one(fd, &cb, 0xffffffff, 8, &seq, &status), EINVAL);
	WANT(one(fd, &cb, 0, 7, &seq, &status), EINVAL);
	WANT(one(fd, &cb, 0, 2 * PAGE + 8, &seq, &status), EINVAL);
	WANT(one(fd, &cb, 0, 0, &seq, &status), EINVAL);
	struct cb none = { .handle = 0x2000000000000000 | 0x999000 };
	WANT(one(fd, &none, 0, 8, &seq, &status), EINVAL);
	WANT(one(fd, &cb, 6, 8, &seq, &status), EINVAL); /* no job of an external queue */
	n1 = counters(fd);
	EQ(n1.ctx_validation_drop_cnt - n0.ctx_validation_drop_cnt, 8);
	WANT(submit_flags(fd, &c, 1, 0, 0, &after), 0);
	EQ(after, before + 9);
	finish(fd, after);
	/* a number that a refused submission used up reads as completed */
	union hl_wait_cs_args w;
	WANT(wait_call(fd, before + 3, 0, 0, &w), 0);
	EQ(w.out.status, 0);
	/* packets */
	n0 = counters(fd);
	struct { uint32_t w[6]; uint32_t size; uint32_t queue; int want; const char *what; } bad[] = {
		{ { 0, 0 }, 8, 0, EINVAL, "opcode 0" }, { { 0, 31u << 24 }, 8, 0, EINVAL, "opcode 31" },
		{ { 0, 6u << 24 }, 8, 0, EINVAL, "opcode 6" },
		{ { 0, 3u << 24 }, 8, 0, EINVAL, "MSG_LONG cut" }, { { 4, 9u << 24 }, 16, 0, EINVAL, "LIN_DMA cut" },
		{ { 0, 10u << 24, 0 }, 12, 0, EINVAL, "4 bytes behind a NOP" },
		{ { 0, 2u << 24 }, 8, 0, EPERM, "WREG_BULK" }, { { 1, 2u << 24 }, 8, 0, EPERM, "WREG_BULK without its values" },
		{ { 0, 7u << 24 }, 16, 0, EPERM, "MSG_PROT" }, { { 0, 7u << 24 }, 8, 0, EINVAL, "MSG_PROT cut" },
		{ { 8, 5u << 24 }, 16, 0, EPERM, "CP_DMA" }, { { 0, 11u << 24 }, 8, 0, EPERM, "STOP" },
		{ { 0, 1u << 24 | 0x1000 }, 8, 0, EPERM, "WREG_32 elsewhere" },
		{ { 0, 9u << 24 | 1 }, 24, 0, EINVAL, "LIN_DMA of 0" },
		{ { 8, 9u << 24 | 1, (uint32_t)va, (uint32_t)(va >> 32), (uint32_t)hw.sram_base_address, hw.sram_base_address >> 32 }, 24, 0, EFAULT, "host on queue 0" },
		{ { 0, 9u << 24 | 1, (uint32_t)va, (uint32_t)(va >> 32), (uint32_t)hw.sram_base_address, hw.sram_base_address >> 32 }, 24, 2, EINVAL, "host on queue 2, of 0" },
		{ { 8, 9u << 24 | 0x41, (uint32_t)va, (uint32_t)(va >> 32), (uint32_t)hw.sram_base_address, hw.sram_base_address >> 32 }, 24, 3, EFAULT, "fill with a host address" },
		{ { 0, 9u << 24 | 1, (uint32_t)va, (uint32_t)(va >> 32), (uint32_t)hw.sram_base_address, hw.sram_base_address >> 32 }, 24, 1, EINVAL, "host on queue 1, of 0" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memcpy(cb.row.at, bad[i].w, 24);
		int ret = one(fd, &cb, bad[i].queue, bad[i].size, &seq, &status), e = ret ? errno : 0;
		report(e == bad[i].want && status == -e, "packet %s: want %s, got %s, status %d", bad[i].what, err_name(bad[i].want), err_name(e), status);
		if (!e)
			finish(fd, seq);
	}
	n1 = counters(fd);
	EQ(n1.ctx_parsing_drop_cnt - n0.ctx_parsing_drop_cnt, sizeof(bad) / sizeof(*bad));
	EQ(n1.total_parsing_drop_cnt - n0.total_parsing_drop_cnt, sizeof(bad) / sizeof(*bad));
	/* the whole of a maximum buffer: NOPs */
	struct cb full = cb_open(fd, HL_MAX_CB_SIZE);
	while (full.row.used < HL_MAX_CB_SIZE)
		nop(&full.row);
	c = job(&full, 4);
	WANT(submit_flags(fd, &c, 1, 0, 0, &seq), 0);
	finish(fd, seq);
	cb_close(fd, &full);
	/* 512 jobs */
	cb.row.used = 0;
	nop(&cb.row);
	for (int i = 0; i < 512; i++) {
		many[i] = job(&cb, (uint32_t)i % 5);
	}
	WANT(submit_flags(fd, many, 512, 0, 0, &seq), 0);
	finish(fd, seq);
	/* internal: more than 64 jobs for one queue: ENOMEM */
	for (int i = 0; i < 66; i++)
		many[i] = (struct hl_cs_chunk){ .cb_handle = hw.sram_base_address, .queue_index = 6, .cb_size = 8, .cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB };
	n0 = counters(fd);
	WANT(submit_flags(fd, many, 70, 0, 0, &seq), ENOMEM);
	EQ(seq, ~0ul);
	n1 = counters(fd);
	EQ(n1.ctx_queue_full_drop_cnt - n0.ctx_queue_full_drop_cnt, 1);
	/* restore */
	uint64_t s1, s2;
	WANT(submit_flags(fd, &c, 0, 0, 0, &s1), EINVAL);
	c = job(&cb, 0);
	s1 = submit(fd, &c, 1);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1, .chunks_restore = (uintptr_t)&c,
		.num_chunks_restore = 1, .cs_flags = HL_CS_FLAGS_FORCE_RESTORE }, &out), 0);
	EQ(out.out.seq, s1 + 2);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1, .chunks_restore = 8,
		.num_chunks_restore = 1 }, &out), 0); /* ignored without a switch */
	EQ(out.out.seq, s1 + 3);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1, .chunks_restore = 8,
		.num_chunks_restore = 1, .cs_flags = HL_CS_FLAGS_FORCE_RESTORE }, &out), EFAULT);
	WANT(cs_call(fd, (struct hl_cs_in){ .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1, .chunks_restore = (uintptr_t)&c,
		.num_chunks_restore = 1, .cs_flags = HL_CS_FLAGS_FORCE_RESTORE }, &out), 0);
	s2 = out.out.seq;
	finish(fd, s2);
	EQ(out.out.status, 0);
	EQ(out.out.sob_base_addr_offset | out.out.sob_count_before_submission, 0);
	must(!unmap(fd, va), "unmap");
	cb_close(fd, &cb);
}
