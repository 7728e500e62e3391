// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

// Two queues, one of which waits for the other; a word that the card writes for who polls; and a submission that is
// late, of which an eventfd tells. By the kernel's calls alone. Documentation/user-space.rst explains it.

#include <drm/habanalabs_accel.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void check(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

// [registers]
// Where packets see the card's registers; all of these are the user's.
#define REGISTERS 0x7FFC000000u
#define SYNC_OBJECT(n) (REGISTERS + 0x112000 + 4 * (n))
#define MONITOR_ADDRESS_LOW(n) (REGISTERS + 0x113000 + 4 * (n))
#define MONITOR_ADDRESS_HIGH(n) (REGISTERS + 0x113400 + 4 * (n))
#define MONITOR_PAYLOAD(n) (REGISTERS + 0x113800 + 4 * (n))
#define MONITOR_ARM(n) (REGISTERS + 0x113C00 + 4 * (n))
// CP_FENCEn_RDATA of a DMA queue, 0 to 4.
#define FENCE(queue, n) (REGISTERS + 0x400158 + 0x8000 * (queue) + 4 * (n))

enum { SYNC = 17, MONITOR = 5, COUNTER = 1 };

// [packets]
struct buffer {
	uint64_t handle;
	uint32_t *words;
	uint32_t used; // in words
};

static void two_words(struct buffer *buffer, uint32_t first, uint32_t second)
{
	buffer->words[buffer->used++] = first;
	buffer->words[buffer->used++] = second;
}

// The second word of a packet: the opcode, and all three barriers.
static uint32_t header(uint32_t opcode)
{
	return opcode << 24 | 7u << 29;
}

static void address(struct buffer *buffer, uint64_t where)
{
	two_words(buffer, (uint32_t)where, (uint32_t)(where >> 32));
}

static void write_word(struct buffer *buffer, uint64_t where, uint32_t value)
{
	two_words(buffer, value, header(3)); // MSG_LONG
	address(buffer, where);
}

// Waits until the queue's own counter is 1, and takes 1 from it.
static void wait_for_fence(struct buffer *buffer, uint32_t counter)
{
	two_words(buffer, 1 | 1 << 16 | counter << 30, header(8));
}

static void copy(struct buffer *buffer, uint64_t from, uint64_t to, uint32_t size, enum hl_goya_dma_direction direction)
{
	two_words(buffer, size, header(9) | (uint32_t)direction << 20 | 1);
	address(buffer, from);
	address(buffer, to);
}

// [calls]
static struct buffer new_buffer(int fd)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	union hl_cb_args cb = { .in = { .op = HL_CB_OP_CREATE, .cb_size = (uint32_t)page } };
	struct buffer buffer = { 0 };

	check(ioctl(fd, DRM_IOCTL_HL_CB, &cb) == 0, "make a command buffer");
	buffer.handle = cb.out.cb_handle;
	buffer.words = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)buffer.handle);
	check(buffer.words != MAP_FAILED, "map a command buffer");
	return buffer;
}

static struct hl_cs_chunk job(const struct buffer *buffer, enum goya_queue_id queue)
{
	return (struct hl_cs_chunk){ .cb_handle = buffer->handle, .queue_index = queue, .cb_size = 4 * buffer->used };
}

static uint64_t submit(int fd, const struct hl_cs_chunk *jobs, uint32_t count, uint32_t flags, uint32_t seconds)
{
	union hl_cs_args cs = { .in = {
		.chunks_execute = (uintptr_t)jobs,
		.num_chunks_execute = count,
		.cs_flags = flags,
		.timeout = seconds,
	} };

	check(ioctl(fd, DRM_IOCTL_HL_CS, &cs) == 0, "submit");
	return cs.out.seq;
}

// Whether it has ended within that time.
static int ended(int fd, uint64_t seq, uint64_t microseconds)
{
	union hl_wait_cs_args wait;
	int result;

	do {
		wait = (union hl_wait_cs_args){ .in = { .seq = seq, .timeout_us = microseconds } };
		result = ioctl(fd, DRM_IOCTL_HL_WAIT_CS, &wait);
	} while (result && errno == EINTR);
	check(result == 0, "wait");
	return wait.out.status == HL_WAIT_CS_STATUS_COMPLETED;
}

static void wait_for(int fd, uint64_t seq)
{
	while (!ended(fd, seq, 1000 * 1000))
		;
}

// [two queues]
// Queue 1 copies from host memory to SRAM, queue 2 from there back: one submission of two jobs.
static void there_and_back(int fd, uint64_t source, uint64_t sram, uint64_t destination, uint32_t size)
{
	struct buffer ready = new_buffer(fd), up = new_buffer(fd), down = new_buffer(fd);

	// When the sync object is at least 1, the monitor adds 1 to a fence counter of queue 2. This is a submission of its
	// own, and waited for: the jobs of one begin side by side, and queue 1 must not count before the object is set to 0.
	write_word(&ready, SYNC_OBJECT(SYNC), 0);
	write_word(&ready, MONITOR_ADDRESS_LOW(MONITOR), (uint32_t)FENCE(GOYA_QUEUE_ID_DMA_2, COUNTER));
	write_word(&ready, MONITOR_ADDRESS_HIGH(MONITOR), FENCE(GOYA_QUEUE_ID_DMA_2, COUNTER) >> 32);
	write_word(&ready, MONITOR_PAYLOAD(MONITOR), 1);
	write_word(&ready, MONITOR_ARM(MONITOR), SYNC | 1 << 16);
	struct hl_cs_chunk first = job(&ready, GOYA_QUEUE_ID_DMA_2);
	wait_for(fd, submit(fd, &first, 1, 0, 0));

	// The barriers make the message wait for the copy before it, and the copy for the fence.
	copy(&up, source, sram, size, HL_DMA_HOST_TO_SRAM);
	write_word(&up, SYNC_OBJECT(SYNC), 1u << 31 | 1);
	wait_for_fence(&down, COUNTER);
	copy(&down, sram, destination, size, HL_DMA_SRAM_TO_HOST);
	struct hl_cs_chunk both[] = { job(&down, GOYA_QUEUE_ID_DMA_2), job(&up, GOYA_QUEUE_ID_DMA_1) };
	wait_for(fd, submit(fd, both, 2, 0, 0));
}

