// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * device.c - GPUs, types and vGPUs
 *
 * Things come and go while they are looked at: what vanishes between the
 * listing and the reading is left out, not an error.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define DRIVER_PATH	"bus/pci/drivers/" OVGPU_DRIVER

static bool is_ours(const char *type)
{
	return !strncmp(type, OVGPU_TYPE_PREFIX, strlen(OVGPU_TYPE_PREFIX));
}

static int empty_list(void **list)
{
	*list = ovgpu_list_pack(NULL, 0, 0);
	return *list ? 0 : -ENOMEM;
}

/* PCI address of the parent of an mdev: the directory its directory is in. */
static int vgpu_parent(const struct ovgpu *ovgpu, const char *uuid, char *bdf)
{
	char path[PATH_MAX], target[PATH_MAX], *end;
	int err;

	snprintf(path, sizeof(path), OVGPU_MDEV_PATH "/%s", uuid);
	err = ovgpu_link_target(ovgpu, OVGPU_SYSFS, path, target, sizeof(target));
	if (err)
		return err;
	end = strrchr(target, '/');
	if (!end)
		return -ENODEV;
	*end = '\0';
	end = strrchr(target, '/');
	return ovgpu_bdf_parse(end ? end + 1 : target, bdf) ? -ENODEV : 0;
}

static struct ovgpu_value attribute_number(const struct ovgpu *ovgpu,
					   enum ovgpu_object object,
					   const char *of, const char *name)
{
	struct ovgpu_value value = { 0 };
	char text[OVGPU_NAME_SIZE];

	value.known = !ovgpu_attribute_get(ovgpu, object, of, OVGPU_DRIVER, name,
					   text, sizeof(text)) &&
		      !ovgpu_number_parse(text, &value.number);
	return value;
}

/**
 * ovgpu_gpu_number - an attribute of a GPU that is a number
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @name: file name
 *
 * Return: the number; unknown when it is none, or is not there.
 */
struct ovgpu_value ovgpu_gpu_number(const struct ovgpu *ovgpu, const char *bdf,
				    const char *name)
{
	return attribute_number(ovgpu, OVGPU_GPU, bdf, name);
}

/* "0.2.0 1.0-1.2 ok"; all or nothing of it. */
static void guest_driver_fill(const struct ovgpu *ovgpu, struct ovgpu_vgpu *vgpu)
{
	char value[OVGPU_NAME_SIZE], *rest = value, *word[3];
	size_t i;

	ovgpu_read(ovgpu, OVGPU_SYSFS, value, sizeof(value),
		   OVGPU_MDEV_PATH "/%s/openvgpu/guest_driver", vgpu->uuid);
	for (i = 0; i < 3; i++) {
		word[i] = strsep(&rest, " ");
		if (!word[i] || !word[i][0])
			return;
	}
	if (rest)
		return;
	snprintf(vgpu->guest_driver, sizeof(vgpu->guest_driver), "%s", word[0]);
	snprintf(vgpu->guest_interface, sizeof(vgpu->guest_interface), "%s",
		 word[1]);
	snprintf(vgpu->guest_verdict, sizeof(vgpu->guest_verdict), "%s",
		 word[2]);
}

/* Whose it is, and what people should know; "none" is nothing. */
static void tenant_fill(const struct ovgpu *ovgpu, struct ovgpu_vgpu *vgpu)
{
	const struct ovgpu_setting *tenant = ovgpu_setting(OVGPU_VGPU, OVGPU_TENANT);
	const struct ovgpu_setting *notice = ovgpu_setting(OVGPU_VGPU, OVGPU_NOTICE);

	if (ovgpu_setting_read(ovgpu, OVGPU_VGPU, vgpu->uuid, tenant, vgpu->tenant,
			       sizeof(vgpu->tenant), NULL, 0) ||
	    !strcmp(vgpu->tenant, "none") ||
	    ovgpu_setting_check(tenant, vgpu->tenant))
		vgpu->tenant[0] = '\0';
	if (ovgpu_setting_read(ovgpu, OVGPU_VGPU, vgpu->uuid, notice, vgpu->notice,
			       sizeof(vgpu->notice), NULL, 0) ||
	    !strcmp(vgpu->notice, "none"))
		vgpu->notice[0] = '\0';
}

