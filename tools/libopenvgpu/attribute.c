// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * attribute.c - the attributes of GPUs and vGPUs, as the driver gives them
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

/**
 * ovgpu_object_path - path of a file or directory of a GPU or vGPU
 * @path: receives it, relative to sysfs
 * @size: bytes at @path
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @group: directory; a GPU instance has OVGPU_DRIVER only, which is its own
 * @name: file in it; NULL: the directory itself
 *
 * Return: 0, or -EINVAL when a name has not the form of one.
 */
int ovgpu_object_path(char *path, size_t size, enum ovgpu_object object,
		      const char *of, const char *group, const char *name)
{
	int bdf;

	if (!ovgpu_object_valid(object, of) || !ovgpu_file_name_valid(group) ||
	    (name && !ovgpu_file_name_valid(name)))
		return -EINVAL;
	if (object == OVGPU_INSTANCE) {
		bdf = strcspn(of, "/");
		snprintf(path, size, OVGPU_PCI_PATH "/%.*s/instances%s%s%s", bdf,
			 of, of + bdf, name ? "/" : "", name ? name : "");
		return strcmp(group, OVGPU_DRIVER) ? -EINVAL : 0;
	}
	snprintf(path, size, "%s/%s/%s%s%s",
		 object == OVGPU_GPU ? OVGPU_PCI_PATH : OVGPU_MDEV_PATH, of,
		 group, name ? "/" : "", name ? name : "");
	return 0;
}

/* An attribute while the list is being made. */
struct found {
	char *name;
	char *value;
};

static void free_found(struct found *found, size_t count)
{
	while (count) {
		free(found[--count].value);
		free(found[count].name);
	}
	free(found);
}

/* The list as the caller gets it: pointers, structures, values in one block. */
static struct ovgpu_attribute **pack(const struct found *found, size_t count)
{
	struct ovgpu_attribute **list, *items;
	size_t size, i, length;
	char *at;

	size = (count + 1) * sizeof(*list) + count * sizeof(*items);
	for (i = 0; i < count; i++)
		size += strlen(found[i].value) + 1;
	list = malloc(size);
	if (!list)
		return NULL;
	items = (struct ovgpu_attribute *)(list + count + 1);
	at = (char *)(items + count);
	for (i = 0; i < count; i++) {
		length = strlen(found[i].value) + 1;
		list[i] = &items[i];
		snprintf(items[i].name, sizeof(items[i].name), "%s",
			 found[i].name);
		items[i].value = memcpy(at, found[i].value, length);
		at += length;
	}
	list[count] = NULL;
	return list;
}

/* True for what is a file of an attribute that may be read. */
static bool is_attribute(const struct ovgpu *ovgpu, const char *path)
{
	int mode = ovgpu_mode(ovgpu, OVGPU_SYSFS, path, false);

	return mode >= 0 && S_ISREG(mode) && mode & 0444;
}

/**
 * ovgpu_attributes - read a group of attributes
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @group: directory name: "openvgpu", of vGPUs also "stats"; a GPU instance has
 *	one group, "openvgpu"
 * @attributes: the result, sorted by name, to be given to ovgpu_free(); what
 *	cannot be read is left out
 * @count: their number
 *
 * Return: 0, -ENOENT when there is no such group, or another negative errno.
 */
int ovgpu_attributes(const struct ovgpu *ovgpu, enum ovgpu_object object,
		     const char *of, const char *group,
		     struct ovgpu_attribute ***attributes, size_t *count)
{
	char value[OVGPU_ATTRIBUTE_SIZE], directory[PATH_MAX], **names;
	char path[PATH_MAX + OVGPU_NAME_SIZE];
	struct found *found;
	size_t n, i, used = 0;
	int err;

