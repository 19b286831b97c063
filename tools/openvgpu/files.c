// SPDX-License-Identifier: GPL-2.0-only
/*
 * files.c - small files of the machine that are not about GPUs and vGPUs
 *
 * The library knows GPUs, types and vGPUs. The rest that commands look at
 * (modules, configuration, other devices) is read here, below the same
 * directories, so that tests can point anywhere.
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

static int make_path(char *path, const char *format, va_list args)
{
	int n = vsnprintf(path, PATH_MAX, format, args);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/**
 * files_read - read a small file
 * @ovgpu: handle
 * @tree: in which tree
 * @value: receives the content, cut at @size - 1 bytes, without final newlines
 * @size: bytes at @value
 * @path: printf format of the path below @tree
 *
 * Return: 0 or a negative errno; @value is a string in either case.
 */
int files_read(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *value,
	       size_t size, const char *path, ...)
{
	char buf[PATH_MAX];
	size_t used = 0;
	va_list args;
	ssize_t n;
	int fd, err;

	value[0] = '\0';
	va_start(args, path);
	err = make_path(buf, path, args);
	va_end(args);
	if (err)
		return err;
	fd = openat(ovgpu_dirfd(ovgpu, tree), buf,
		    O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, value + used, size - 1 - used);
		if (n > 0)
			used += n;
	} while ((n > 0 && used < size - 1) || (n < 0 && errno == EINTR));
	err = n < 0 ? -errno : 0;
	close(fd);
	while (used && value[used - 1] == '\n')
		used--;
	value[used] = '\0';
	return err;
}

/**
 * files_link - last component of what a symbolic link points at
 * @ovgpu: handle
 * @tree: in which tree
 * @name: receives it
 * @size: bytes at @name
 * @path: printf format of the path below @tree
 *
 * Return: 0 or a negative errno.
 */
int files_link(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *name,
	       size_t size, const char *path, ...)
{
	char buf[PATH_MAX], target[PATH_MAX], *last;
	va_list args;
	ssize_t n;
	int err;

	name[0] = '\0';
	va_start(args, path);
	err = make_path(buf, path, args);
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
 * files_exists - whether a path is there
 * @ovgpu: handle
 * @tree: in which tree
 * @path: printf format of the path below @tree
 *
 * Return: true if it is, and symbolic links on the way lead somewhere.
 */
bool files_exists(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		  const char *path, ...)
{
	char buf[PATH_MAX];
	struct stat st;
	va_list args;
	int err;

	va_start(args, path);
	err = make_path(buf, path, args);
	va_end(args);
	return !err && !fstatat(ovgpu_dirfd(ovgpu, tree), buf, &st, 0);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/**
 * files_directory - sorted names of a directory's entries
 * @ovgpu: handle
 * @tree: in which tree
 * @names: the result, to be given to files_free()
 * @count: number of names
 * @path: printf format of the path below @tree
 *
 * Entries whose name starts with a dot are left out.
 *
 * Return: 0 or a negative errno; @names and @count are empty on failure.
 */
int files_directory(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		    char ***names, size_t *count, const char *path, ...)
{
	struct dirent **entries;
	char buf[PATH_MAX];
	va_list args;
	int n, i, err;

	*names = NULL;
	*count = 0;
	va_start(args, path);
	err = make_path(buf, path, args);
	va_end(args);
	if (err)
		return err;
	n = scandirat(ovgpu_dirfd(ovgpu, tree), buf, &entries, is_visible,
		      compare_names);
	if (n < 0)
		return -errno;
	*names = calloc(n + 1, sizeof(**names));
	err = *names ? 0 : -ENOMEM;
	for (i = 0; i < n; i++) {
		if (!err)
			(*names)[i] = strdup(entries[i]->d_name);
		if (!err && !(*names)[i])
			err = -ENOMEM;
		free(entries[i]);
	}
	free(entries);
	if (err) {
		files_free(*names);
		*names = NULL;
		return err;
	}
	*count = n;
	return 0;
}

/**
 * files_free - give names back
 * @names: of files_directory(); NULL does nothing
 */
void files_free(char **names)
{
	char **name;

	for (name = names; name && *name; name++)
		free(*name);
	free(names);
}
