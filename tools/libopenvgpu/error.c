// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * error.c - what the error codes mean, in words
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include "internal.h"

/*
 * Those of the kernel and of this library. strerror(3) is not safe in threads
 * and speaks the user's language; what is only glibc's would tie us to it.
 */
static const struct {
	int number;
	const char *text;
} known[] = {
	{ 0, "Success" },
	{ E2BIG, "Argument list too long" },
	{ EACCES, "Permission denied" },
	{ EADDRINUSE, "Address already in use" },
	{ EAFNOSUPPORT, "Address family not supported by protocol" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ EALREADY, "Operation already in progress" },
	{ EBADF, "Bad file descriptor" },
	{ EBADMSG, "Bad message" },
	{ EBUSY, "Device or resource busy" },
	{ ECANCELED, "Operation canceled" },
	{ EEXIST, "File exists" },
	{ EFAULT, "Bad address" },
	{ EFBIG, "File too large" },
	{ EINTR, "Interrupted system call" },
	{ EINVAL, "Invalid argument" },
	{ EIO, "Input/output error" },
	{ EISDIR, "Is a directory" },
	{ ELOOP, "Too many levels of symbolic links" },
	{ EMFILE, "Too many open files" },
	{ ENAMETOOLONG, "File name too long" },
	{ ENFILE, "Too many open files in system" },
	{ ENOBUFS, "No buffer space available" },
	{ ENODATA, "No data available" },
	{ ENODEV, "No such device" },
	{ ENOENT, "No such file or directory" },
	{ ENOEXEC, "Exec format error" },
	{ ENOMEM, "Cannot allocate memory" },
	{ ENOSPC, "No space left on device" },
	{ ENOTCONN, "Transport endpoint is not connected" },
	{ ENOTDIR, "Not a directory" },
	{ ENOTTY, "Inappropriate ioctl for device" },
	{ ENXIO, "No such device or address" },
	{ EOPNOTSUPP, "Operation not supported" },
	{ EOVERFLOW, "Value too large for defined data type" },
	{ EPERM, "Operation not permitted" },
	{ EPIPE, "Broken pipe" },
	{ EPROTO, "Protocol error" },
	{ EPROTONOSUPPORT, "Protocol not supported" },
	{ ERANGE, "Numerical result out of range" },
	{ EROFS, "Read-only file system" },
	{ ESHUTDOWN, "Cannot send after transport endpoint shutdown" },
	{ ESRCH, "No such process" },
	{ ESTALE, "Stale file handle" },
	{ ETIMEDOUT, "Connection timed out" },
	{ EUSERS, "Too many users" },
};

/**
 * ovgpu_strerror - an error code in words
 * @err: what a function of the library returned; positive does as well
 *
 * Unlike strerror(3) it is safe in threads, and the same in every locale.
 *
 * Return: a text that stays valid for ever.
 */
const char *ovgpu_strerror(int err)
{
	size_t i;

	for (i = 0; err > INT_MIN && i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == (err < 0 ? -err : err))
			return known[i].text;
	return "Unknown error";
}

/**
 * ovgpu_version - the version of the library
 *
 * Return: as "1.2.3".
 */
const char *ovgpu_version(void)
{
	return OPENVGPU_VERSION;
}
