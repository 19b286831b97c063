// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hand_over.c - which driver has a GPU: openvgpu, or another for a while
 *
 * What is handed over is nowhere written down: it is a GPU that another driver
 * has because its driver_override says so. Both end with the PCI function, at a
 * restart or when it is unplugged.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "internal.h"

#define DRIVERS_PATH	"bus/pci/drivers"
#define DISPLAY_CLASS	"0x03"	/* as sysfs begins the class */
#define COMPUTE_CLASS	"0x12"	/* a GPU whose firmware mode is compute */
#define NO_OVERRIDE	"\n"	/* a write of nothing would not arrive */

static bool driver_name_valid(const char *name)
{
	size_t n = strspn(name,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

	return n && n < OVGPU_NAME_SIZE && !name[n] && name[0] != '.';
}

/* ----------------------------------------------------- which GPUs there are */

/* Patterns of the devices that the module takes by itself. */
struct aliases {
	char **pattern;
	size_t count;
};

static void aliases_free(struct aliases *aliases)
{
	while (aliases->count)
		free(aliases->pattern[--aliases->count]);
	free(aliases->pattern);
	aliases->pattern = NULL;
}

static int alias_add(struct aliases *aliases, const char *pattern)
{
	char **more = reallocarray(aliases->pattern, aliases->count + 1,
				   sizeof(*more));

	if (!more)
		return -ENOMEM;
	aliases->pattern = more;
	more[aliases->count] = strdup(pattern);
	return more[aliases->count++] ? 0 : -ENOMEM;
}

/* No file of aliases, or none of the module: nothing is known. */
static int aliases_read(const struct ovgpu *ovgpu, struct aliases *aliases)
{
	char release[OVGPU_NAME_SIZE], path[PATH_MAX], pattern[256], module[64];
	size_t length = 0;
	char *line = NULL;
	FILE *stream;
	int fd, err = 0;

	ovgpu_read(ovgpu, OVGPU_PROC, release, sizeof(release),
		   "sys/kernel/osrelease");
	if (!release[0] || strchr(release, '/'))
		return 0;
	snprintf(path, sizeof(path), "lib/modules/%s/modules.alias", release);
	fd = ovgpu_open_file(ovgpu, OVGPU_ROOT, path);
	if (fd < 0)
		return 0;
	stream = fdopen(fd, "r");
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	while (!err && getline(&line, &length, stream) > 0)
		if (sscanf(line, "alias %255s %63s", pattern, module) == 2 &&
		    !strcmp(module, OVGPU_DRIVER))
			err = alias_add(aliases, pattern);
	free(line);
	fclose(stream);
	if (err)
		aliases_free(aliases);
	return err;
}

static bool aliases_match(const struct ovgpu *ovgpu,
			  const struct aliases *aliases, const char *bdf)
{
	char modalias[OVGPU_TEXT_SIZE];
	size_t i;

	if (ovgpu_read(ovgpu, OVGPU_SYSFS, modalias, sizeof(modalias),
		       OVGPU_PCI_PATH "/%s/modalias", bdf))
		return false;
	for (i = 0; i < aliases->count; i++)
		if (!fnmatch(aliases->pattern[i], modalias, 0))
			return true;
	return false;
}

static void read_driver(const struct ovgpu *ovgpu, const char *bdf, char *driver)
{
	ovgpu_link(ovgpu, OVGPU_SYSFS, driver, OVGPU_NAME_SIZE,
		   OVGPU_PCI_PATH "/%s/driver", bdf);
}

static void read_override(const struct ovgpu *ovgpu, const char *bdf,
			  char *driver)
{
	ovgpu_read(ovgpu, OVGPU_SYSFS, driver, OVGPU_NAME_SIZE,
		   OVGPU_PCI_PATH "/%s/driver_override", bdf);
	if (!strcmp(driver, "(null)"))
		driver[0] = '\0';
}

/* Whether it can be a GPU that the module takes only when it is told to. */
static bool can_be_gpu(const struct ovgpu *ovgpu, const char *bdf)
{
	char class[OVGPU_NAME_SIZE];

	return !ovgpu_read(ovgpu, OVGPU_SYSFS, class, sizeof(class),
			   OVGPU_PCI_PATH "/%s/class", bdf) &&
	       (!strncmp(class, DISPLAY_CLASS, strlen(DISPLAY_CLASS)) ||
		!strncmp(class, COMPUTE_CLASS, strlen(COMPUTE_CLASS)));
}

static int device_fill(const struct ovgpu *ovgpu, const struct aliases *aliases,
		       const char *bdf, struct ovgpu_device *device)
{
	memset(device, 0, sizeof(*device));
	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	read_driver(ovgpu, bdf, device->driver);
	read_override(ovgpu, bdf, device->driver_override);
	device->known = aliases_match(ovgpu, aliases, bdf);
	device->handed_over = device->driver_override[0] &&
			      strcmp(device->driver_override, OVGPU_DRIVER) &&
			      !strcmp(device->driver_override, device->driver) &&
			      (device->known || can_be_gpu(ovgpu, bdf));
	return ovgpu_exists(ovgpu, OVGPU_SYSFS, OVGPU_PCI_PATH "/%s", bdf) ?
	       0 : -ENOENT;
}

/**
 * ovgpu_device_get - which driver has a PCI function
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @device: the result, to be given to ovgpu_free(); NULL on failure
 *
 * Return: 0, -ENOENT when there is none, or another negative errno.
 */
int ovgpu_device_get(const struct ovgpu *ovgpu, const char *bdf,
		     struct ovgpu_device **device)
{
	struct aliases aliases = { 0 };
	struct ovgpu_device *found;
	int err;

	*device = NULL;
	if (!ovgpu_object_valid(OVGPU_GPU, bdf))
		return -EINVAL;
	err = aliases_read(ovgpu, &aliases);
	if (err)
		return err;
	found = malloc(sizeof(*found));
	err = found ? device_fill(ovgpu, &aliases, bdf, found) : -ENOMEM;
	aliases_free(&aliases);
	if (err) {
		free(found);
		return err;
	}
	*device = found;
	return 0;
}

/**
 * ovgpu_device_list - the GPUs that the driver has or could have
 * @ovgpu: handle
 * @devices: the result, sorted by PCI address, to be given to ovgpu_free()
 * @count: their number
 *
 * Those that are bound to it, and those that the installed module would take:
 * unlike ovgpu_gpu_list(), GPUs of other drivers as well.
 *
 * Return: 0 (also without any) or a negative errno.
 */
int ovgpu_device_list(const struct ovgpu *ovgpu, struct ovgpu_device ***devices,
		      size_t *count)
{
	struct aliases aliases = { 0 };
	struct ovgpu_device *list;
	char bdf[OVGPU_BDF_SIZE];
	size_t n = 0, i, used = 0;
	char **names = NULL;
	int err;

	*devices = NULL;
	*count = 0;
	err = ovgpu_directory(ovgpu, OVGPU_SYSFS, &names, &n, OVGPU_PCI_PATH);
	if (err && err != -ENOENT)
		return err;
	err = aliases_read(ovgpu, &aliases);
	list = err ? NULL : calloc(n + 1, sizeof(*list));
	if (!err && !list)
		err = -ENOMEM;
	for (i = 0; !err && i < n; i++)
		if (!ovgpu_bdf_parse(names[i], bdf) && !strcmp(names[i], bdf) &&
		    !device_fill(ovgpu, &aliases, bdf, &list[used]) &&
		    (list[used].known || !strcmp(list[used].driver, OVGPU_DRIVER)))
			used++;
	aliases_free(&aliases);
	ovgpu_free(names);
	if (!err) {
		*devices = ovgpu_list_pack(list, used, sizeof(*list));
		err = *devices ? 0 : -ENOMEM;
	}
	free(list);
	if (!err)
		*count = used;
	return err;
}

/* ------------------------------------------------------- from one to another */

static int write_override(const struct ovgpu *ovgpu, const char *bdf,
			  const char *driver)
{
	return ovgpu_write(ovgpu, driver[0] ? driver : NO_OVERRIDE,
			   OVGPU_PCI_PATH "/%s/driver_override", bdf);
}

static bool has_driver(const struct ovgpu *ovgpu, const char *bdf,
		       const char *driver)
{
	char now[OVGPU_NAME_SIZE];

	read_driver(ovgpu, bdf, now);
	return !strcmp(now, driver);
}

/* Lets the driver that driver_override names take it; whether it did. */
static bool probe(const struct ovgpu *ovgpu, const char *bdf, const char *driver)
{
	/* Its answer does not tell why a driver refused. */
	ovgpu_write(ovgpu, bdf, "bus/pci/drivers_probe");
	return has_driver(ovgpu, bdf, driver);
}

/*
 * Unbinds a function from driver @from, which may be none, and binds it to @to.
 * The override comes first, so that no third driver takes it in between. What
 * fails is undone.
 */
static int rebind(const struct ovgpu *ovgpu, const char *bdf, const char *from,
		  const char *to, char *reason, size_t size)
{
	char override[OVGPU_NAME_SIZE];
	int err;

	read_override(ovgpu, bdf, override);
	err = write_override(ovgpu, bdf, to);
	if (err)
		return err;
	if (from[0])
		err = ovgpu_write(ovgpu, bdf, DRIVERS_PATH "/%s/unbind", from);
	if (err) {
		write_override(ovgpu, bdf, override);
		return err;
	}
	if (probe(ovgpu, bdf, to))
		return 0;
	/* The former driver may not take it without. */
	write_override(ovgpu, bdf, from[0] ? from : override);
	if (from[0] && probe(ovgpu, bdf, from))
		snprintf(reason, size,
			 "driver %s did not take it, so %s has it again; 'dmesg | grep %s' tells why",
			 to, from, bdf);
	else
		snprintf(reason, size,
			 "driver %s did not take it, and it has no driver now; 'dmesg | grep %s' tells why",
			 to, bdf);
	write_override(ovgpu, bdf, override);
	return -EIO;
}

/**
 * ovgpu_gpu_lock - keep others from giving a GPU away meanwhile
 * @ovgpu: handle, of this machine
 * @bdf: the GPU, as ovgpu_bdf_parse() gives it
 *
 * For what takes several steps and leaves the GPU in between without its driver.
 * ovgpu_hand_over() and ovgpu_take_back() take the lock themselves. It goes with the
 * process: whoever is killed leaves none.
 *
 * Return: what close() unlocks, or a negative errno: -EINVAL no such name; -ENOENT no
 * such GPU; -EBUSY another process has the lock; -EOPNOTSUPP the handle is of another
 * machine.
 */
int ovgpu_gpu_lock(const struct ovgpu *ovgpu, const char *bdf)
{
	char path[PATH_MAX];
	int fd;

	if (!ovgpu_object_valid(OVGPU_GPU, bdf))
		return -EINVAL;
	if (ovgpu_dirfd(ovgpu, OVGPU_SYSFS) < 0)
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), OVGPU_PCI_PATH "/%s", bdf);
	fd = openat(ovgpu_dirfd(ovgpu, OVGPU_SYSFS), path,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	close(fd);
	return -EBUSY;
}

