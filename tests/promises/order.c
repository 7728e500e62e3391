// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// Sync objects, monitors and fences: card-packets.rst

#include "promises.h"

static int fd_thread;

static void *wait_thread(void *arg)
{
	union hl_wait_cs_args w;

	return (void *)(long)(wait_call(fd_thread, *(uint64_t *)arg, 5000000, 0, &w) || w.out.status);
}

/* Queue 1 copies to SRAM and counts a sync object up; a monitor opens the fence of queue 2, which copies back. */
void promises_of_order(int fd)
{
	uint8_t *a = host(2 * PAGE);
	uint64_t va;
	struct cb up = cb_open(fd, PAGE), down = cb_open(fd, PAGE);
	const unsigned sob = 17, mon = 5;
	union hl_wait_cs_args w;

	area = "sync";
	must(!map_host(fd, a, 2 * PAGE, 0, 0, &va), "map");
	for (unsigned i = 0; i < PAGE; i++)
		a[i] = (uint8_t)(i * 13 + 1);
	/* within one submission */
	msg_long(&down.row, SOB(sob), 0);
	msg_long(&down.row, MON_ADDRL(mon), (uint32_t)FENCE_RDATA(2, 1));
	msg_long(&down.row, MON_ADDRH(mon), FENCE_RDATA(2, 1) >> 32);
	msg_long(&down.row, MON_DATA(mon), 1);
	msg_long(&down.row, MON_ARM(mon), sob | 2 << 16);
	struct hl_cs_chunk prepare = job(&down, 2);
	finish(fd, submit(fd, &prepare, 1));
	down.row.used = 0;
	fence(&down.row, 1, 1, 1);
	dma(&down.row, hw.sram_base_address, va + PAGE, PAGE, HL_DMA_SRAM_TO_HOST, 0);
	dma(&up.row, va, hw.sram_base_address, PAGE, HL_DMA_HOST_TO_SRAM, 0);
	msg_long(&up.row, SOB(sob), 1u << 31 | 1);
	msg_long(&up.row, SOB(sob), 1u << 31 | 1);
	struct hl_cs_chunk two[2] = { job(&down, 2), job(&up, 1) };
	finish(fd, submit(fd, two, 2));
	HOLD(!memcmp(a, a + PAGE, PAGE));
	/* two submissions, the one that waits first; and two threads wait for it */
	memset(a + PAGE, 0, PAGE);
	a[7]++;
	down.row.used = 0;
	msg_long(&down.row, SOB(sob), 0);
	msg_long(&down.row, MON_ARM(mon), sob | 2 << 16);
	fence(&down.row, 1, 1, 1);
	dma(&down.row, hw.sram_base_address, va + PAGE, PAGE, HL_DMA_SRAM_TO_HOST, 0);
	struct hl_cs_chunk d = job(&down, 2), u = job(&up, 1);
	uint64_t waits = submit(fd, &d, 1);
	pthread_t th[2];
	fd_thread = fd;
	for (int i = 0; i < 2; i++)
		pthread_create(&th[i], NULL, wait_thread, &waits);
	WANT(wait_call(fd, waits, 50000, 0, &w), 0);
	EQ(w.out.status, HL_WAIT_CS_STATUS_BUSY);
	uint64_t opens = submit(fd, &u, 1);
	HOLD(opens == waits + 1);
	for (int i = 0; i < 2; i++) {
		void *bad;

		pthread_join(th[i], &bad);
		HOLD(!bad);
	}
	finish(fd, opens);
	HOLD(!memcmp(a, a + PAGE, PAGE));
	/* "equal" and "at once if it does already" */
	down.row.used = 0;
	msg_long(&down.row, SOB(sob), 5);
	msg_long(&down.row, MON_ARM(mon), sob | 1 << 15 | 5 << 16);
	fence(&down.row, 1, 1, 1);
	d = job(&down, 2);
	finish(fd, submit(fd, &d, 1));
	/* a word in host memory, polled: by a DMA, and by a message */
	volatile uint8_t *flag = a + PAGE;
	*flag = 0;
	down.row.used = 0;
	dma(&down.row, 0xA5, va + PAGE, 8, HL_DMA_SRAM_TO_HOST, 1 << 6);
	d = job(&down, 0);
	waits = submit(fd, &d, 1);
	time_t limit = time(NULL) + 5;
	while (*flag != 0xA5 && time(NULL) < limit)
		;
	HOLD(*flag == 0xA5);
	finish(fd, waits);
	*(volatile uint32_t *)(a + PAGE) = 0;
	down.row.used = 0;
	msg_long(&down.row, va + PAGE, 0x12345678);
	d = job(&down, 0);
	finish(fd, submit(fd, &d, 1));
	EQ(*(volatile uint32_t *)(a + PAGE), 0x12345678);
	/* MSG_SHORT: base 1 is the sync objects; base 0 the monitors */
	down.row.used = 0;
	put32(&down.row, 9);
	put32(&down.row, 4u << 24 | ALL_BARRIERS | 1 << 22 | 4 * sob);
	put32(&down.row, sob | 9 << 16);
	put32(&down.row, 4u << 24 | ALL_BARRIERS | 0 << 22 | (0xC00 + 4 * mon));
	fence(&down.row, 1, 1, 1);
	d = job(&down, 2);
	finish(fd, submit(fd, &d, 1));
	must(!unmap(fd, va), "unmap");
	cb_close(fd, &up);
	cb_close(fd, &down);
}
