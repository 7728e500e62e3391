// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Queues of MME and TPCs, and all fences: card-packets.rst

#include "promises.h"

/* Packets of internal queues lie in the card's memory; a DMA job of the same submission waits for them. */
void promises_of_internal(int fd)
{
	uint8_t *a = host(2 * PAGE);
	uint64_t va;
	struct cb up = cb_open(fd, PAGE), end = cb_open(fd, PAGE), let = cb_open(fd, PAGE);

	area = "internal";
	must(!map_host(fd, a, 2 * PAGE, 0, 0, &va), "map");
	for (uint32_t queue = 6; queue < 15; queue++) {
		for (uint32_t n = 0; n < 4; n++) {
			uint64_t rdata = REGS + (queue == 6 ? 0xD8158 : 0xE08158 + 0x40000 * (queue - 7)) + 4 * n;
			struct row r = { a, 0 };

			memset(a, 0, 2 * PAGE);
			fence(&r, n, 2, 2);
			msg_long(&r, hw.sram_base_address + 0x20000, 0xC0DE + queue);
			msg_long(&r, FENCE_RDATA(4, n), 1);
			up.row.used = 0;
			dma(&up.row, va, hw.sram_base_address + 0x10000, PAGE, HL_DMA_HOST_TO_SRAM, 0);
			struct hl_cs_chunk c = job(&up, 1);
			finish(fd, submit(fd, &c, 1));
			end.row.used = let.row.used = 0;
			fence(&end.row, n, 1, 1);
			dma(&end.row, hw.sram_base_address + 0x20000, va + PAGE, 4, HL_DMA_SRAM_TO_HOST, 0);
			msg_long(&let.row, rdata, 2);
			struct hl_cs_chunk two[3] = { job(&end, 4), { .cb_handle = hw.sram_base_address + 0x10000, .queue_index = queue, .cb_size = r.used, .cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB } };
			uint64_t s = submit(fd, two, 2);
			union hl_wait_cs_args w;
			wait_call(fd, s, 20000, 0, &w);
			EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
			c = job(&let, n == 0 ? 0 : 3);
			finish(fd, submit(fd, &c, 1));
			finish(fd, s);
			EQ(*(volatile uint32_t *)(a + PAGE), 0xC0DE + queue);
		}
	}
	/* the fences of DMA queues, from another */
	for (uint32_t queue = 0; queue < 5; queue++)
		for (uint32_t n = 0; n < 4; n++) {
			end.row.used = let.row.used = 0;
			fence(&end.row, n, 3, 3);
			msg_long(&let.row, FENCE_RDATA(queue, n), 3);
			struct hl_cs_chunk two[2] = { job(&end, queue), job(&let, (queue + 1) % 5) };
			finish(fd, submit(fd, two, 2));
		}
	must(!unmap(fd, va), "unmap");
	cb_close(fd, &up);
	cb_close(fd, &end);
	cb_close(fd, &let);
}
