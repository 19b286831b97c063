/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * definition.h - vGPUs that are defined, in the files that mdevctl keeps
 */
#ifndef DEFINITION_H
#define DEFINITION_H

#include "cli.h"

#define DEFINITION_FOLDER	"etc/mdevctl.d"
#define DEFINITION_BYTES_MAX	65536
#define DEFINITION_PATH_SIZE	128	/* of an attribute's path, with the NUL */
#define DEFINITION_VALUE_SIZE	256	/* of its value, likewise */

/**
 * struct definition_attribute - one entry of "attrs"
 * @path: below the device's directory, as "openvgpu/weight"
 * @value: what to write
 */
struct definition_attribute {
	char path[DEFINITION_PATH_SIZE];
	char value[DEFINITION_VALUE_SIZE];
};

/**
 * struct definition - one vGPU
 * @uuid: its name
 * @type: as written; empty when @problem is not
 * @autostart: it is to be there whenever its GPU is
 * @attributes: in the order in which they are to be written
 * @count: their number
 * @problem: why the file can't be used; empty: it can
 */
struct definition {
	char uuid[OVGPU_UUID_SIZE];
	char type[OVGPU_NAME_SIZE];
	bool autostart;
	struct definition_attribute *attributes;
	size_t count;
	char problem[256];
};

int definition_read(int fd, struct definition *definition);
const struct ovgpu_setting *
definition_setting(const struct definition_attribute *attribute);
int definition_gpus(const struct cli *cli, char ***names, size_t *count);
bool definition_is_expected(const struct definition *definition);
int definition_list(const struct cli *cli, const char *bdf,
		    struct definition **list, size_t *count);
void definition_list_free(struct definition *list, size_t count);

#endif /* DEFINITION_H */