/* Two at once would undo each other's steps. */
static int lock(const struct ovgpu *ovgpu, const char *bdf, char *reason,
		size_t size)
{
	int fd = ovgpu_gpu_lock(ovgpu, bdf);

	if (fd == -EOPNOTSUPP)
		snprintf(reason, size, "it is on another machine: run openvgpu there");
	else if (fd == -EBUSY)
		snprintf(reason, size, "another process is handing it over, or taking it back");
	return fd;
}

/* Whether the GPU is ready to go; the driver's reason if not. */
static int prepare(const struct ovgpu *ovgpu, const char *bdf, char *reason,
		   size_t size)
{
	int err = ovgpu_write(ovgpu, "1",
			      OVGPU_PCI_PATH "/%s/" OVGPU_DRIVER "/hand_over", bdf);

	if (err == -ENOENT && has_driver(ovgpu, bdf, OVGPU_DRIVER)) {
		snprintf(reason, size,
			 "the loaded module can't zero the GPU's memory for another driver: it is older than this library");
		return -EOPNOTSUPP;
	}
	if (err)
		ovgpu_refusal(ovgpu, bdf, "hand_over", reason, size);
	return err;
}

/**
 * ovgpu_hand_over - give a GPU to another driver
 * @ovgpu: handle
 * @bdf: the GPU, bound to openvgpu, as ovgpu_bdf_parse() gives it
 * @driver: name of a PCI driver that is loaded, as "vfio-pci"
 * @reason: receives why it was refused; empty when that is not known
 * @size: bytes at @reason
 *
 * No vGPU can be created from the first step on, and all video memory is zero
 * before the other driver has it. It lasts until ovgpu_take_back(), a restart of
 * the machine, or until the GPU is unplugged. What fails is undone.
 *
 * Return: 0, or a negative errno: -EINVAL no such name, -ENODEV openvgpu does
 * not have the GPU, or it does not answer; -ENOENT no such driver is loaded;
 * -EBUSY the GPU has vGPUs, is being reset, or another process hands it over or
 * takes it back; -EOPNOTSUPP the module is too old;
 * -EIO memory could not be zeroed, or the other driver did not take it; -EACCES
 * not root; -EPROTO as of ovgpu_create().
 */
