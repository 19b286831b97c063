/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.h - the administrator's side: sysfs of the GPU and its vGPUs, and the
 * reference GPU's control socket
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define UUID_LENGTH	36

int host_init(void);
int host_clean(void);
void host_show_blocked(pid_t pid);

/* sysfs */
const char *host_gpu(void);
void host_choose(const char *address);
int host_read(const char *path, char *text, size_t size);
int host_write(const char *path, const char *text);
int host_read_number(const char *path, uint64_t *value);
void host_uuid(char uuid[UUID_LENGTH + 1]);
int host_create(const char *type, const char *uuid);
int host_create_any(const char *type, char uuid[UUID_LENGTH + 1]);
int host_remove(const char *uuid);
pid_t host_gpu_remover(int *go);
bool host_exists(const char *uuid);
unsigned int host_count(void);
unsigned int host_list(char uuid[][UUID_LENGTH + 1], unsigned int max);
int host_available(const char *type);
int host_types(char names[][32], int max);
unsigned int host_type_compute(const char *type);
uint64_t host_type_bytes(const char *type);
uint64_t host_attribute(const char *uuid, const char *name);
uint64_t host_stat(const char *uuid, const char *name);
int host_last_error(char *text, size_t size);
long host_meminfo(const char *name);
long host_vmstat(const char *name);
long host_module_users(void);

/* the reference GPU */
bool host_has_control(void);
int host_control(char *answer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* HOST_H */