/* As ovgpu_vgpu_get(), into memory of the caller. */
static int vgpu_fill(const struct ovgpu *ovgpu, const char *uuid,
		     struct ovgpu_vgpu *vgpu)
{
	char value[OVGPU_NAME_SIZE];
	uint64_t number;
	int err;

	memset(vgpu, 0, sizeof(*vgpu));
	vgpu->iommu_group = -1;
	snprintf(vgpu->uuid, sizeof(vgpu->uuid), "%s", uuid);
	err = ovgpu_link(ovgpu, OVGPU_SYSFS, vgpu->type, sizeof(vgpu->type),
			 OVGPU_MDEV_PATH "/%s/mdev_type", uuid);
	if (err)
		return err;
	if (!is_ours(vgpu->type))
		return -ENODEV;
	err = vgpu_parent(ovgpu, uuid, vgpu->gpu);
	if (err)
		return err;
	/* The rest is what it has: a file that is missing leaves it empty. */
	ovgpu_read(ovgpu, OVGPU_SYSFS, vgpu->type_name, sizeof(vgpu->type_name),
		   OVGPU_MDEV_PATH "/%s/mdev_type/name", uuid);
	ovgpu_read(ovgpu, OVGPU_SYSFS, vgpu->state, sizeof(vgpu->state),
		   OVGPU_MDEV_PATH "/%s/openvgpu/state", uuid);
	ovgpu_read(ovgpu, OVGPU_SYSFS, value, sizeof(value),
		   OVGPU_MDEV_PATH "/%s/openvgpu/owner_pid", uuid);
	if (!ovgpu_number_parse(value, &number) && number && number <= INT_MAX) {
		vgpu->owner_pid = number;
		ovgpu_owner_fill(ovgpu, vgpu);
	}
	if (!ovgpu_link(ovgpu, OVGPU_SYSFS, value, sizeof(value),
			OVGPU_MDEV_PATH "/%s/iommu_group", uuid) &&
	    !ovgpu_number_parse(value, &number) && number <= INT_MAX)
		vgpu->iommu_group = number;
	guest_driver_fill(ovgpu, vgpu);
	vgpu->instance = attribute_number(ovgpu, OVGPU_VGPU, uuid, "instance");
	vgpu->compute_slices = attribute_number(ovgpu, OVGPU_VGPU, uuid,
						"compute_slices");
	vgpu->compute_instance = attribute_number(ovgpu, OVGPU_VGPU, uuid,
						  "compute_instance");
	tenant_fill(ovgpu, vgpu);
	/* Gone while it was read: what was read is half of it. */
	return ovgpu_link(ovgpu, OVGPU_SYSFS, value, sizeof(value),
			  OVGPU_MDEV_PATH "/%s/mdev_type", uuid);
}

/**
 * ovgpu_vgpu_get - look at one vGPU
 * @ovgpu: handle
 * @uuid: as ovgpu_uuid_parse() gives it
 * @vgpu: the result, to be given to ovgpu_free(); NULL on failure
 *
 * Return: 0, -ENOENT when there is none, -ENODEV when the mediated device of
 * that name belongs to another driver, or another negative errno.
 */
int ovgpu_vgpu_get(const struct ovgpu *ovgpu, const char *uuid,
		   struct ovgpu_vgpu **vgpu)
{
	struct ovgpu_vgpu *found;
	int err;

	*vgpu = NULL;
	if (!ovgpu_object_valid(OVGPU_VGPU, uuid))
		return -EINVAL;
	found = malloc(sizeof(*found));
	if (!found)
		return -ENOMEM;
	err = vgpu_fill(ovgpu, uuid, found);
	if (err) {
		free(found);
		return err;
	}
	*vgpu = found;
	return 0;
}

static int compare_vgpus(const void *a, const void *b)
{
	const struct ovgpu_vgpu *x = a, *y = b;
	int order = strcmp(x->gpu, y->gpu);

	return order ? order : strcmp(x->uuid, y->uuid);
}