	*attributes = NULL;
	*count = 0;
	err = ovgpu_object_path(directory, sizeof(directory), object, of, group,
				NULL);
	if (err)
		return err;
	err = ovgpu_directory(ovgpu, OVGPU_SYSFS, &names, &n, "%s", directory);
	if (err)
		return err;
	found = calloc(n + 1, sizeof(*found));
	if (!found)
		err = -ENOMEM;
	for (i = 0; !err && i < n; i++) {
		if (strlen(names[i]) >= OVGPU_NAME_SIZE)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		if (!is_attribute(ovgpu, path) ||
		    ovgpu_read(ovgpu, OVGPU_SYSFS, value, sizeof(value), "%s",
			       path))
			continue;
		found[used].name = strdup(names[i]);
		found[used].value = strdup(value);
		if (!found[used].name || !found[used].value)
			err = -ENOMEM;
		used++;
	}
	ovgpu_free(names);
	/* Gone while it was read: what was read is half of it. */
	if (!err && !ovgpu_exists(ovgpu, OVGPU_SYSFS, "%s", directory))
		err = -ENOENT;
	if (!err) {
		*attributes = pack(found, used);
		if (*attributes)
			*count = used;
		else
			err = -ENOMEM;
	}
	free_found(found, used);
	return err;
}

/**
 * ovgpu_attribute_get - read one attribute
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @group: directory name, as of ovgpu_attributes()
 * @name: file name
 * @value: receives it without the final newline, cut at @size - 1 bytes
 * @size: bytes at @value
 *
 * Return: 0 or a negative errno: -ENOENT when there is no such attribute or
 * object. @value is a string in either case.
 */
int ovgpu_attribute_get(const struct ovgpu *ovgpu, enum ovgpu_object object,
			const char *of, const char *group, const char *name,
			char *value, size_t size)
{
	char path[PATH_MAX];
	int err;

	value[0] = '\0';
	err = ovgpu_object_path(path, sizeof(path), object, of, group, name);
	if (err)
		return err;
	return ovgpu_read(ovgpu, OVGPU_SYSFS, value, size, "%s", path);
}

/**
 * ovgpu_abi_check - whether the loaded module's interface is the one that this
 * library was made for
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @reason: receives what is wrong; unchanged when nothing is
 * @size: bytes at @reason
 *
 * Its version rises when an attribute goes away or changes its meaning. An
 * object that is not there has no version, and is somebody else's to report.
 *
 * Return: 0 or -EPROTO.
 */
int ovgpu_abi_check(const struct ovgpu *ovgpu, enum ovgpu_object object,
		    const char *of, char *reason, size_t size)
{
	char version[OVGPU_NAME_SIZE];
	int err;

	/* A mediated device is a directory of its GPU's. */
	err = ovgpu_read(ovgpu, OVGPU_SYSFS, version, sizeof(version),
			 object == OVGPU_VGPU ?
			 OVGPU_MDEV_PATH "/%.*s/../" OVGPU_DRIVER "/abi_version" :
			 OVGPU_PCI_PATH "/%.*s/" OVGPU_DRIVER "/abi_version",
			 (int)strcspn(of, "/"), of);
	if (err || !strcmp(version, OPENVGPU_ABI))
		return 0;
	snprintf(reason, size,
		 "the loaded module has version %s of its interface, this library is for version "
		 OPENVGPU_ABI,
		 version);
	return -EPROTO;
}

/**
 * ovgpu_refusal - why the driver refused a request
 * @ovgpu: handle
 * @bdf: the GPU
 * @about: how the driver's lines about that request begin, as "vGPU UUID: weight"
 * @reason: receives the reason; empty when the driver's last is about another
 *	request, of somebody else or before this one
 * @size: bytes at @reason
 */
void ovgpu_refusal(const struct ovgpu *ovgpu, const char *bdf,
		   const char *about, char *reason, size_t size)
{
	char text[OVGPU_TEXT_SIZE];
	size_t n = strlen(about);

	reason[0] = '\0';
	if (!ovgpu_attribute_get(ovgpu, OVGPU_GPU, bdf, OVGPU_DRIVER,
				 "last_error", text, sizeof(text)) &&
	    !strncmp(text, about, n) && (!text[n] || strchr(" :", text[n])))
		snprintf(reason, size, "%s", text);
}
