// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

// Host memory to SRAM and back, by the kernel's calls alone. Documentation/user-space.rst explains it.

#include <drm/habanalabs_accel.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

// [open]
static int open_card(const char *node)
{
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	int fd;

	// The last user is just leaving, or the card is in a reset.
	while ((fd = open(node, O_RDWR | O_CLOEXEC)) < 0 && errno == EAGAIN)
		nanosleep(&moment, NULL);
	check(fd >= 0, node);
	return fd;
}

// [ask]
static uint64_t ask_for_sram(int fd)
{
	struct hl_info_hw_ip_info hardware = { 0 };
	struct hl_info_args info = {
		.return_pointer = (uintptr_t)&hardware,
		.return_size = sizeof(hardware),
		.op = HL_INFO_HW_IP_INFO,
	};

	check(ioctl(fd, DRM_IOCTL_HL_INFO, &info) == 0, "HW_IP_INFO");
	// Gaudi cards have the same calls and other packets.
	errno = ENODEV;
	check(hardware.device_id == 1, "a Goya card");
	return hardware.sram_base_address;
}

// [map]
static uint64_t map_for_card(int fd, void *memory, uint64_t size)
{
	union hl_mem_args map = { .in = {
		.map_host = { .host_virt_addr = (uintptr_t)memory, .mem_size = size },
		.op = HL_MEM_OP_MAP,
		.flags = HL_MEM_USERPTR,
	} };

	check(ioctl(fd, DRM_IOCTL_HL_MEMORY, &map) == 0, "map host memory");
	return map.out.device_virt_addr;
}

static void unmap_from_card(int fd, uint64_t address)
{
	union hl_mem_args unmap = { .in = {
		.unmap = { .device_virt_addr = address },
		.op = HL_MEM_OP_UNMAP,
	} };

	check(ioctl(fd, DRM_IOCTL_HL_MEMORY, &unmap) == 0, "unmap host memory");
}

// [packet]
struct lin_dma {
	uint32_t size;
	uint32_t control;
	uint64_t source;
	uint64_t destination;
};

static struct lin_dma copy(uint64_t source, uint64_t destination, uint32_t size, enum hl_goya_dma_direction direction)
{
	return (struct lin_dma){
		.size = size,
		// The opcode; all three barriers; weakly ordered, as it has to be.
		.control = 9u << 24 | 7u << 29 | (uint32_t)direction << 20 | 1,
		.source = source,
		.destination = destination,
	};
}

// [submit]
static uint64_t submit(int fd, enum goya_queue_id queue, struct lin_dma packet)
{
	const long page = sysconf(_SC_PAGESIZE);
	union hl_cb_args buffer = { .in = { .op = HL_CB_OP_CREATE, .cb_size = (uint32_t)page } };

	check(ioctl(fd, DRM_IOCTL_HL_CB, &buffer) == 0, "make a command buffer");
	uint64_t handle = buffer.out.cb_handle;
	void *packets = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)handle);
	check(packets != MAP_FAILED, "map a command buffer");
	memcpy(packets, &packet, sizeof(packet));

	struct hl_cs_chunk job = { .cb_handle = handle, .queue_index = queue, .cb_size = sizeof(packet) };
	union hl_cs_args cs = { .in = { .chunks_execute = (uintptr_t)&job, .num_chunks_execute = 1 } };
	check(ioctl(fd, DRM_IOCTL_HL_CS, &cs) == 0, "submit");

	// The driver has copied the packets.
	munmap(packets, (size_t)page);
	buffer = (union hl_cb_args){ .in = { .op = HL_CB_OP_DESTROY, .cb_handle = handle } };
	check(ioctl(fd, DRM_IOCTL_HL_CB, &buffer) == 0, "destroy a command buffer");
	return cs.out.seq;
}

// [wait]
static void wait_for(int fd, uint64_t seq)
{
	union hl_wait_cs_args wait;
	int result;

	do {
		// The answer is in the same place as the question, which has to be put anew.
		wait = (union hl_wait_cs_args){ .in = { .seq = seq, .timeout_us = 1000 * 1000 } };
		result = ioctl(fd, DRM_IOCTL_HL_WAIT_CS, &wait);
	} while (result ? errno == EINTR : wait.out.status == HL_WAIT_CS_STATUS_BUSY);
	check(result == 0, "wait");
}

// [main]
int main(int argc, char **argv)
{
	enum { SIZE = 4096 };
	static const char text[] = "There and back again";
	int fd = open_card(argc > 1 ? argv[1] : "/dev/accel/accel0");
	uint64_t sram = ask_for_sram(fd);
	char *memory = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(memory != MAP_FAILED, "memory");
	memcpy(memory, text, sizeof(text));
	uint64_t address = map_for_card(fd, memory, 2 * SIZE);

	// Only DMA queue 1 reads host memory.
	wait_for(fd, submit(fd, GOYA_QUEUE_ID_DMA_1, copy(address, sram, SIZE, HL_DMA_HOST_TO_SRAM)));
	wait_for(fd, submit(fd, GOYA_QUEUE_ID_DMA_2, copy(sram, address + SIZE, SIZE, HL_DMA_SRAM_TO_HOST)));
	printf("came back: %s\n", memory + SIZE);
	int right = memcmp(memory, memory + SIZE, SIZE) == 0;

	// Nothing is in flight any more.
	unmap_from_card(fd, address);
	munmap(memory, 2 * SIZE);
	close(fd);
	return !right;
}
