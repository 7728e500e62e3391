// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

// A call of each kind that raw.c does without. The pages of the user API show them.

#include <drm/goya_accel.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void check(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

// [ask]
/* Asks the card; what a driver does not know of an answer stays 0. */
static int ask(int fd, uint32_t op, uint32_t parameter, void *answer, uint32_t size)
{
	struct hl_info_args args = { .return_pointer = (uintptr_t)answer, .return_size = size, .op = op, .ctx_id = parameter };

	memset(answer, 0, size);
	return ioctl(fd, DRM_IOCTL_HL_INFO, &args);
}

static void ask_what_there_is(int fd)
{
	struct hl_info_hw_idle idle;
	struct hl_pll_frequency_info pci;

	check(ask(fd, HL_INFO_HW_IDLE, 0, &idle, sizeof(idle)) == 0, "HW_IDLE");
	check(ask(fd, HL_INFO_PLL_FREQUENCY, HL_GOYA_PCI_PLL, &pci, sizeof(pci)) == 0, "PLL_FREQUENCY");
	printf("%s; PCI at %u MHz\n", idle.is_idle ? "idle" : "busy", pci.output[0]);
}

// [memory]
static void have_device_memory(int fd)
{
	union hl_mem_args alloc = { .in = { .alloc = { .mem_size = 4 << 20 }, .op = HL_MEM_OP_ALLOC } };
	check(ioctl(fd, DRM_IOCTL_HL_MEMORY, &alloc) == 0, "allocate device memory");
	uint64_t handle = alloc.out.handle;

	union hl_mem_args map = { .in = { .map_device = { .handle = handle }, .op = HL_MEM_OP_MAP } };
	check(ioctl(fd, DRM_IOCTL_HL_MEMORY, &map) == 0, "map device memory");
	uint64_t address = map.out.device_virt_addr;
	printf("4 MiB at 0x%llx\n", (unsigned long long)address);

	// For another device, if the card's window shows this memory: EINVAL says that it does not.
	union hl_mem_args export = { .in = {
		.export_dmabuf_fd = { .addr = address, .mem_size = 4 << 20 },
		.op = HL_MEM_OP_EXPORT_DMABUF_FD,
		.flags = O_CLOEXEC | O_RDWR,
	} };
	if (ioctl(fd, DRM_IOCTL_HL_MEMORY, &export) == 0)
		close(export.out.fd);
	else
		check(errno == EINVAL, "export device memory");

	union hl_mem_args unmap = { .in = { .unmap = { .device_virt_addr = address }, .op = HL_MEM_OP_UNMAP } };
	check(ioctl(fd, DRM_IOCTL_HL_MEMORY, &unmap) == 0, "unmap device memory");
	union hl_mem_args release = { .in = { .free = { .handle = handle }, .op = HL_MEM_OP_FREE } };
	check(ioctl(fd, DRM_IOCTL_HL_MEMORY, &release) == 0, "free device memory");
}

// [events]
static void hear(int fd)
{
	struct pollfd heard = { .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .events = POLLIN };
	check(heard.fd >= 0, "eventfd");
	struct hl_info_args args = { .op = HL_INFO_REGISTER_EVENTFD, .eventfd = (uint32_t)heard.fd };
	check(ioctl(fd, DRM_IOCTL_HL_INFO, &args) == 0, "REGISTER_EVENTFD");

	// A program would poll() this beside what else it waits for.
	if (poll(&heard, 1, 0) > 0) {
		uint64_t times, what;

		check(read(heard.fd, &times, sizeof(times)) == sizeof(times), "eventfd");
		check(ask(fd, HL_INFO_GET_EVENTS, 0, &what, sizeof(what)) == 0, "GET_EVENTS");
		if (what & HL_NOTIFIER_EVENT_CS_TIMEOUT)
			puts("a submission is late");
		if (what & HL_NOTIFIER_EVENT_DEVICE_RESET)
			puts("half a minute is left to save what matters, and to close the card");
	}
	// Records of the first error since the card was opened: zeros say that there was none.
	struct hl_info_cs_timeout_event late;
	check(ask(fd, HL_INFO_CS_TIMEOUT_EVENT, 0, &late, sizeof(late)) == 0, "CS_TIMEOUT_EVENT");
	printf("%s\n", late.seq ? "something was late" : "nothing was late");

	args = (struct hl_info_args){ .op = HL_INFO_UNREGISTER_EVENTFD };
	check(ioctl(fd, DRM_IOCTL_HL_INFO, &args) == 0, "UNREGISTER_EVENTFD");
	close(heard.fd);
}

