/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * distribution.h - what to type on the distribution this is
 */
#ifndef DISTRIBUTION_H
#define DISTRIBUTION_H

#include <openvgpu.h>

#define COMMAND_SIZE	256	/* of a command, with the NUL */

/**
 * enum package_kind - how a distribution installs packages
 * @PACKAGES_OTHER: it is not known
 */
enum package_kind {
	PACKAGES_OTHER,
	PACKAGES_DEBIAN,
	PACKAGES_FEDORA,
	PACKAGES_SUSE,
	PACKAGES_ARCH,
};

/**
 * struct distribution - of what kind the machine is
 * @kind: how packages are installed
 * @id: its name, as "debian"
 * @version: its version, as "12"; may be empty
 */
struct distribution {
	enum package_kind kind;
	char id[OVGPU_NAME_SIZE];
	char version[OVGPU_NAME_SIZE];
};

void distribution_get(const struct ovgpu *ovgpu,
		      struct distribution *distribution);
void distribution_headers(const struct distribution *distribution,
			  const char *release, char *command, size_t size);
bool distribution_qemu(const struct distribution *distribution, char *command,
		       size_t size);

#endif /* DISTRIBUTION_H */
