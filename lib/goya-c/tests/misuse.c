// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

// What goya.h promises to a program that does wrong things: NULL where an object belongs, sizes that nothing has, flags that
// mean nothing, objects that outlive the device, children of fork(2). Never a crash, and an error that says what is wrong.
// The address sanitizer looks on: at memory that is used after it was freed, and at what is left in the end.

#include <errno.h>
#include <goya.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct goya_error error;
static int failed, checks;

static void check(int good, const char *what, int line)
{
	checks++;
	if (good)
		return;
	failed++;
	printf("line %d: %s: %d, \"%s\"\n", line, what, error.code, error.message);
}

#define GOOD(what) check((what), #what, __LINE__)

static void forget(void)
{
	error.code = 0;
	memset(error.message, 0, sizeof(error.message));
}

// The code, and the same with a sentence in the error.
#define FAILS(number, call) \
	do { \
		forget(); \
		check((call) == -(number) && error.code == -(number) && error.message[0], #call, __LINE__); \
	} while (0)
#define NONE(number, call) \
	do { \
		forget(); \
		check((call) == NULL && error.code == -(number) && error.message[0], #call, __LINE__); \
	} while (0)

static const struct goya_place sram = { .offset = GOYA_SRAM };

// NULL where an object, an array or a string belongs. `device` and `commands` are good.
static void nulls(struct goya_device *device, struct goya_commands *commands)
{
	char text[8];
	size_t size = 7;
	uint64_t mask;
	const struct goya_fence *no_fence[1] = { NULL };
	struct goya_job no_packets = { .queue = 1 };

	NONE(EINVAL, goya_device_open_path(NULL, &error));
	NONE(EINVAL, goya_commands_assemble(NULL, &error));
	NONE(EINVAL, goya_device_submit(NULL, NULL, 0, 0, 0, &error));
	NONE(EINVAL, goya_device_submit(device, NULL, 1, 0, 0, &error));
	NONE(EINVAL, goya_device_submit(device, NULL, 0, 0, 0, &error));
	NONE(EINVAL, goya_device_submit(device, &no_packets, 1, 0, 0, &error));
	NONE(EINVAL, goya_device_submit_restoring(device, &no_packets, 1, &no_packets, 1, 0, 0, &error));
	NONE(EINVAL, goya_device_submit_restoring(device, NULL, 1, &no_packets, 1, 0, 0, &error));
	NONE(EINVAL, goya_host_memory_new(NULL, 4096, &error));
	NONE(EINVAL, goya_host_memory_map(NULL, text, 8, &error));
	NONE(EINVAL, goya_host_memory_map(device, NULL, 8, &error));
	NONE(EINVAL, goya_device_memory_new(NULL, 4096, &error));
	NONE(EINVAL, goya_sync_object_new(NULL, &error));
	NONE(EINVAL, goya_monitor_new(NULL, &error));
	NONE(EINVAL, goya_events_new(NULL, &error));
	NONE(EINVAL, goya_program_load(NULL, "add_f32", &error));
	NONE(EINVAL, goya_program_load(device, NULL, &error));
	NONE(EINVAL, goya_program_assemble(device, NULL, &error));
	NONE(EINVAL, goya_program_assemble(NULL, "", &error));
	NONE(EINVAL, goya_program_from_bytes(device, NULL, 32, &error));
	NONE(EINVAL, goya_program_from_bytes(NULL, text, 8, &error));
	NONE(EINVAL, goya_program_bind(NULL, NULL, 0, NULL, 0, NULL, 1, &error));
	NONE(EINVAL, goya_launch_start(NULL, &error));
	NONE(EINVAL, goya_launch_start_with(NULL, 0, 0, &error));

	FAILS(EINVAL, goya_commands_nop(NULL, &error));
	FAILS(EINVAL, goya_commands_stop(NULL, &error));
	FAILS(EINVAL, goya_commands_raw(NULL, text, 8, &error));
	FAILS(EINVAL, goya_commands_raw(commands, NULL, 8, &error));
	FAILS(EINVAL, goya_commands_keep(NULL, sram, &error));
	FAILS(EINVAL, goya_commands_append(commands, NULL, &error));
	FAILS(EINVAL, goya_commands_append(NULL, commands, &error));
	FAILS(EINVAL, goya_commands_write_register(NULL, 0x1020, 0, &error));
	FAILS(EINVAL, goya_commands_copy(NULL, sram, sram, 8, &error));
	FAILS(EINVAL, goya_commands_fill(NULL, sram, 0, 8, &error));
	FAILS(EINVAL, goya_commands_write(NULL, sram, 0, &error));
	FAILS(EINVAL, goya_commands_set(commands, NULL, 0, &error));
	FAILS(EINVAL, goya_commands_add(commands, NULL, 0, &error));
	FAILS(EINVAL, goya_commands_wait(NULL, 1, 0, 1, &error));
	FAILS(EINVAL, goya_commands_monitor(commands, NULL, NULL, 1, 1, 0, &error));
	FAILS(EINVAL, goya_commands_wait_for(commands, NULL, NULL, 1, 1, 0, &error));
	FAILS(EINVAL, goya_commands_disassemble(NULL, text, sizeof(text), &error));
	FAILS(EINVAL, goya_device_run(device, 1, NULL, &error));
	FAILS(EINVAL, goya_device_run(NULL, 1, commands, &error));
	FAILS(EINVAL, goya_device_put(NULL, sram, text, 8, &error));
	FAILS(EINVAL, goya_device_put(device, sram, NULL, 8, &error));
	FAILS(EINVAL, goya_device_get(NULL, sram, text, 8, &error));
	FAILS(EINVAL, goya_device_get(device, sram, NULL, 8, &error));
	FAILS(EINVAL, goya_device_info(NULL, 4, text, 8, NULL, &error));
	FAILS(EINVAL, goya_device_info(device, 4, NULL, 8, NULL, &error));
	FAILS(EINVAL, goya_device_finish(NULL, &error));
	FAILS(EINVAL, goya_device_wait_operational(NULL, 0, &error));
	FAILS(EINVAL, goya_device_memory_export(NULL, 0, 4096, &error));
	FAILS(EINVAL, goya_events_wait(NULL, 0, &mask, &error));
	FAILS(EINVAL, goya_fence_wait(NULL, 0, NULL, &error));
	FAILS(EINVAL, goya_fence_wait_all(NULL, 1, 0, &error));
	FAILS(EINVAL, goya_fence_wait_all(no_fence, 1, 0, &error));
	FAILS(EINVAL, goya_fence_wait_any(no_fence, 1, 0, NULL, &error));

	// Those that have no error to fill in.
	GOOD(goya_commands_bytes(NULL, &size) == NULL && size == 0 && goya_commands_bytes(NULL, NULL) == NULL);
	GOOD(goya_device_fd(NULL) == -EINVAL && goya_events_fd(NULL) == -EINVAL);
	GOOD(goya_host_memory_data(NULL) == NULL && goya_host_memory_address(NULL) == 0 && goya_host_memory_size(NULL) == 0);
	GOOD(goya_device_memory_address(NULL) == 0 && goya_device_memory_size(NULL) == 0);
	GOOD(goya_fence_number(NULL) == 0 && goya_sync_object_number(NULL) == UINT32_MAX);

	// Nobody has to want the error.
	GOOD(goya_commands_nop(NULL, NULL) == -EINVAL && goya_commands_assemble("nonsense", NULL) == NULL);

	// What is freed may be NULL.
	goya_commands_free(NULL);
	goya_device_free(NULL);
	goya_device_memory_free(NULL);
	goya_events_free(NULL);
	goya_fence_free(NULL);
	goya_host_memory_free(NULL);
	goya_launch_free(NULL);
	goya_monitor_free(NULL);
	goya_program_free(NULL);
	goya_sync_object_free(NULL);
}

// Sizes that nothing has, numbers that nothing has, flags that mean nothing.
static void sizes(struct goya_device *device, struct goya_commands *commands)
{
	char text[64], small[4];
	uint32_t beside = 0;
	const struct goya_fence *no_fence[1] = { NULL };
	struct goya_job job = { .queue = 5, .commands = commands };
	struct goya_job *askew = (struct goya_job *)((char *)&job + 1);

	// More than there can be in any memory.
	NONE(EINVAL, goya_device_submit(device, &job, SIZE_MAX, 0, 0, &error));
	NONE(EINVAL, goya_device_submit(device, &job, SIZE_MAX / sizeof(job) + 2, 0, 0, &error));
	NONE(EINVAL, goya_device_submit(device, askew, 1, 0, 0, &error));
	NONE(EINVAL, goya_device_submit_restoring(device, &job, SIZE_MAX, &job, 1, 0, 0, &error));
	NONE(EINVAL, goya_program_from_bytes(device, text, SIZE_MAX, &error));
	FAILS(EINVAL, goya_commands_raw(commands, text, SIZE_MAX, &error));
	FAILS(EINVAL, goya_device_put(device, sram, text, SIZE_MAX, &error));
	FAILS(EINVAL, goya_device_get(device, sram, text, SIZE_MAX, &error));
	FAILS(EINVAL, goya_device_info(device, 4, text, SIZE_MAX, NULL, &error));
	FAILS(EINVAL, goya_fence_wait_all(no_fence, SIZE_MAX, 0, &error));
	FAILS(EINVAL, goya_fence_wait_any(no_fence, SIZE_MAX, 0, NULL, &error));
	NONE(ENOMEM, goya_host_memory_new(device, SIZE_MAX, &error));
	NONE(ENOMEM, goya_host_memory_new(device, (size_t)1 << 46, &error));
	NONE(EINVAL, goya_host_memory_map(device, text, 0, &error));
	NONE(EINVAL, goya_host_memory_map(device, text, SIZE_MAX, &error));
	NONE(EINVAL, goya_device_memory_new(device, 0, &error));
	NONE(EINVAL, goya_device_memory_new(device, UINT64_MAX, &error));
	NONE(ENOMEM, goya_device_memory_new(device, (uint64_t)1 << 46, &error));
	NONE(EINVAL, goya_program_from_bytes(device, text, 0, &error));

	// Numbers.
	NONE(ENOENT, goya_device_open(1000, &error));
	NONE(ENOENT, goya_device_open_path("/nonexistent", &error));
	FAILS(ENOENT, goya_card_address(1000, text, sizeof(text), &error));
	NONE(EINVAL, goya_device_submit(device, &job, 1, 0, 0, &error));
	FAILS(EINVAL, goya_device_run(device, 99, commands, &error));
	FAILS(EINVAL, goya_device_run(device, 7, commands, &error));
	FAILS(EINVAL, goya_commands_wait(commands, 1, 4, 1, &error));
	FAILS(EINVAL, goya_commands_wait(commands, 3, 3, 1, &error));
	// No packet takes more than 15 from a counter.
	FAILS(EINVAL, goya_commands_wait(commands, 1, 0, 16, &error));
	FAILS(EINVAL, goya_device_info(device, 999, text, sizeof(text), &beside, &error));

	// Flags.
	job.queue = 1;
	NONE(EINVAL, goya_device_submit(device, &job, 1, 0x80, 0, &error));
	NONE(EINVAL, goya_device_submit(device, &job, 1, GOYA_SUBMIT_TIMEOUT, 0, &error));
	NONE(EINVAL, goya_launch_start_with(NULL, GOYA_SUBMIT_NO_WAIT, 0, &error));

	// Texts.
	NONE(EINVAL, goya_commands_assemble("nop\nno such packet", &error));
	GOOD(strstr(error.message, "line 2") != NULL);
	NONE(EINVAL, goya_commands_assemble("\xff", &error));
	NONE(EINVAL, goya_program_load(device, "no_such_kernel", &error));
	NONE(EINVAL, goya_program_assemble(device, "no such instruction", &error));

	// Answers are cut to the room there is, with a zero, and their length is told.
	forget();
	GOOD(goya_card_address(0, small, sizeof(small), &error) == 12 && strcmp(small, "000") == 0);
	GOOD(goya_card_address(0, NULL, 0, &error) == 12 && goya_card_address(0, NULL, 8, &error) == 12);
	GOOD(goya_commands_disassemble(commands, NULL, 0, &error) > 0);
}

// Packets are appended to themselves, by both ways.
static void themselves(void)
{
	struct goya_commands *all = goya_commands_new(&error);
	size_t size = 0;
	const void *bytes;

	GOOD(goya_commands_nop(all, &error) == 0);
	for (int n = 0; n < 6; n++) {
		bytes = goya_commands_bytes(all, &size);
		GOOD(goya_commands_raw(all, bytes, size, &error) == 0);
		GOOD(goya_commands_append(all, all, &error) == 0);
	}
	const char *many = goya_commands_bytes(all, &size);
	GOOD(size == 8 * 4096);
	for (size_t n = 8; n < size; n += 8)
		failed += memcmp(many, many + n, 8) != 0;
	goya_commands_free(all);
}

// Places that are not there.
static void places(struct goya_device *device, struct goya_commands *commands)
{
	struct goya_host_memory *host = goya_host_memory_new(device, 4096, &error);
	struct goya_device_memory *memory = goya_device_memory_new(device, 4096, &error);
	GOOD(host != NULL && memory != NULL);
	struct goya_place at_end = { .host = host, .offset = 4096 }, beyond = { .host = host, .offset = UINT64_MAX };
	struct goya_place both = { .host = host, .device = memory }, in_host = { .host = host };
	struct goya_place in_memory = { .device = memory }, last = { .offset = UINT64_MAX };
	struct goya_job job = { .queue = 7, .place = in_host, .size = 64 };
	struct goya_tensor tensor = { .place = in_memory, .element = 4, .sizes = { 1025, 1, 1, 1, 1 } };
	struct goya_tensor three[3];
	const uint32_t no_space[5] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };
	char text[64] = { 0 };

	FAILS(EINVAL, goya_commands_copy(commands, at_end, sram, 8, &error));
	FAILS(EINVAL, goya_commands_copy(commands, sram, beyond, 8, &error));
	FAILS(EINVAL, goya_commands_copy(commands, both, sram, 8, &error));
	FAILS(EINVAL, goya_commands_copy(commands, in_host, sram, 4097, &error));
	FAILS(EINVAL, goya_commands_fill(commands, in_memory, 1, 4097, &error));
	FAILS(EINVAL, goya_commands_fill(commands, last, 1, 8, &error));
	FAILS(EINVAL, goya_commands_write(commands, at_end, 1, &error));
	FAILS(EINVAL, goya_commands_keep(commands, both, &error));
	FAILS(EINVAL, goya_device_put(device, at_end, text, 8, &error));
	FAILS(EINVAL, goya_device_get(device, last, text, 8, &error));
	FAILS(EINVAL, goya_device_memory_export(memory, UINT64_MAX, 4096, &error));
	FAILS(EINVAL, goya_device_memory_export(memory, 0, UINT64_MAX, &error));
	// A tensor core fetches no packets from host memory, nor half of one, nor past the end.
	NONE(EINVAL, goya_device_submit(device, &job, 1, 0, 0, &error));
	job = (struct goya_job){ .queue = 7, .place = in_memory, .size = 12 };
	NONE(EINVAL, goya_device_submit(device, &job, 1, 0, 0, &error));
	job.size = 4104;
	NONE(EINVAL, goya_device_submit(device, &job, 1, 0, 0, &error));
	job.size = UINT64_MAX;
	NONE(EINVAL, goya_device_submit(device, &job, 1, 0, 0, &error));
	// Nothing tells of its end.
	job.size = 8;
	NONE(EINVAL, goya_device_submit(device, &job, 1, 0, 0, &error));

	struct goya_program *program = goya_program_load(device, "add_f32", &error);
	GOOD(program != NULL);
	for (int n = 0; n < 3; n++)
		three[n] = tensor;
	NONE(EINVAL, goya_program_bind(program, three, 3, NULL, 0, NULL, 8, &error));
	NONE(EINVAL, goya_program_bind(program, NULL, 3, NULL, 0, NULL, 8, &error));
	NONE(EINVAL, goya_program_bind(program, three, SIZE_MAX, NULL, 0, NULL, 8, &error));
	NONE(EINVAL, goya_program_bind(program, three, 3, NULL, 40, NULL, 8, &error));
	for (int n = 0; n < 3; n++)
		three[n].sizes[0] = 1024;
	NONE(EINVAL, goya_program_bind(program, three, 2, NULL, 0, NULL, 8, &error));
	NONE(EINVAL, goya_program_bind(program, three, 3, NULL, 0, NULL, 0, &error));
	NONE(EINVAL, goya_program_bind(program, three, 3, NULL, 0, NULL, 9, &error));
	NONE(EINVAL, goya_program_bind(program, three, 3, NULL, 0, no_space, 0, &error));
	three[1].element = 3;
	NONE(EINVAL, goya_program_bind(program, three, 3, NULL, 0, NULL, 8, &error));
	three[1].element = 4;
	three[1].place = in_host;
	NONE(EINVAL, goya_program_bind(program, three, 3, NULL, 0, NULL, 8, &error));
	goya_program_free(program);
	goya_device_memory_free(memory);
	goya_host_memory_free(host);
}

// To a child of fork(2) the device is closed, and what it frees stays with the parent.
static void child(struct goya_device *device, struct goya_host_memory *host, struct goya_fence *fence)
{
	int status = -1;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		failed = 0;
		NONE(EPERM, goya_host_memory_new(device, 4096, &error));
		FAILS(EPERM, goya_device_put(device, sram, "in vain", 8, &error));
		// How it has ended is known, and no call needed.
		GOOD(goya_fence_wait(fence, 0, NULL, &error) == 1);
		goya_fence_free(fence);
		goya_host_memory_free(host);
		goya_device_free(device);
		fflush(stdout);
		_exit(failed != 0);
	}
	GOOD(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

// The device is freed first: what was made of it works on, and lets go of the card with the last of it.
static void after_the_device(struct goya_device *device)
{
	struct goya_host_memory *host = goya_host_memory_new(device, 4096, &error);
	struct goya_commands *commands = goya_commands_new(&error);
	struct goya_events *events = goya_events_new(device, &error);
	struct goya_sync_object *object = goya_sync_object_new(device, &error);
	struct goya_monitor *monitor = goya_monitor_new(device, &error);
	struct goya_place from = { .host = host };
	struct goya_job job = { .queue = 1, .commands = commands };
	uint64_t mask = 7;
	int64_t time = 0;

	GOOD(host && commands && events && object && monitor);
	// One listener at a time, and it has a descriptor.
	NONE(EINVAL, goya_events_new(device, &error));
	GOOD(goya_events_fd(events) > 2 && goya_device_fd(device) > 2);
	FAILS(EINVAL, goya_events_wait(events, 0, NULL, &error));
	GOOD(goya_events_wait(events, 0, &mask, &error) == 0 && mask == 0);
	GOOD(goya_device_wait_operational(device, 0, &error) == 0);

	GOOD(goya_commands_set(commands, object, 1, &error) == 0 && goya_commands_add(commands, object, 1, &error) == 0);
	GOOD(goya_commands_wait_for(commands, monitor, object, 2, 1, 0, &error) == 0);
	GOOD(goya_commands_monitor(commands, monitor, object, 2, 1, 1, &error) == 0);
	GOOD(goya_commands_wait(commands, 1, 1, 1, &error) == 0);
	GOOD(goya_commands_keep(commands, from, &error) == 0);
	GOOD(goya_commands_copy(commands, from, sram, 4096, &error) == 0);
	GOOD(goya_commands_write_register(commands, 0x1020, 0, &error) == 0);
	struct goya_fence *fence = goya_device_submit(device, &job, 1, GOYA_SUBMIT_TIMESTAMP | GOYA_SUBMIT_NO_RESET, 0, &error);
	GOOD(fence != NULL);
	const struct goya_fence *fences[2] = { fence, fence };
	goya_commands_free(commands);
	goya_monitor_free(monitor);
	goya_sync_object_free(object);

	size_t which = 7;
	GOOD(goya_fence_wait_all(fences, 2, GOYA_FOR_EVER, &error) == 1);
	GOOD(goya_fence_wait_any(fences, 2, 0, &which, &error) == 1 && which == 0);
	GOOD(goya_device_finish(device, &error) == 0);
	child(device, host, fence);

	goya_device_free(device);
	GOOD(goya_fence_wait(fence, GOYA_FOR_EVER, &time, &error) == 1 && time > 0);
	memset(goya_host_memory_data(host), 1, goya_host_memory_size(host));
	GOOD(goya_events_wait(events, 1000, &mask, &error) == 0 && mask == 0);
	// Somebody has the card as long as any of these is there.
	NONE(EBUSY, goya_device_open(0, &error));
	goya_fence_free(fence);
	goya_host_memory_free(host);
	goya_events_free(events);
	device = goya_device_open(0, &error);
	GOOD(device != NULL);
	goya_device_free(device);
}

int main(void)
{
	struct goya_device *device = goya_device_open(0, &error);
	struct goya_commands *commands = goya_commands_new(&error);
	if (!device || !commands) {
		printf("%s\n", error.message);
		return 1;
	}
	GOOD(goya_card_count() >= 1 && goya_version()[0] != 0);
	GOOD(goya_commands_nop(commands, &error) == 0);
	nulls(device, commands);
	sizes(device, commands);
	themselves();
	places(device, commands);
	// All of that has appended nothing, and the device works.
	size_t size;
	goya_commands_bytes(commands, &size);
	GOOD(size == 8);
	GOOD(goya_device_run(device, 1, commands, &error) == 0);
	goya_commands_free(commands);
	after_the_device(device);
	printf("%d checks, %d failed\n", checks, failed);
	return failed != 0;
}
