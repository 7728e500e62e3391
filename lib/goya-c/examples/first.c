// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

// The first submission: host memory to SRAM and back.

#include <goya.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct goya_error error;

static void check(int good)
{
	if (!good) {
		fprintf(stderr, "%s\n", error.message);
		exit(1);
	}
}

int main(void)
{
	static const char text[] = "There and back again";
	// [open]
	struct goya_device *device = goya_device_open(0, &error);
	check(device != NULL);
	// [memory]
	struct goya_host_memory *source = goya_host_memory_new(device, 4096, &error);
	check(source != NULL);
	struct goya_host_memory *target = goya_host_memory_new(device, 4096, &error);
	check(target != NULL);
	memcpy(goya_host_memory_data(source), text, sizeof(text));
	// [commands]
	struct goya_place from = { .host = source }, to = { .host = target }, sram = { .offset = GOYA_SRAM };
	struct goya_commands *there = goya_commands_new(&error), *back = goya_commands_new(&error);
	check(there != NULL && back != NULL);
	check(goya_commands_copy(there, from, sram, 4096, &error) == 0);
	check(goya_commands_copy(back, sram, to, 4096, &error) == 0);
	// [submit]
	check(goya_device_run(device, 1, there, &error) == 0);
	struct goya_job job = { .queue = 2, .commands = back };
	struct goya_fence *fence = goya_device_submit(device, &job, 1, 0, 0, &error);
	check(fence != NULL);
	check(goya_fence_wait(fence, GOYA_FOR_EVER, NULL, &error) == 1);
	// [result]
	const char *result = goya_host_memory_data(target);
	printf("submission %llu: %s\n", (unsigned long long)goya_fence_number(fence), result);
	int right = strcmp(result, text) == 0;
	// [end]
	goya_fence_free(fence);
	goya_commands_free(back);
	goya_commands_free(there);
	goya_host_memory_free(target);
	goya_host_memory_free(source);
	goya_device_free(device);
	return !right;
}