// [debug]
static int debug(int fd, uint32_t op, uint32_t enable, void *input, uint32_t input_size, void *output, uint32_t output_size)
{
	struct hl_debug_args args = {
		.input_ptr = (uintptr_t)input,
		.input_size = input_size,
		.output_ptr = (uintptr_t)output,
		.output_size = output_size,
		.op = op,
		.enable = enable,
	};

	return ioctl(fd, DRM_IOCTL_HL_DEBUG, &args);
}

/* Counts events 0 to 2 of the first unit that counts; what they are is in no document of the vendor's. */
static void count(int fd)
{
	struct hl_debug_params_spmu counters = { .event_types = { 0, 1, 2 }, .event_types_num = 3 };
	uint64_t counts[3 + 2]; // the overflow bits and the cycles besides

	check(debug(fd, HL_DEBUG_OP_SET_MODE, 1, NULL, 0, NULL, 0) == 0, "debug mode");
	check(debug(fd, HL_DEBUG_OP_SPMU, 1, &counters, sizeof(counters), NULL, 0) == 0, "counters on");
	check(debug(fd, HL_DEBUG_OP_SPMU, 0, NULL, 0, counts, sizeof(counts)) == 0, "counters off");
	check(debug(fd, HL_DEBUG_OP_SET_MODE, 0, NULL, 0, NULL, 0) == 0, "no debug mode");
}

// [uring]
/* Submits a job and waits for its end, in one call; the number of the submission, or 0 if there is no such extension. */
static uint64_t submit_by_uring(int fd, struct hl_cs_chunk job)
{
	struct goya_info_extensions there;
	const int prot = PROT_READ | PROT_WRITE;

	if (ask(fd, GOYA_INFO_EXTENSIONS, 0, &there, sizeof(there)) || !(there.extensions & GOYA_EXTENSION_URING_CS))
		return 0;
	// Large entries: the command is in their second half, and the number of the submission comes back in that of the answer.
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 };
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	check(ring >= 0, "io_uring_setup");
	uint8_t *sq = mmap(NULL, params.sq_off.array + 4, prot, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	uint8_t *cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * 32, prot, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	uint8_t *entry = mmap(NULL, 128, prot, MAP_SHARED, ring, (off_t)IORING_OFF_SQES);
	check(sq != MAP_FAILED && cq != MAP_FAILED && entry != MAP_FAILED, "map a ring");

	struct io_uring_sqe sqe = { .opcode = IORING_OP_URING_CMD, .fd = fd, .cmd_op = DRM_IOCTL_HL_CS };
	struct goya_uring_cs cs = { .in = { .chunks_execute = (uintptr_t)&job, .num_chunks_execute = 1 } };
	memcpy(entry, &sqe, 48);
	memcpy(entry + 48, &cs, sizeof(cs));
	*(uint32_t *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	check(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1, "io_uring_enter");

	struct io_uring_cqe *told = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	uint64_t seq;
	memcpy(&seq, (uint8_t *)told + 16, sizeof(seq));
	errno = -told->res;
	check(told->res == 0, "submission by io_uring");
	close(ring);
	return seq;
}

// [main]
int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	const long page = sysconf(_SC_PAGESIZE);
	int fd;

	while ((fd = open(node, O_RDWR | O_CLOEXEC)) < 0 && errno == EAGAIN)
		usleep(10 * 1000);
	check(fd >= 0, node);
	ask_what_there_is(fd);
	have_device_memory(fd);
	hear(fd);
	count(fd);

	// A NOP: its opcode, and all barriers.
	const uint32_t nop[2] = { 0, 10u << 24 | 7u << 29 };
	union hl_cb_args buffer = { .in = { .op = HL_CB_OP_CREATE, .cb_size = (uint32_t)page } };
	check(ioctl(fd, DRM_IOCTL_HL_CB, &buffer) == 0, "make a command buffer");
	void *packets = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)buffer.out.cb_handle);
	check(packets != MAP_FAILED, "map a command buffer");
	memcpy(packets, nop, sizeof(nop));
	uint64_t seq = submit_by_uring(fd, (struct hl_cs_chunk){
		.cb_handle = buffer.out.cb_handle,
		.queue_index = GOYA_QUEUE_ID_DMA_1,
		.cb_size = sizeof(nop),
	});
	printf(seq ? "by io_uring: submission %llu\n" : "no submissions by io_uring here\n", (unsigned long long)seq);
	munmap(packets, (size_t)page);
	close(fd);
	return 0;
}
