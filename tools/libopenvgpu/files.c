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
#include <sys/mman.h>
#include <unistd.h>

#include "bridge.h"
#include "files.h"

static int make_path(char *path, size_t size, const char *format, va_list args)
{
	int n = vsnprintf(path, size, format, args);

	if (n < 0)
		return -EINVAL;
	return (size_t)n < size ? 0 : -ENAMETOOLONG;
}

/* ------------------------------------------------- here, or on another machine */

/**
 * ovgpu_open_file - open a file to read it
 * @ovgpu: handle
 * @tree: in which tree
 * @path: below @tree
 *
 * Return: a descriptor to be closed, at its begin; of another machine's file it has
 * what that was. Or a negative errno.
 */
int ovgpu_open_file(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		    const char *path)
{
	struct ovgpu_bridge *bridge = ovgpu_bridge_of(ovgpu);
	size_t length, done = 0;
	char *content;
	ssize_t n;
	int fd, err;

	if (!bridge) {
		fd = openat(ovgpu_dirfd(ovgpu, tree), path,
			    O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		return fd < 0 ? -errno : fd;
	}
	err = ovgpu_bridge_call(bridge, BRIDGE_READ, tree, path, "", &content,
				&length);
	if (err)
		return err;
	fd = memfd_create("openvgpu", MFD_CLOEXEC);
	if (fd < 0)
		err = -errno;
	while (!err && done < length) {
		n = write(fd, content + done, length - done);
		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n > 0)
			done += n;
	}
	free(content);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

/**
 * ovgpu_link_target - what a symbolic link points at
 * @ovgpu: handle
 * @tree: in which tree
 * @path: below @tree
 * @target: receives it
 * @size: bytes at @target
 *
 * Return: 0 or a negative errno.
 */
int ovgpu_link_target(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		      const char *path, char *target, size_t size)
{
	struct ovgpu_bridge *bridge = ovgpu_bridge_of(ovgpu);
	char *answer;
	size_t length;
	ssize_t n;
	int err;

	if (!bridge) {
		n = readlinkat(ovgpu_dirfd(ovgpu, tree), path, target, size - 1);
		target[n < 0 ? 0 : n] = '\0';
		return n < 0 ? -errno : 0;
	}
	target[0] = '\0';
	err = ovgpu_bridge_call(bridge, BRIDGE_LINK, tree, path, "", &answer,
				&length);
	if (!err && length < size)
		strcpy(target, answer);
	else if (!err)
		err = -ENAMETOOLONG;
	free(answer);
	return err;
}

/**
 * ovgpu_mode - what a path is
 * @ovgpu: handle
 * @tree: in which tree
 * @path: below @tree
 * @follow: of a symbolic link, what that leads to
 *
 * Return: st_mode as of stat(2), or a negative errno.
 */
int ovgpu_mode(const struct ovgpu *ovgpu, enum ovgpu_tree tree, const char *path,
	       bool follow)
{
	struct ovgpu_bridge *bridge = ovgpu_bridge_of(ovgpu);
	struct stat st;
	uint64_t mode;
	size_t length;
	char *answer;
	int err;

	if (!bridge)
		return fstatat(ovgpu_dirfd(ovgpu, tree), path, &st,
			       follow ? 0 : AT_SYMLINK_NOFOLLOW) ? -errno :
		       (int)st.st_mode;
	err = ovgpu_bridge_call(bridge, follow ? BRIDGE_STAT : BRIDGE_LSTAT, tree,
				path, "", &answer, &length);
	if (!err && (ovgpu_number_parse(answer, &mode) || mode > INT_MAX))
		err = -EPROTO;
	free(answer);
	return err ? err : (int)mode;
}

static int write_there(struct ovgpu_bridge *bridge, const char *path,
		       const char *value)
{
	size_t length;
	char *answer;
	int err;

	err = ovgpu_bridge_call(bridge, BRIDGE_WRITE, OVGPU_SYSFS, path, value,
				&answer, &length);
	free(answer);
	return err;
}

/* --------------------------------------------------------------------- files */

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
	fd = ovgpu_open_file(ovgpu, tree, buf);
	/* The last: what another machine's sysfs says, as below. */
	if (fd < 0)
		return fd == -ENODEV && tree == OVGPU_SYSFS ? -ENOENT : fd;
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
	if (ovgpu_bridge_of(ovgpu))
		return write_there(ovgpu_bridge_of(ovgpu), buf, value);
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
	int err;

	name[0] = '\0';
	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	if (err)
		return err;
	err = ovgpu_link_target(ovgpu, tree, buf, target, sizeof(target));
	if (err)
		return err;
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
	va_list args;
	int err;

	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	return !err && ovgpu_mode(ovgpu, tree, buf, true) >= 0;
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

static int add_name(char ***list, size_t *count, const char *name)
{
	char **more = reallocarray(*list, *count + 1, sizeof(**list));

	if (!more)
		return -ENOMEM;
	*list = more;
	more[*count] = strdup(name);
	if (!more[*count])
		return -ENOMEM;
	++*count;
	return 0;
}

static int list_here(int directory, const char *path, char ***list, size_t *count)
{
	struct dirent *entry;
	int fd, err = 0;
	DIR *dir;

	fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = add_name(list, count, entry->d_name);
	closedir(dir);
	return err;
}

static int list_there(struct ovgpu_bridge *bridge, enum ovgpu_tree tree,
		      const char *path, char ***list, size_t *count)
{
	size_t length, at;
	char *answer;
	int err;

	err = ovgpu_bridge_call(bridge, BRIDGE_DIRECTORY, tree, path, "", &answer,
				&length);
	for (at = 0; !err && at < length; at += strlen(answer + at) + 1)
		if (answer[at] != '.' && answer[at] && !strchr(answer + at, '/'))
			err = add_name(list, count, answer + at);
	free(answer);
	return err;
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
	char buf[PATH_MAX], **list = NULL;
	size_t n = 0;
	va_list args;
	int err;

	*names = NULL;
	*count = 0;
	va_start(args, path);
	err = make_path(buf, sizeof(buf), path, args);
	va_end(args);
	if (err)
		return err;
	err = ovgpu_bridge_of(ovgpu) ?
	      list_there(ovgpu_bridge_of(ovgpu), tree, buf, &list, &n) :
	      list_here(ovgpu_dirfd(ovgpu, tree), buf, &list, &n);
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
