// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * files.c - small files and directories below the trees of a handle
 *
 * Compiled twice: for the library, and for the openvgpu command, which reads
 * files that are not about GPUs and vGPUs. The library exports none of it. So it
 * calls nothing of the library that is not exported.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

static int make_path(char *path, size_t size, const char *format, va_list args)
{
	int n = vsnprintf(path, size, format, args);

	if (n < 0)
		return -EINVAL;
	return (size_t)n < size ? 0 : -ENAMETOOLONG;
}

/**
 * ovgpu_read - read a small file
 * @ovgpu: handle
 * @tree: in which tree
 * @value: receives the content, cut at @size - 1 bytes, without final newlines
 * @size: bytes at @value
 * @path: printf format of the path below @tree
 *
 * Return: 0 or a negative errno; @value is a string in either case.
 */
int ovgpu_read(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *value,
	       size_t size, const char *path, ...)
{
	char buf[PATH_MAX];
	size_t used = 0;
	va_list args;
	ssize_t n;
	int fd, err;

	value[0] = '\0';
	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	if (err)
		return err;
	fd = openat(ovgpu_dirfd(ovgpu, tree), buf, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, value + used, size - 1 - used);
		if (n > 0)
			used += n;
	} while ((n > 0 && used < size - 1) || (n < 0 && errno == EINTR));
	err = n < 0 ? -errno : 0;
	close(fd);
	/* What sysfs says of a file that goes while it is open. */
	if (err == -ENODEV && tree == OVGPU_SYSFS)
		err = -ENOENT;
	while (used && value[used - 1] == '\n')
		used--;
	value[used] = '\0';
	return err;
}

/**
 * ovgpu_write - write a sysfs attribute in one write
 * @ovgpu: handle
 * @value: what to write
 * @path: printf format of the path below sysfs
 *
 * Blocks as long as the kernel does: a write to "remove" waits for the last
 * user.
 *
 * Return: 0 or a negative errno, the kernel's own where it refuses.
 */
int ovgpu_write(const struct ovgpu *ovgpu, const char *value,
		const char *path, ...)
{
	size_t length = strlen(value);
	char buf[PATH_MAX];
	va_list args;
	ssize_t n;
	int fd, err;

	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	if (err)
		return err;
	fd = openat(ovgpu_dirfd(ovgpu, OVGPU_SYSFS), buf, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, value, length);
	err = n < 0 ? -errno : (size_t)n == length ? 0 : -EIO;
	close(fd);
	return err;
}

/**
 * ovgpu_link - last component of what a symbolic link points at
 * @ovgpu: handle
 * @tree: in which tree
 * @name: receives it
 * @size: bytes at @name
 * @path: printf format of the path below @tree
 *
 * Return: 0 or a negative errno.
 */
int ovgpu_link(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *name,
	       size_t size, const char *path, ...)
{
	char buf[PATH_MAX], target[PATH_MAX], *last;
	va_list args;
	ssize_t n;
	int err;

	name[0] = '\0';
	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	if (err)
		return err;
	n = readlinkat(ovgpu_dirfd(ovgpu, tree), buf, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	strcpy(name, last);
	return 0;
}

/**
 * ovgpu_exists - whether a path is there
 * @ovgpu: handle
 * @tree: in which tree
 * @path: printf format of the path below @tree
 *
 * Return: true if it is, and symbolic links on the way lead somewhere.
 */
bool ovgpu_exists(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		  const char *path, ...)
{
	char buf[PATH_MAX];
	struct stat st;
	va_list args;
	int err;

	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	return !err && !fstatat(ovgpu_dirfd(ovgpu, tree), buf, &st, 0);
}

/* One block of the array and its strings, which are given back in any case. */
static int pack(char **names, size_t count, char ***result)
{
	size_t size = (count + 1) * sizeof(char *), i, length;
	char **list, *at;

	for (i = 0; i < count; i++)
		size += strlen(names[i]) + 1;
	list = malloc(size);
	at = list ? (char *)(list + count + 1) : NULL;
	for (i = 0; i < count; i++) {
		if (list) {
			length = strlen(names[i]) + 1;
			list[i] = memcpy(at, names[i], length);
			at += length;
		}
		free(names[i]);
	}
	free(names);
	if (!list)
		return -ENOMEM;
	list[count] = NULL;
	*result = list;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/**
 * ovgpu_directory - sorted names of a directory's entries
 * @ovgpu: handle
 * @tree: in which tree
 * @names: the result, to be given to ovgpu_free()
 * @count: number of names
 * @path: printf format of the path below @tree
 *
 * Entries whose name starts with a dot are left out.
 *
 * Return: 0 or a negative errno; @names and @count are empty on failure.
 */
int ovgpu_directory(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		    char ***names, size_t *count, const char *path, ...)
{
	char buf[PATH_MAX], **list = NULL, **more;
	struct dirent *entry;
	size_t n = 0;
	va_list args;
	int fd, err;
	DIR *dir;

	*names = NULL;
	*count = 0;
	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	if (err)
		return err;
	fd = openat(ovgpu_dirfd(ovgpu, tree), buf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		more = reallocarray(list, n + 1, sizeof(*list));
		if (!more) {
			err = -ENOMEM;
			break;
		}
		list = more;
		list[n] = strdup(entry->d_name);
		if (!list[n]) {
			err = -ENOMEM;
			break;
		}
		n++;
	}
	closedir(dir);
	if (n)
		qsort(list, n, sizeof(*list), compare_names);
	if (err) {
		while (n)
			free(list[--n]);
		free(list);
		return err;
	}
	err = pack(list, n, names);
	if (!err)
		*count = n;
	return err;
}
