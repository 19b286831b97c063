// SPDX-License-Identifier: GPL-2.0-only
/*
 * link.c - errors of the PCIe link to the GPU, see link.h
 *
 * The kernel's aer_inject module makes the errors: they take the way of real
 * ones, from the root port's interrupt on.
 */
#include "link.h"

#include <fcntl.h>
#include <stdio.h>

#include "admin.h"

#define INJECT	"/dev/aer_inject"

/* struct aer_error_inj of the kernel, which has no header for it. */
struct injection {
	uint8_t bus;
	uint8_t device;
	uint8_t function;
	uint32_t uncorrectable;
	uint32_t correctable;
	uint32_t header[4];
	uint32_t domain;
};

/**
 * link_error - have the GPU's link report errors
 * @uncorrectable: UNCOR_* bits, or 0
 * @correctable: COR_* bits, or 0
 *
 * Returns when they are reported; what the kernel does about them follows. Skips
 * the test where the kernel can't do it.
 */
void link_error(uint32_t uncorrectable, uint32_t correctable)
{
	struct injection error = {
		.uncorrectable = uncorrectable,
		.correctable = correctable,
	};
	unsigned int domain, bus, device, function;
	int fd;

	if (access(INJECT, W_OK) && system("modprobe -q aer_inject"))
		harness_skip("this kernel has no aer_inject");
	CHECK(sscanf(host_gpu(), "%x:%x:%x.%x", &domain, &bus, &device,
		     &function) == 4, "GPU's address '%s'", host_gpu());
	error.domain = domain;
	error.bus = (uint8_t)bus;
	error.device = (uint8_t)device;
	error.function = (uint8_t)function;
	fd = open(INJECT, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", INJECT, strerror(errno));
	CHECK(write(fd, &error, sizeof(error)) == sizeof(error),
	      "aer_inject refuses: %s", strerror(errno));
	close(fd);
}