int ovgpu_hand_over(const struct ovgpu *ovgpu, const char *bdf,
		    const char *driver, char *reason, size_t size)
{
	int err, fd;

	reason[0] = '\0';
	if (!driver_name_valid(driver) || !strcmp(driver, OVGPU_DRIVER))
		return -EINVAL;
	fd = lock(ovgpu, bdf, reason, size);
	if (fd < 0)
		return fd == -ENOENT ? -ENODEV : fd;
	if (!has_driver(ovgpu, bdf, OVGPU_DRIVER))
		err = -ENODEV;
	else if (!ovgpu_exists(ovgpu, OVGPU_SYSFS, DRIVERS_PATH "/%s", driver))
		err = -ENOENT;
	else
		err = ovgpu_abi_check(ovgpu, OVGPU_GPU, bdf, reason, size);
	if (!err)
		err = prepare(ovgpu, bdf, reason, size);
	if (err)
		goto unlock;
	err = rebind(ovgpu, bdf, OVGPU_DRIVER, driver, reason, size);
	/* If it is still the same driver's, and not bound once more. */
	if (err)
		ovgpu_write(ovgpu, "0",
			    OVGPU_PCI_PATH "/%s/" OVGPU_DRIVER "/hand_over", bdf);
unlock:
	close(fd);
	return err;
}

