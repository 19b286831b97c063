/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * admin.h - the administrator's settings, and the driver's binding and loading;
 * every failure ends the test
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "vgpu.h"

#define PATH_SIZE	256
#define TEXT_SIZE	4096

const char *admin_pci_path(const char *name);
const char *admin_gpu_path(const char *name);
const char *admin_vgpu_path(const char *uuid, const char *name);
uint64_t admin_number(const char *path);
void admin_text(const char *path, char text[TEXT_SIZE]);
void admin_set(const char *path, const char *text);
void admin_expect(const char *path, const char *text);
void admin_set_number(const char *path, uint64_t value);
void admin_expect_number(const char *path, uint64_t value);
void admin_refused(const char *path, const char *text, int error,
		   const char *const words[], unsigned int count);

void admin_wait_state(const char *wanted);
void admin_unbind(void);
void admin_bind(void);
void admin_rebind(void);
bool admin_unload(void);
void admin_load(void);

#endif /* ADMIN_H */
