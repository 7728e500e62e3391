// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

// Adds two vectors on the tensor cores.

#include <goya.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 1000

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
	struct goya_device *device = goya_device_open(0, &error);
	check(device != NULL);
	struct goya_device_memory *memory = goya_device_memory_new(device, 3 * 4096, &error);
	check(memory != NULL);

	static float values[3][COUNT];
	struct goya_tensor tensors[3] = { 0 };
	for (int n = 0; n < 3; n++) {
		for (int i = 0; i < COUNT; i++)
			values[n][i] = n == 2 ? -1 : (n == 0 ? 1.0f : 0.5f) * (float)i;
		tensors[n] = (struct goya_tensor){
			.place = { .device = memory, .offset = 4096 * (uint64_t)n },
			.element = sizeof(float),
			.sizes = { COUNT, 1, 1, 1, 1 },
		};
		check(goya_device_put(device, tensors[n].place, values[n], sizeof(values[n]), &error) == 0);
	}
	struct goya_program *program = goya_program_load(device, "add_f32", &error);
	check(program != NULL);
	struct goya_launch *launch = goya_program_bind(program, tensors, 3, NULL, 0, NULL, 8, &error);
	check(launch != NULL);
	struct goya_fence *fence = goya_launch_start(launch, &error);
	check(fence != NULL);
	check(goya_fence_wait(fence, GOYA_FOR_EVER, NULL, &error) == 1);
	check(goya_device_get(device, tensors[2].place, values[2], sizeof(values[2]), &error) == 0);

	int wrong = 0;
	for (int i = 0; i < COUNT; i++)
		wrong += values[2][i] != values[0][i] + values[1][i];
	printf("%d sums on 8 cores: %d wrong\n", COUNT, wrong);

	goya_fence_free(fence);
	goya_launch_free(launch);
	goya_program_free(program);
	goya_device_memory_free(memory);
	goya_device_free(device);
	return wrong != 0;
}
