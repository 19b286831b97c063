// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor.c - openvgpu doctor: can this machine run vGPUs, and if not, why
 */
#include <stdarg.h>
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
	{ "vfio_device", check_vfio_device },
	{ "iommu", check_iommu },
	{ "migration", check_migration },
	{ "memlock", check_memlock },
	{ "mdevctl", check_mdevctl },
	{ "restore", check_restore },
	{ "qemu", check_qemu },
	{ "guests", check_guests },
};

static const char *const state_names[] = {
	[FINDING_OK] = "ok", [FINDING_WARN] = "warn", [FINDING_FAIL] = "fail",
};

/**
 * found - record what a check saw
 * @finding: of the check
 * @state: how bad it is
 * @format: printf format of what was seen
 */
void found(struct finding *finding, enum finding_state state,
	   const char *format, ...)
{
	va_list args;

	finding->state = state;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

/**
 * advise - record what to do
 * @finding: of the check
 * @format: printf format
 */
void advise(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->advice, sizeof(finding->advice), format, args);
	va_end(args);
}

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
 * command_doctor - run all checks
 * @cli: the run
 *
 * Return: exit status; 1 if a check failed.
 */
enum cli_exit command_doctor(struct cli *cli)
{
	struct doctor doctor;
	struct json_object *object, *array = NULL, *json;
	enum finding_state worst = FINDING_OK;
	size_t i;

	doctor_begin(&doctor, cli);
	if (cli->json)
		array = json_object_new_array();
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding finding = { 0 };

		checks[i].run(&doctor, &finding);
		if (finding.state > worst)
			worst = finding.state;
		if (cli->json) {
			json = json_object_new_object();
			json_set_text(json, "check", checks[i].id);
			json_set_text(json, "state", state_names[finding.state]);
			json_set_text(json, "text", finding.text);
			json_set_text(json, "advice", finding.advice);
			json_object_array_add(array, json);
			continue;
		}
		printf("%-4s  %-11s  %s\n", state_names[finding.state],
		       checks[i].id, finding.text);
		if (finding.advice[0])
			printf("                   -> %s\n", finding.advice);
	}
	if (cli->json) {
		object = json_start();
		json_set_text(object, "state", state_names[worst]);
		json_set(object, "checks", array);
		json_print(object);
	}
	return worst == FINDING_FAIL ? CLI_FAILURE : CLI_OK;
}