/**
 * ovgpu_take_back - give a GPU to openvgpu
 * @ovgpu: handle
 * @bdf: the GPU, as ovgpu_bdf_parse() gives it; any driver, or none, has it
 * @reason: receives why it was refused; empty when that is not known
 * @size: bytes at @reason
 *
 * If openvgpu has it, a hand-over that was begun is called off. Else the driver
 * that has it lets go of it, which with vfio-pci waits until the process that
 * uses it has closed it, and all video memory is zero before openvgpu offers
 * vGPUs. driver_override is left empty where the module takes the GPU by itself.
 * What fails is undone.
 *
 * Return: 0, or a negative errno: -EINVAL no such name; -ENOENT no such GPU;
 * -ENODEV openvgpu is not loaded; -EBUSY another process hands it over or takes
 * it back; -EIO openvgpu did not take it; -EACCES not root.
 */
int ovgpu_take_back(const struct ovgpu *ovgpu, const char *bdf, char *reason,
		    size_t size)
{
	struct ovgpu_device *device;
	bool bound, others;
	int err, fd;

	reason[0] = '\0';
	fd = lock(ovgpu, bdf, reason, size);
	if (fd < 0)
		return fd;
	err = ovgpu_device_get(ovgpu, bdf, &device);
	if (err)
		goto unlock;
	bound = !strcmp(device->driver, OVGPU_DRIVER);
	others = device->driver_override[0] &&
		 strcmp(device->driver_override, OVGPU_DRIVER);
	if (bound) {
		err = ovgpu_write(ovgpu, "0",
				  OVGPU_PCI_PATH "/%s/" OVGPU_DRIVER "/hand_over", bdf);
		if (err && err != -ENOENT)
			ovgpu_refusal(ovgpu, bdf, "hand_over", reason, size);
		else
			err = 0;
	} else if (!ovgpu_exists(ovgpu, OVGPU_SYSFS,
				 DRIVERS_PATH "/" OVGPU_DRIVER)) {
		err = -ENODEV;
	} else {
		err = rebind(ovgpu, bdf, device->driver, OVGPU_DRIVER, reason,
			     size);
	}
	/* What it needs no more must not decide when it is bound the next time. */
	if (!err && device->known && (!bound || others))
		err = write_override(ovgpu, bdf, "");
	ovgpu_free(device);
unlock:
	close(fd);
	return err;
}