// [poll]
// A message can go to host memory, too. It comes behind what the packets before it have written.
static void poll_for_word(int fd, volatile uint32_t *word, uint64_t where)
{
	struct buffer tell = new_buffer(fd);

	*word = 0;
	write_word(&tell, where, 42);
	struct hl_cs_chunk last = job(&tell, GOYA_QUEUE_ID_DMA_0);
	uint64_t seq = submit(fd, &last, 1, 0, 0);
	// Nobody tells who looks that the card was reset, and will write nothing any more.
	for (time_t end = time(NULL) + 10; *word != 42;)
		if (time(NULL) > end)
			check(0, "the word has not come");
	// What is behind the message, the driver's packets among it, may still be at work.
	wait_for(fd, seq);
}

// [late]
// A submission that may take a second, and waits for ever. SKIP_RESET: or else the card would be reset, and this process killed
// unless it closed the card within half a minute.
static void late(int fd)
{
	struct buffer stuck = new_buffer(fd), open_it = new_buffer(fd);
	int events = eventfd(0, EFD_CLOEXEC);
	struct hl_info_args tell = { .op = HL_INFO_REGISTER_EVENTFD, .eventfd = (uint32_t)events };
	uint64_t happened = 0;
	struct hl_info_args ask = {
		.op = HL_INFO_GET_EVENTS,
		.return_pointer = (uintptr_t)&happened,
		.return_size = sizeof(happened),
	};

	check(events >= 0, "eventfd");
	check(ioctl(fd, DRM_IOCTL_HL_INFO, &tell) == 0, "register an eventfd");
	wait_for_fence(&stuck, COUNTER);
	struct hl_cs_chunk job_of_stuck = job(&stuck, GOYA_QUEUE_ID_DMA_3);
	uint64_t seq = submit(fd, &job_of_stuck, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT, 1);
	struct pollfd readable = { .fd = events, .events = POLLIN };
	check(poll(&readable, 1, -1) == 1, "poll");
	check(ioctl(fd, DRM_IOCTL_HL_INFO, &ask) == 0 && happened & HL_NOTIFIER_EVENT_CS_TIMEOUT, "the event of a time-out");
	errno = EPROTO;
	check(!ended(fd, seq, 0), "nobody has opened the fence");

	// Any queue can open another's fence.
	write_word(&open_it, FENCE(GOYA_QUEUE_ID_DMA_3, COUNTER), 1);
	struct hl_cs_chunk job_of_open = job(&open_it, GOYA_QUEUE_ID_DMA_4);
	wait_for(fd, submit(fd, &job_of_open, 1, 0, 0));
	wait_for(fd, seq);
}

// [main]
int main(int argc, char **argv)
{
	enum { SIZE = 4096 };
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	struct hl_info_hw_ip_info card = { 0 };
	struct hl_info_args info = {
		.return_pointer = (uintptr_t)&card,
		.return_size = sizeof(card),
		.op = HL_INFO_HW_IP_INFO,
	};
	int fd;

	while ((fd = open(argc > 1 ? argv[1] : "/dev/accel/accel0", O_RDWR | O_CLOEXEC)) < 0 && errno == EAGAIN)
		nanosleep(&moment, NULL);
	check(fd >= 0, "open the card");
	check(ioctl(fd, DRM_IOCTL_HL_INFO, &info) == 0, "HW_IP_INFO");
	uint8_t *memory = mmap(NULL, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(memory != MAP_FAILED, "memory");
	union hl_mem_args map = { .in = {
		.map_host = { .host_virt_addr = (uintptr_t)memory, .mem_size = 3 * SIZE },
		.op = HL_MEM_OP_MAP,
		.flags = HL_MEM_USERPTR,
	} };
	check(ioctl(fd, DRM_IOCTL_HL_MEMORY, &map) == 0, "map host memory");
	uint64_t device = map.out.device_virt_addr;

	for (int i = 0; i < SIZE; i++)
		memory[i] = (uint8_t)(7 * i + 1);
	there_and_back(fd, device, card.sram_base_address, device + SIZE, SIZE);
	int right = memcmp(memory, memory + SIZE, SIZE) == 0;
	printf("two queues in order: %s\n", right ? "right" : "wrong");
	poll_for_word(fd, (volatile uint32_t *)(memory + 2 * SIZE), device + 2 * SIZE);
	printf("the word has come\n");
	late(fd);
	printf("the late one was told of, and has ended\n");
	// The end of the process unmaps all, closes the node, and so gives everything back: nothing is in flight.
	return !right;
}
