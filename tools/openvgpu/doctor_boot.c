// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_boot.c - Secure Boot: what the firmware says, and whose keys it has
 *
 * Firmware variables are files that begin with four bytes of attributes.
 * Whether a key is enrolled is a question of bytes: a list of keys holds whole
 * certificates, so DKMS' own is in it or not.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

#define VARIABLES	"firmware/efi/efivars"
#define GLOBAL		"-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SHIM		"-605dab50-e046-4300-abb6-3dd810dd8b23"
#define DKMS_KEY	"var/lib/dkms/mok.pub"
#define ATTRIBUTES	4	/* bytes at the beginning of a variable */
#define BYTES_MAX	(1 << 20)
#define ENROLL	\
	"'mokutil --import /" DKMS_KEY "', restart, confirm it in the firmware's dialogue"

/* A file that need not be text; NULL: there is none. */
static unsigned char *read_bytes(const struct doctor *doctor,
				 enum ovgpu_tree tree, const char *path,
				 size_t *size)
{
	unsigned char *bytes;
	ssize_t n;
	int fd;

	*size = 0;
	fd = openat(ovgpu_dirfd(doctor->ovgpu, tree), path,
		    O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bytes = fd < 0 ? NULL : malloc(BYTES_MAX);
	while (bytes && *size < BYTES_MAX &&
	       (n = read(fd, bytes + *size, BYTES_MAX - *size)) > 0)
		*size += n;
	if (fd >= 0)
		close(fd);
	return bytes;
}

/* The value of a variable that is one byte; -1: there is no such variable. */
static int read_flag(const struct doctor *doctor, const char *path)
{
	size_t size;
	unsigned char *bytes = read_bytes(doctor, OVGPU_SYSFS, path, &size);
	int value = size > ATTRIBUTES ? bytes[ATTRIBUTES] : -1;

	free(bytes);
	return value;
}

/* Whether a variable has the bytes in it. */
static bool holds(const struct doctor *doctor, const char *path,
		  const unsigned char *key, size_t key_size)
{
	size_t size;
	unsigned char *bytes = read_bytes(doctor, OVGPU_SYSFS, path, &size);
	bool result = bytes && key_size &&
		      memmem(bytes, size, key, key_size);

	free(bytes);
	return result;
}

static void check_key(const struct doctor *doctor, struct finding *finding)
{
	size_t size;
	unsigned char *key = read_bytes(doctor, OVGPU_ROOT, DKMS_KEY, &size);

	if (!size) {
		found(finding, FINDING_WARN,
		      "Secure Boot is on, and DKMS has made no key to sign modules with");
		advise(finding,
		       "install the module with DKMS, which makes one; then %s",
		       ENROLL);
	} else if (holds(doctor, VARIABLES "/MokListRT" SHIM, key, size)) {
		found(finding, FINDING_OK,
		      "Secure Boot is on, and DKMS' key is enrolled");
	} else if (holds(doctor, VARIABLES "/MokNew" SHIM, key, size)) {
		found(finding, FINDING_WARN,
		      "Secure Boot is on, and DKMS' key waits to be enrolled");
		advise(finding,
		       "restart, and confirm it in the firmware's dialogue with the password you gave mokutil");
	} else {
		found(finding, FINDING_WARN,
		      "Secure Boot is on, and DKMS' key is not enrolled");
		advise(finding,
		       "%s; unless you sign modules with a key of your own",
		       ENROLL);
	}
	free(key);
}

/**
 * check_secure_boot - is Secure Boot on, and does it know DKMS' key
 * @doctor: shared
 * @finding: result
 */
void check_secure_boot(const struct doctor *doctor, struct finding *finding)
{
	enum module_place place;
	char path[PATH_MAX];

	if (!ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS, "firmware/efi")) {
		found(finding, FINDING_OK,
		      "this machine was not started by UEFI: there is no Secure Boot");
		return;
	}
	switch (read_flag(doctor, VARIABLES "/SecureBoot" GLOBAL)) {
	case 0:
		found(finding, FINDING_OK, "Secure Boot is off");
		return;
	case 1:
		break;
	default:
		found(finding, FINDING_OK,
		      "the firmware does not say whether Secure Boot is on");
		return;
	}
	if (read_flag(doctor, VARIABLES "/MokSBStateRT" SHIM) == 1) {
		found(finding, FINDING_OK,
		      "Secure Boot is on, but checks end with the boot loader (mokutil --disable-validation)");
		return;
	}
	place = module_find(doctor, OVGPU_DRIVER, path, sizeof(path));
	if (place == MODULE_LOADED || place == MODULE_BUILTIN)
		found(finding, FINDING_OK,
		      "Secure Boot is on, and the kernel took the module");
	else
		check_key(doctor, finding);
}