/**
 * ovgpu_vgpu_list - all vGPUs of all GPUs
 * @ovgpu: handle
 * @vgpus: the result, sorted by GPU, then UUID, to be given to
 *	ovgpu_free()
 * @count: their number
 *
 * Mediated devices of other drivers are left out.
 *
 * Return: 0 (also without any) or a negative errno.
 */
int ovgpu_vgpu_list(const struct ovgpu *ovgpu, struct ovgpu_vgpu ***vgpus,
		    size_t *count)
{
	char uuid[OVGPU_UUID_SIZE], **names;
	struct ovgpu_vgpu *list;
	size_t n, i, used = 0;
	int err;

	*vgpus = NULL;
	*count = 0;
	err = ovgpu_directory(ovgpu, OVGPU_SYSFS, &names, &n, OVGPU_MDEV_PATH);
	/* The mdev bus comes with its module. */
	if (err == -ENOENT)
		return empty_list((void **)vgpus);
	if (err)
		return err;
	list = calloc(n + 1, sizeof(*list));
	if (!list) {
		ovgpu_free(names);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++)
		if (!ovgpu_uuid_parse(names[i], uuid) &&
		    !vgpu_fill(ovgpu, uuid, &list[used]))
			used++;
	ovgpu_free(names);
	qsort(list, used, sizeof(*list), compare_vgpus);
	*vgpus = ovgpu_list_pack(list, used, sizeof(*list));
	free(list);
	if (!*vgpus)
		return -ENOMEM;
	*count = used;
	return 0;
}

static void slices_fill(const struct ovgpu *ovgpu, struct ovgpu_gpu *gpu)
{
	const char *bdf = gpu->bdf;

	gpu->compute_slices = ovgpu_gpu_number(ovgpu, bdf, "compute_slices");
	gpu->memory_slices = ovgpu_gpu_number(ovgpu, bdf, "memory_slices");
	gpu->pool_slices = ovgpu_gpu_number(ovgpu, bdf, "pool_slices");
	gpu->pool_slices_min = ovgpu_gpu_number(ovgpu, bdf, "pool_slices_min");
	gpu->max_instances = ovgpu_gpu_number(ovgpu, bdf, "max_instances");
}

/* 16 or 4 hexadecimal digits, the latter behind "0x". */
static bool hex_number(const char *text, size_t digits, uint64_t *number)
{
	if (strlen(text) != digits ||
	    strspn(text, "0123456789abcdefABCDEF") != digits)
		return false;
	*number = strtoull(text, NULL, 16);
	return true;
}

/*
 * Version 8 of RFC 9562, whose other 122 bits are free: 16 of the vendor, 16 of the
 * device, 64 of the serial number, and zeroes.
 */
static void uuid_fill(const struct ovgpu *ovgpu, struct ovgpu_gpu *gpu)
{
	static const char *const names[] = {
		"vendor", "device", OVGPU_DRIVER "/serial",
	};
	char text[OVGPU_NAME_SIZE];
	uint64_t number[3];
	unsigned int i;
	size_t hex;

	for (i = 0; i < 3; i++) {
		ovgpu_read(ovgpu, OVGPU_SYSFS, text, sizeof(text),
			   OVGPU_PCI_PATH "/%s/%s", gpu->bdf, names[i]);
		hex = strncmp(text, "0x", 2) ? 0 : 2;
		if (!hex_number(text + hex, i < 2 ? 4 : 16, &number[i]))
			return;
	}
	snprintf(gpu->uuid, sizeof(gpu->uuid), "%04x%04x-%04x-8%03x-%04x-%012llx",
		 (unsigned int)number[0], (unsigned int)number[1],
		 (unsigned int)(number[2] >> 48),
		 (unsigned int)(number[2] >> 36 & 0xfff),
		 (unsigned int)(0x8000 | (number[2] >> 22 & 0x3fff)),
		 (unsigned long long)(number[2] & 0x3fffff) << 26);
}

