// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest.c - drivers of guests that do not go with the module on the host
 *
 * The module judges what a driver says of itself; here it is put into words, with
 * which of the two is to be updated.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"

#define UPDATE_GUEST	"update the driver in the guest"
#define UPDATE_HOST	"update openvgpu on the host"

/** guest_too_old - whether the driver in the guest of a vGPU is to be updated */
bool guest_too_old(const struct ovgpu_vgpu *vgpu)
{
	return !strcmp(vgpu->guest_verdict, "guest_too_old");
}

/** host_too_old - whether openvgpu is to be updated on the host for it */
bool host_too_old(const struct ovgpu_vgpu *vgpu)
{
	return !strcmp(vgpu->guest_verdict, "host_too_old");
}

/**
 * note_mismatch - say on standard error which of guest and host is to be updated
 * @vgpu: the vGPU; nothing is said when its driver goes with the host
 */
void note_mismatch(const struct ovgpu_vgpu *vgpu)
{
	if (guest_too_old(vgpu))
		cli_note("vGPU %s: driver %s in its guest is too old for this host: "
			 UPDATE_GUEST, vgpu->uuid,
			 shown(vgpu->guest_driver).text);
	else if (host_too_old(vgpu))
		cli_note("vGPU %s: this host is too old for driver %s in its guest: "
			 UPDATE_HOST, vgpu->uuid,
			 shown(vgpu->guest_driver).text);
}

/**
 * guest_finding - does the driver in the guest of a vGPU go with the module
 * @vgpu: the vGPU
 * @finding: result; nothing when it does
 */
void guest_finding(const struct ovgpu_vgpu *vgpu, struct finding *finding)
{
	if (!guest_too_old(vgpu) && !host_too_old(vgpu))
		return;
	found(finding, FINDING_WARN, "driver %s in its guest is %s",
	      shown(vgpu->guest_driver).text, guest_too_old(vgpu) ?
	      "too old for this host" : "too new for this host");
	advise(finding, guest_too_old(vgpu) ? UPDATE_GUEST : UPDATE_HOST);
}

/**
 * check_guests - do the drivers of guests go with the module
 * @doctor: shared
 * @finding: result
 */
void check_guests(const struct doctor *doctor, struct finding *finding)
{
	const struct ovgpu_vgpu *guest = NULL, *host = NULL;
	size_t count, i, guests = 0, hosts = 0;
	struct ovgpu_vgpu **vgpus;
	char more[48] = "";
	int err;

	err = ovgpu_vgpu_list(doctor->ovgpu, &vgpus, &count);
	if (err) {
		found(finding, FINDING_FAIL, "cannot list the vGPUs: %s",
		      ovgpu_strerror(err));
		return;
	}
	for (i = 0; i < count; i++) {
		if (guest_too_old(vgpus[i]) && !guests++)
			guest = vgpus[i];
		if (host_too_old(vgpus[i]) && !hosts++)
			host = vgpus[i];
	}
	if (guests + hosts > 1)
		snprintf(more, sizeof(more), ", and %zu more do not match",
			 guests + hosts - 1);
	if (host) {
		found(finding, FINDING_WARN,
		      "this host is too old for driver %.40s in the guest of vGPU %s%s",
		      shown(host->guest_driver).text, host->uuid, more);
		advise(finding, UPDATE_HOST);
	} else if (guest) {
		found(finding, FINDING_WARN,
		      "driver %.40s in the guest of vGPU %s is too old for this host%s",
		      shown(guest->guest_driver).text, guest->uuid, more);
		advise(finding, UPDATE_GUEST);
	} else {
		found(finding, FINDING_OK,
		      "no driver in a guest is too old for this host, or too new");
	}
	ovgpu_free(vgpus);
}
