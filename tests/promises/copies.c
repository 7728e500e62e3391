// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// What copies do: card-packets.rst, uapi-memory.rst

#include "promises.h"

void promises_of_copies(int fd)
{
	size_t size = 3 * MIB2 + 40;
	uint8_t *a = host(size), *b = host(size);
	uint64_t va, vb, h, dev;
	struct cb up = cb_open(fd, PAGE), down = cb_open(fd, PAGE);

	area = "data";
	for (size_t i = 0; i < size; i++)
		a[i] = (uint8_t)(i * 7 + (i >> 12));
	must(!map_host(fd, a, size, 0, 0, &va) && !map_host(fd, b, size, 0, 0, &vb), "map");
	must(!mem_alloc(fd, size, 0, &h) && !map_dev(fd, h, 0, 0, &dev), "device memory");
	/* host to DRAM, DRAM to SRAM (part), SRAM to DRAM, to host by two submissions */
	dma(&up.row, va, dev, (uint32_t)size, HL_DMA_HOST_TO_DRAM, 0);
	dma(&up.row, dev, hw.sram_base_address, 0x100000, HL_DMA_DRAM_TO_SRAM, 0);
	dma(&up.row, 0, dev, 0x100000, HL_DMA_HOST_TO_DRAM, 1 << 6); /* fill */
	dma(&up.row, hw.sram_base_address, dev, 0x100000, HL_DMA_SRAM_TO_DRAM, 0);
	struct hl_cs_chunk c = job(&up, 1);
	finish(fd, submit(fd, &c, 1));
	for (uint32_t queue = 0; queue < 5; queue++) {
		memset(b, 0, size);
		down.row.used = 0;
		dma(&down.row, dev, vb, (uint32_t)size, HL_DMA_DRAM_TO_HOST, 0);
		c = job(&down, queue);
		finish(fd, submit(fd, &c, 1));
		HOLD(!memcmp(a, b, size));
	}
	/* the fill: on queue 3, value in bytes? */
	down.row.used = 0;
	dma(&down.row, 0x1122334455667788, dev, 4096, 0, 1 << 6);
	c = job(&down, 3);
	finish(fd, submit(fd, &c, 1));
	down.row.used = 0;
	dma(&down.row, dev, vb, 4096, HL_DMA_DRAM_TO_HOST, 0);
	c = job(&down, 2);
	finish(fd, submit(fd, &c, 1));
	HOLD(!memcmp(b, "\x88\x77\x66\x55\x44\x33\x22\x11\x88", 9));
	/* overflow of unaligned: copy of odd bytes to odd address */
	down.row.used = 0;
	memset(b, 0xaa, 64);
	dma(&down.row, va + 3, vb + 5, 7, HL_DMA_HOST_TO_DRAM, 0);
	c = job(&down, 1);
	finish(fd, submit(fd, &c, 1));
	HOLD(!memcmp(a + 3, b + 5, 7) && b[4] == 0xaa && b[12] == 0xaa);
	/* unmapped device addresses: "reads and writes go to one page; it holds 0x99 at first" */
	down.row.used = 0;
	dma(&down.row, 0x1800000000, vb, 64, HL_DMA_DRAM_TO_HOST, 0);
	c = job(&down, 2);
	finish(fd, submit(fd, &c, 1));
	EQ(b[0], 0x99);
	must(!unmap(fd, dev) && !mem_free(fd, h) && !unmap(fd, va) && !unmap(fd, vb), "unmap");
	cb_close(fd, &up);
	cb_close(fd, &down);
	munmap(a, size);
	munmap(b, size);
}