/**
 * ovgpu_gpu_list - the GPUs bound to the driver
 * @ovgpu: handle
 * @gpus: the result, sorted by PCI address, to be given to ovgpu_free()
 * @count: their number
 *
 * Return: 0 (also without any, or without the driver) or a negative errno.
 */
int ovgpu_gpu_list(const struct ovgpu *ovgpu, struct ovgpu_gpu ***gpus,
		   size_t *count)
{
	struct ovgpu_vgpu **vgpus;
	struct ovgpu_gpu *list;
	size_t n, m, i, j, used = 0;
	char **names;
	int err;

	*gpus = NULL;
	*count = 0;
	err = ovgpu_directory(ovgpu, OVGPU_SYSFS, &names, &n, DRIVER_PATH);
	if (err == -ENOENT)
		return empty_list((void **)gpus);
	if (err)
		return err;
	err = ovgpu_vgpu_list(ovgpu, &vgpus, &m);
	if (err) {
		ovgpu_free(names);
		return err;
	}
	list = calloc(n + 1, sizeof(*list));
	for (i = 0; list && i < n; i++) {
		if (ovgpu_bdf_parse(names[i], list[used].bdf) ||
		    strcmp(names[i], list[used].bdf))
			continue;	/* bind, unbind, module, ... */
		for (j = 0; j < m; j++)
			if (!strcmp(vgpus[j]->gpu, list[used].bdf))
				list[used].vgpus++;
		slices_fill(ovgpu, &list[used]);
		uuid_fill(ovgpu, &list[used]);
		used++;
	}
	ovgpu_free(vgpus);
	ovgpu_free(names);
	if (!list)
		return -ENOMEM;
	*gpus = ovgpu_list_pack(list, used, sizeof(*list));
	free(list);
	if (!*gpus)
		return -ENOMEM;
	*count = used;
	return 0;
}

/* "framebuffer=1024M" out of a description, in bytes; 0 if it is not there. */
static uint64_t description_framebuffer(const char *description)
{
	const char *key = "framebuffer=", *at = description;
	uint64_t value = 0;

	while ((at = strstr(at, key))) {
		if (at == description || at[-1] == ' ' || at[-1] == ',')
			break;
		at++;
	}
	if (!at)
		return 0;
	for (at += strlen(key); *at >= '0' && *at <= '9'; at++)
		if (value < UINT64_MAX >> 30)
			value = value * 10 + (*at - '0');
	if (value >= UINT64_MAX >> 30)
		return 0;
	return *at == 'G' ? value << 30 : *at == 'M' ? value << 20 : 0;
}

/* "openvgpu-2-256mc" has 2; a plain type has none. */
static unsigned int id_compute_slices(const char *id)
{
	const char *digits = id + strlen(OVGPU_TYPE_PREFIX);
	size_t n = strspn(digits, "0123456789");

	return n && n <= 2 && digits[n] == '-' ? strtoul(digits, NULL, 10) : 0;
}

/* Lines of "TYPE: reason". */
static void why_unavailable_fill(const char *lines, struct ovgpu_type *type)
{
	const char *suffix = type->id + strlen(OVGPU_TYPE_PREFIX);
	size_t n = strlen(suffix), length;

	for (; *lines; lines += length + !!lines[length]) {
		length = strcspn(lines, "\n");
		if (length <= n || strncmp(lines, suffix, n) || lines[n] != ':')
			continue;
		lines += n + 1;
		length -= n + 1;
		while (length && *lines == ' ') {
			lines++;
			length--;
		}
		snprintf(type->why_unavailable, sizeof(type->why_unavailable),
			 "%.*s", (int)length, lines);
	}
}

static int type_get(const struct ovgpu *ovgpu, const char *bdf, const char *id,
		    struct ovgpu_type *type)
{
	const char *format = OVGPU_PCI_PATH "/%s/mdev_supported_types/%s/%s";
	char value[OVGPU_NAME_SIZE];
	uint64_t number;
	int err;

