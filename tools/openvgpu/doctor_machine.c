// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_machine.c - checks of the GPU and of what is around it
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "hand_over.h"
#include "mode.h"

/* Below this a guest that computes on its own memory runs into the limit. */
#define MEMLOCK_COMFORT	(256ULL << 20)
#define CAP_IPC_LOCK_BIT	14

/*
 * The first GPU that the driver does not have, of those that are handed over
 * (@away) or of the others, and the driver that has it.
 */
static bool find_unbound_gpu(const struct doctor *doctor, bool away, char *bdf,
			     char *driver)
{
	struct ovgpu_device **devices;
	bool result = false;
	size_t count, i;

	if (ovgpu_device_list(doctor->ovgpu, &devices, &count))
		return false;
	for (i = 0; i < count && !result; i++) {
		if (!strcmp(devices[i]->driver, OVGPU_DRIVER) ||
		    devices[i]->handed_over != away)
			continue;
		strcpy(bdf, devices[i]->bdf);
		strcpy(driver, devices[i]->driver);
		result = true;
	}
	ovgpu_free(devices);
	return result;
}

/* A GPU that is the driver's, but of no use. */
static bool check_bound_gpu(const struct doctor *doctor, const char *bdf,
			    struct finding *finding)
{
	struct ovgpu_firmware_mode modes;
	char state[OVGPU_NAME_SIZE];

	if (!ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS,
			  "bus/pci/devices/%s/mdev_supported_types", bdf)) {
		found(finding, FINDING_FAIL,
		      "GPU %s is bound to openvgpu but offers no types", bdf);
		advise(finding, "'dmesg | grep %s' tells why", bdf);
		return false;
	}
	ovgpu_read(doctor->ovgpu, OVGPU_SYSFS, state, sizeof(state),
		   "bus/pci/devices/%s/openvgpu/state", bdf);
	if (!strcmp(state, "dead")) {
		found(finding, FINDING_FAIL, "GPU %s does not answer any more",
		      bdf);
		advise(finding,
		       "stop the VMs that use it, then unbind and bind it: cd /sys/bus/pci/drivers/openvgpu; echo %s > unbind; echo %s > bind",
		       bdf, bdf);
		return false;
	}
	if (!ovgpu_firmware_mode_get(doctor->ovgpu, bdf, &modes) && strcmp(modes.now, modes.next)) {
		found(finding, FINDING_WARN,
		      "GPU %s offers no vGPUs: its firmware mode is to become %s, and it was not removed and found again for that",
		      bdf, shown(modes.next).text);
		advise(finding,
		       "'openvgpu mode set %s --firmware --gpu %s' does it, the same with %s leaves it as it is",
		       shown(modes.next).text, bdf, shown(modes.now).text);
		return false;
	}
	return true;
}

/* Another driver has it because somebody wanted that. */
static void found_handed_over(const struct doctor *doctor,
			      const char *bdf, const char *driver,
			      size_t others, struct finding *finding)
{
	struct cli cli = { .ovgpu = doctor->ovgpu };
	struct device_user user;
	char used[128] = "";

	if (device_user_find(&cli, bdf, &user))
		snprintf(used, sizeof(used), ", and used by process %d (%.64s)",
			 user.pid, shown(user.name).text);
	found(finding, others ? FINDING_OK : FINDING_WARN,
	      "GPU %s is handed over to %s%s; %zu GPU%s bound to openvgpu",
	      bdf, shown(driver).text, used, others,
	      others == 1 ? " is" : "s are");
	advise(finding, "take it back with 'openvgpu gpu take-back %s'", bdf);
}

/**
 * check_gpu - is there a GPU, and is it the driver's
 * @doctor: shared
 * @finding: result
 */
void check_gpu(const struct doctor *doctor, struct finding *finding)
{
	char bdf[OVGPU_BDF_SIZE], driver[OVGPU_NAME_SIZE], path[PATH_MAX];
	struct ovgpu_gpu **gpus;
	size_t count, i;
	bool unbound;
	int err;

	err = ovgpu_gpu_list(doctor->ovgpu, &gpus, &count);
	if (err) {
		found(finding, FINDING_FAIL, "cannot read sysfs: %s",
		      ovgpu_strerror(err));
		return;
	}
	for (i = 0; i < count; i++)
		if (!check_bound_gpu(doctor, gpus[i]->bdf, finding)) {
			ovgpu_free(gpus);
			return;
		}
	unbound = find_unbound_gpu(doctor, false, bdf, driver);
	if (!unbound && find_unbound_gpu(doctor, true, bdf, driver)) {
		found_handed_over(doctor, bdf, driver, count, finding);
	} else if (count && !unbound) {
		found(finding, FINDING_OK, "%zu GPU%s bound to openvgpu: %s%s",
		      count, count > 1 ? "s" : "", gpus[0]->bdf,
		      count > 1 ? ", ..." : "");
	} else if (unbound && driver[0]) {
		found(finding, count ? FINDING_WARN : FINDING_FAIL,
		      "GPU %s is bound to another driver, %s", bdf,
		      shown(driver).text);
		advise(finding, "openvgpu gpu take-back %s", bdf);
	} else if (unbound) {
		found(finding, count ? FINDING_WARN : FINDING_FAIL,
		      "GPU %s has no driver", bdf);
		if (ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS,
				 "bus/pci/drivers/" OVGPU_DRIVER))
			advise(finding,
			       "echo %s > /sys/bus/pci/drivers/openvgpu/bind; 'dmesg | grep %s' tells why if that fails",
			       bdf, bdf);
		else
			advise(finding, "modprobe openvgpu");
	} else if (module_find(doctor, OVGPU_DRIVER, path, sizeof(path)) <=
		   MODULE_UNKNOWN) {
		/* The module's aliases say which. */
		found(finding, FINDING_FAIL,
		      "without openvgpu it is not known which devices it can drive");
		advise(finding, "do what the check 'module' says");
	} else {
		found(finding, FINDING_FAIL, "no GPU that openvgpu can drive");
		advise(finding,
		       "README.md lists the supported GPUs; without one, 'modprobe -r openvgpu; modprobe openvgpu soft_gpus=1' makes one of software, for testing");
	}
	ovgpu_free(gpus);
}

