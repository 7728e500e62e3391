// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

// What the documents of the user API promise, tried by who knows nothing but them: no library, no code of the tests'. Ends
// with 0 if the driver keeps all of it.

#include "promises.h"

const char *area = "";
int goya;
struct hl_info_hw_ip_info hw;
static int kept, broken;

void report(int good, const char *fmt, ...)
{
	va_list args;

	good ? kept++ : broken++;
	if (good)
		return;
	printf("not so: %s: ", area);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

const char *err_name(int e)
{
	const char *name = e ? strerrorname_np(e) : "0";

	return name ? name : "an unknown error";
}

int main(void)
{
	struct goya_info_extensions extensions;
	int fd = open_wait();

	must(!info(fd, HL_INFO_HW_IP_INFO, &hw, sizeof(hw)), "HW_IP_INFO");
	goya = !info(fd, GOYA_INFO_EXTENSIONS, &extensions, sizeof(extensions));
	printf("%s, on %.16s\n", goya ? "goya.ko" : "upstream's driver", hw.card_name);
	promises_of_nodes(fd);
	promises_of_info(fd);
	promises_of_memory(fd);
	promises_of_buffers(fd);
	promises_of_copies(fd);
	promises_of_submit(fd);
	promises_of_order(fd);
	promises_of_internal(fd);
	promises_of_wait(fd);
	close(fd);
	fd = open_wait();
	promises_of_events(fd);
	close(fd);
	fd = open_wait();
	promises_of_uring(fd);
	close(fd);
	promises_of_close();
	promises_of_late();
	promises_of_faults();
	printf("%d promises kept, %d not\n", kept, broken);
	return broken != 0;
}