	memset(type, 0, sizeof(*type));
	snprintf(type->gpu, sizeof(type->gpu), "%s", bdf);
	snprintf(type->id, sizeof(type->id), "%s", id);
	err = ovgpu_read(ovgpu, OVGPU_SYSFS, value, sizeof(value), format, bdf,
			 id, "available_instances");
	if (err)
		return err;
	if (ovgpu_number_parse(value, &number) || number > UINT_MAX)
		return -EPROTO;
	type->available = number;
	ovgpu_read(ovgpu, OVGPU_SYSFS, type->name, sizeof(type->name), format,
		   bdf, id, "name");
	ovgpu_read(ovgpu, OVGPU_SYSFS, type->device_api,
		   sizeof(type->device_api), format, bdf, id, "device_api");
	ovgpu_read(ovgpu, OVGPU_SYSFS, type->description,
		   sizeof(type->description), format, bdf, id, "description");
	type->framebuffer = description_framebuffer(type->description);
	type->compute_slices = id_compute_slices(id);
	/* Gone while it was read: what was read is half of it. */
	return ovgpu_exists(ovgpu, OVGPU_SYSFS, format, bdf, id, "name") ?
	       0 : -ENOENT;
}

static int compare_types(const void *a, const void *b)
{
	const struct ovgpu_type *x = a, *y = b;

	if (x->compute_slices != y->compute_slices)
		return x->compute_slices < y->compute_slices ? -1 : 1;
	if (x->framebuffer != y->framebuffer)
		return x->framebuffer < y->framebuffer ? -1 : 1;
	return strcmp(x->id, y->id);
}

/**
 * ovgpu_type_list - the vGPU types of one GPU
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @types: the result, those without a GPU instance first, then by compute
 *	slices, the smallest first, to be given to ovgpu_free()
 * @count: their number
 *
 * Return: 0, -ENOENT when that device offers none, -EPROTO when a type's
 * available_instances is not a number, or another negative errno.
 */
int ovgpu_type_list(const struct ovgpu *ovgpu, const char *bdf,
		    struct ovgpu_type ***types, size_t *count)
{
	struct ovgpu_type *list;
	char why[OVGPU_ATTRIBUTE_SIZE], **names;
	size_t n, i, used = 0;
	int err;

	*types = NULL;
	*count = 0;
	if (!ovgpu_object_valid(OVGPU_GPU, bdf))
		return -EINVAL;
	err = ovgpu_directory(ovgpu, OVGPU_SYSFS, &names, &n,
			      OVGPU_PCI_PATH "/%s/mdev_supported_types", bdf);
	if (err)
		return err;
	list = calloc(n + 1, sizeof(*list));
	if (!list)
		err = -ENOMEM;
	for (i = 0; !err && i < n; i++) {
		char id[OVGPU_NAME_SIZE];

		if (!is_ours(names[i]) || ovgpu_type_parse(names[i], id))
			continue;
		err = type_get(ovgpu, bdf, id, &list[used]);
		if (!err)
			used++;
		else if (err == -ENOENT)
			err = 0;
	}
	ovgpu_free(names);
	if (!err && !ovgpu_exists(ovgpu, OVGPU_SYSFS,
				  OVGPU_PCI_PATH "/%s/mdev_supported_types", bdf))
		err = -ENOENT;
	if (err) {
		free(list);
		return err;
	}
	ovgpu_read(ovgpu, OVGPU_SYSFS, why, sizeof(why),
		   OVGPU_PCI_PATH "/%s/" OVGPU_DRIVER "/why_unavailable", bdf);
	for (i = 0; i < used; i++)
		if (!list[i].available)
			why_unavailable_fill(why, &list[i]);
	qsort(list, used, sizeof(*list), compare_types);
	*types = ovgpu_list_pack(list, used, sizeof(*list));
	free(list);
	if (!*types)
		return -ENOMEM;
	*count = used;
	return 0;
}

