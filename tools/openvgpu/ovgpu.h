/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ovgpu.h - access to OpenVGPU's GPUs, types and vGPUs through sysfs
 *
 * Nothing here prints, ends the process or keeps global state. Functions
 * return 0 or a negative errno. Every name that becomes part of a path goes
 * through one of the parse functions first, which let nothing but hexadecimal
 * digits, letters, digits and the separators of its form pass.
 */
#ifndef OVGPU_H
#define OVGPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OVGPU_DRIVER		"openvgpu"
#define OVGPU_TYPE_PREFIX	OVGPU_DRIVER "-"

#define OVGPU_UUID_SIZE		37	/* with the final NUL, as all below */
#define OVGPU_BDF_SIZE		20	/* PCI domains may have 8 digits */
#define OVGPU_NAME_SIZE		64
#define OVGPU_TEXT_SIZE		512
#define OVGPU_ATTRIBUTE_SIZE	4097	/* sysfs gives a page at most */

struct ovgpu;

/**
 * enum ovgpu_tree - the directory trees facts are read from
 * @OVGPU_SYSFS: sysfs
 * @OVGPU_PROC: procfs
 * @OVGPU_ROOT: the root file system (configuration, modules, devices)
 */
enum ovgpu_tree {
	OVGPU_SYSFS,
	OVGPU_PROC,
	OVGPU_ROOT,
	OVGPU_TREES,
};

/**
 * struct ovgpu_type - one vGPU type of one GPU
 * @gpu: PCI address of the GPU
 * @id: directory name, as "openvgpu-1q"
 * @name: name for people, as "OpenVGPU REFGPU-1Q"
 * @device_api: "vfio-pci"
 * @description: "key=value, key=value"
 * @available: how many more can be created now
 * @framebuffer: bytes, from @description; 0 when it does not say
 */
struct ovgpu_type {
	char gpu[OVGPU_BDF_SIZE];
	char id[OVGPU_NAME_SIZE];
	char name[OVGPU_NAME_SIZE];
	char device_api[OVGPU_NAME_SIZE];
	char description[OVGPU_TEXT_SIZE];
	unsigned int available;
	uint64_t framebuffer;
};

/**
 * struct ovgpu_vgpu - one vGPU
 * @uuid: its name, lower case
 * @gpu: PCI address of its GPU
 * @type: id of its type
 * @type_name: name of its type, for people
 * @state: as the driver words it; empty when it does not say
 * @owner_pid: process that has it open, 0: none
 * @owner_name: that process' short name; may be empty
 * @iommu_group: number of its VFIO group, -1: none
 */
struct ovgpu_vgpu {
	char uuid[OVGPU_UUID_SIZE];
	char gpu[OVGPU_BDF_SIZE];
	char type[OVGPU_NAME_SIZE];
	char type_name[OVGPU_NAME_SIZE];
	char state[OVGPU_NAME_SIZE];
	pid_t owner_pid;
	char owner_name[OVGPU_NAME_SIZE];
	int iommu_group;
};

/**
 * struct ovgpu_gpu - one physical GPU bound to the driver
 * @bdf: PCI address
 * @vgpus: how many vGPUs it has
 */
struct ovgpu_gpu {
	char bdf[OVGPU_BDF_SIZE];
	unsigned int vgpus;
};

/**
 * struct ovgpu_attribute - one file of an attribute directory
 * @name: file name
 * @value: content without the final newline
 */
struct ovgpu_attribute {
	char name[OVGPU_NAME_SIZE];
	char *value;
};

/* handle.c: the trees, and reading in them */
int ovgpu_open(struct ovgpu **handle, const char *sysfs, const char *proc,
	       const char *root);
void ovgpu_close(struct ovgpu *ovgpu);
int ovgpu_dirfd(const struct ovgpu *ovgpu, enum ovgpu_tree tree);
int ovgpu_read(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *value,
	       size_t size, const char *path, ...)
	__attribute__((format(printf, 5, 6)));
int ovgpu_write(const struct ovgpu *ovgpu, const char *value,
		const char *path, ...) __attribute__((format(printf, 3, 4)));
int ovgpu_link(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *name,
	       size_t size, const char *path, ...)
	__attribute__((format(printf, 5, 6)));
bool ovgpu_exists(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		  const char *path, ...) __attribute__((format(printf, 3, 4)));
int ovgpu_directory(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		    char ***names, size_t *count, const char *path, ...)
	__attribute__((format(printf, 5, 6)));
void ovgpu_names_free(char **names, size_t count);

/* name.c: the forms of names */
int ovgpu_uuid_parse(const char *text, char *uuid);
int ovgpu_uuid_generate(char *uuid);
int ovgpu_bdf_parse(const char *text, char *bdf);
int ovgpu_type_parse(const char *text, char *id);
int ovgpu_number_parse(const char *text, uint64_t *number);

/* device.c: GPUs, types, vGPUs */
int ovgpu_gpu_list(const struct ovgpu *ovgpu, struct ovgpu_gpu **gpus,
		   size_t *count);
int ovgpu_type_list(const struct ovgpu *ovgpu, const char *bdf,
		    struct ovgpu_type **types, size_t *count);
int ovgpu_vgpu_list(const struct ovgpu *ovgpu, struct ovgpu_vgpu **vgpus,
		    size_t *count);
int ovgpu_vgpu_get(const struct ovgpu *ovgpu, const char *uuid,
		   struct ovgpu_vgpu *vgpu);
int ovgpu_gpu_attributes(const struct ovgpu *ovgpu, const char *bdf,
			 const char *group, struct ovgpu_attribute **attributes,
			 size_t *count);
int ovgpu_vgpu_attributes(const struct ovgpu *ovgpu, const char *uuid,
			  const char *group,
			  struct ovgpu_attribute **attributes, size_t *count);
void ovgpu_attributes_free(struct ovgpu_attribute *attributes, size_t count);
int ovgpu_create(const struct ovgpu *ovgpu, const char *bdf, const char *type,
		 const char *uuid, char *reason, size_t size);
int ovgpu_remove(const struct ovgpu *ovgpu, const char *uuid);

#endif /* OVGPU_H */