/**
 * check_vfio_device - can a VMM open the VFIO container
 * @doctor: shared
 * @finding: result
 */
void check_vfio_device(const struct doctor *doctor, struct finding *finding)
{
	int root = ovgpu_dirfd(doctor->ovgpu, OVGPU_ROOT);

	if (faccessat(root, "dev/vfio/vfio", F_OK, 0)) {
		if (faccessat(root, "dev/iommu", F_OK, 0) == 0) {
			found(finding, FINDING_WARN,
			      "no /dev/vfio/vfio; there is /dev/iommu");
			advise(finding,
			       "use QEMU with -object iommufd; libvirt needs /dev/vfio/vfio ('modprobe vfio')");
			return;
		}
		found(finding, FINDING_FAIL, "no /dev/vfio/vfio");
		advise(finding,
		       "modprobe vfio_iommu_type1; in a container, pass /dev/vfio in");
		return;
	}
	if (faccessat(root, "dev/vfio/vfio", R_OK | W_OK, AT_EACCESS)) {
		found(finding, FINDING_WARN, "/dev/vfio/vfio: %s",
		      ovgpu_strerror(errno));
		advise(finding,
		       "QEMU must run as root, or as a user that may open it and the vGPU's /dev/vfio/N");
		return;
	}
	found(finding, FINDING_OK, "/dev/vfio/vfio can be opened");
}

/**
 * check_iommu - is there an IOMMU; vGPUs do not need one
 * @doctor: shared
 * @finding: result
 */
void check_iommu(const struct doctor *doctor, struct finding *finding)
{
	char **names;
	size_t count;

	if (!ovgpu_directory(doctor->ovgpu, OVGPU_SYSFS, &names, &count,
			     "class/iommu")) {
		ovgpu_free(names);
		if (count) {
			found(finding, FINDING_OK,
			      "an IOMMU is on; vGPUs do not need it, but it bounds what the GPU can reach");
			return;
		}
	}
	found(finding, FINDING_OK,
	      "no IOMMU is on; vGPUs do not need one, but 'openvgpu gpu hand-over --to vfio-pci' does, and nothing then bounds the DMA of the physical GPU itself");
}

static bool may_lock_all(const struct doctor *doctor)
{
	char status[8192], *line;
	unsigned long long mask;

	ovgpu_read(doctor->ovgpu, OVGPU_PROC, status, sizeof(status),
		   "self/status");
	line = strstr(status, "\nCapEff:");
	return line && sscanf(line, "\nCapEff: %llx", &mask) == 1 &&
	       mask >> CAP_IPC_LOCK_BIT & 1;
}

/**
 * check_memlock - may a VMM lock the guest memory a vGPU works on
 * @doctor: shared
 * @finding: result
 */
void check_memlock(const struct doctor *doctor, struct finding *finding)
{
	char limits[OVGPU_ATTRIBUTE_SIZE], soft[32], *line;
	uint64_t bytes;

	if (may_lock_all(doctor)) {
		found(finding, FINDING_OK,
		      "this user may lock any amount of memory");
		return;
	}
	ovgpu_read(doctor->ovgpu, OVGPU_PROC, limits, sizeof(limits),
		   "self/limits");
	line = strstr(limits, "Max locked memory");
	if (!line || sscanf(line, "Max locked memory %31s", soft) != 1) {
		found(finding, FINDING_WARN, "cannot tell the locked-memory limit");
		return;
	}
	if (!strcmp(soft, "unlimited")) {
		found(finding, FINDING_OK, "the locked-memory limit is off");
		return;
	}
	if (ovgpu_number_parse(soft, &bytes)) {
		found(finding, FINDING_WARN, "cannot tell the locked-memory limit");
		return;
	}
	found(finding, bytes < MEMLOCK_COMFORT ? FINDING_WARN : FINDING_OK,
	      "this user may lock %llu KiB of memory",
	      (unsigned long long)(bytes >> 10));
	if (bytes < MEMLOCK_COMFORT)
		advise(finding,
		       "a QEMU started by this user cannot give its vGPU more guest memory than that: 'ulimit -l', LimitMEMLOCK= in a unit; libvirt raises it by itself");
}
