// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor.c - openvgpu doctor: can this machine run vGPUs, and if not, why
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"

/* In the order in which a user has to get things right. */
static const struct {
	const char *id;
	void (*run)(const struct doctor *doctor, struct finding *finding);
} checks[] = {
	{ "kernel", check_kernel },
	{ "mdev", check_mdev },
	{ "vfio", check_vfio },
	{ "module", check_module },
	{ "signature", check_signature },
	{ "secure_boot", check_secure_boot },
	{ "gpu", check_gpu },
	{ "instances", check_instances },
	{ "modes", check_modes },
	{ "vfio_device", check_vfio_device },
	{ "iommu", check_iommu },
	{ "migration", check_migration },
	{ "memlock", check_memlock },
	{ "mdevctl", check_mdevctl },
	{ "restore", check_restore },
	{ "qemu", check_qemu },
	{ "guests", check_guests },
};

/**
 * doctor_begin - what the checks share
 * @doctor: the result
 * @cli: the run
 */
void doctor_begin(struct doctor *doctor, const struct cli *cli)
{
	memset(doctor, 0, sizeof(*doctor));
	doctor->ovgpu = cli->ovgpu;
	doctor->root = cli->root;
	ovgpu_read(cli->ovgpu, OVGPU_PROC, doctor->release,
		   sizeof(doctor->release), "sys/kernel/osrelease");
}

/**
 * doctor_report - run all checks
 * @cli: the run
 * @report: receives what they find
 */
void doctor_report(const struct cli *cli, struct report *report)
{
	struct doctor doctor;
	size_t i;

	doctor_begin(&doctor, cli);
	report_about(report, NULL, NULL);
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding finding = { 0 };

		checks[i].run(&doctor, &finding);
		report_add(report, checks[i].id, &finding);
	}
}

/**
 * command_doctor - run all checks
 * @cli: the run
 *
 * Return: exit status; 1 if a check failed.
 */
enum cli_exit command_doctor(struct cli *cli)
{
	struct report report;

	report_begin(&report, cli);
	doctor_report(cli, &report);
	return report_end(&report);
}
