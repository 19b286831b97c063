/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * admin.h - what tests of the scheduler's settings share; failures end the test
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "vgpu.h"

#define PATH_SIZE	256
#define TEXT_SIZE	4096

const char *admin_gpu_path(const char *name);
const char *admin_vgpu_path(const char *uuid, const char *name);
uint64_t admin_number(const char *path);
void admin_text(const char *path, char text[TEXT_SIZE]);
void admin_set(const char *path, const char *text);
void admin_expect(const char *path, const char *text);
void admin_rebind(void);

#endif /* ADMIN_H */