/**
 * ovgpu_create - create a vGPU
 * @ovgpu: handle
 * @bdf: on which GPU, as ovgpu_bdf_parse() gives it
 * @type: of which type, as ovgpu_type_parse() gives it
 * @uuid: its name, as ovgpu_uuid_parse() gives it
 * @reason: receives why the driver refused; empty when the refusal was not
 *	the driver's
 * @size: bytes at @reason
 *
 * Return: 0 or the kernel's negative errno: -ENOENT no such GPU or type there,
 * -EEXIST a mediated device has that UUID, -ENOSPC or -EUSERS no room,
 * -EACCES not root, -EPROTO the module is not one that this library was made
 * for, and whatever else the driver answers.
 */
int ovgpu_create(const struct ovgpu *ovgpu, const char *bdf, const char *type,
		 const char *uuid, char *reason, size_t size)
{
	char parsed[OVGPU_NAME_SIZE], about[OVGPU_NAME_SIZE];
	int err;

	reason[0] = '\0';
	if (!ovgpu_object_valid(OVGPU_GPU, bdf) ||
	    !ovgpu_object_valid(OVGPU_VGPU, uuid) ||
	    ovgpu_type_parse(type, parsed) || strcmp(type, parsed))
		return -EINVAL;
	err = ovgpu_abi_check(ovgpu, OVGPU_GPU, bdf, reason, size);
	if (err)
		return err;
	err = ovgpu_write(ovgpu, uuid,
			  OVGPU_PCI_PATH "/%s/mdev_supported_types/%s/create",
			  bdf, type);
	/* The last three never reached the driver. */
	if (!err || err == -ENOENT || err == -EEXIST || err == -EACCES)
		return err;
	snprintf(about, sizeof(about), "vGPU %s not created", uuid);
	ovgpu_refusal(ovgpu, bdf, about, reason, size);
	return err;
}

/**
 * ovgpu_remove - remove a vGPU
 * @ovgpu: handle
 * @uuid: as ovgpu_uuid_parse() gives it
 *
 * While a process has the vGPU open the kernel asks it to let go and waits,
 * and so does this call.
 *
 * Return: 0 or a negative errno: -ENOENT when there is none, -ENODEV when
 * somebody else removes it already.
 */
int ovgpu_remove(const struct ovgpu *ovgpu, const char *uuid)
{
	if (!ovgpu_object_valid(OVGPU_VGPU, uuid))
		return -EINVAL;
	return ovgpu_write(ovgpu, "1", OVGPU_MDEV_PATH "/%s/remove", uuid);
}

/* Whether a process has it open; a negative errno when that can't be read. */
static int is_open(const struct ovgpu *ovgpu, const char *uuid)
{
	char text[OVGPU_NAME_SIZE];
	uint64_t pid;
	int err;

	err = ovgpu_attribute_get(ovgpu, OVGPU_VGPU, uuid, OVGPU_DRIVER,
				  "owner_pid", text, sizeof(text));
	if (err == -ENOENT)
		return 0;	/* or it is gone, which removing it will say */
	if (err)
		return err;
	return ovgpu_number_parse(text, &pid) ? -EPROTO : pid != 0;
}

/**
 * ovgpu_remove_idle - remove a vGPU unless a process has it open
 * @ovgpu: handle
 * @uuid: as ovgpu_uuid_parse() gives it
 *
 * Opens are refused while it looks, so that no process comes in between, and
 * this call does not wait. With an older module, which can't refuse them, one
 * may, and then it waits as ovgpu_remove() does.
 *
 * Return: 0 or a negative errno: -EBUSY when a process has it open, and as of
 * ovgpu_remove().
 */
int ovgpu_remove_idle(const struct ovgpu *ovgpu, const char *uuid)
{
	const char *path = OVGPU_MDEV_PATH "/%s/" OVGPU_DRIVER "/refuse_opens";
	int err, refused;

	if (!ovgpu_object_valid(OVGPU_VGPU, uuid))
		return -EINVAL;
	refused = ovgpu_write(ovgpu, "1", path, uuid);
	if (refused && refused != -ENOENT)
		return refused;
	err = is_open(ovgpu, uuid);
	if (err > 0)
		err = -EBUSY;
	if (!err)
		err = ovgpu_remove(ovgpu, uuid);
	if (err && !refused)
		ovgpu_write(ovgpu, "0", path, uuid);
	return err;
}
