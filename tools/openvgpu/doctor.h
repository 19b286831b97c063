/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor.h - the checks of openvgpu doctor
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "cli.h"

enum finding_state {
	FINDING_OK,
	FINDING_WARN,
	FINDING_FAIL,
};

/**
 * struct finding - what a check found
 * @state: how bad it is
 * @text: what was seen, one line
 * @advice: what to do, one line; empty: nothing
 */
struct finding {
	enum finding_state state;
	char text[OVGPU_TEXT_SIZE];
	char advice[OVGPU_TEXT_SIZE];
};

/**
 * struct doctor - what the checks share
 * @ovgpu: access to the machine
 * @root: path of the root directory
 * @release: release of the running kernel
 */
struct doctor {
	struct ovgpu *ovgpu;
	const char *root;
	char release[OVGPU_NAME_SIZE];
};

/**
 * enum module_place - where a kernel module is
 * @MODULE_ABSENT: the running kernel has none
 * @MODULE_UNKNOWN: there is no list of modules for the running kernel
 * @MODULE_FILE: it can be loaded
 * @MODULE_BUILTIN: part of the kernel
 * @MODULE_LOADED: loaded
 */
enum module_place {
	MODULE_ABSENT,
	MODULE_UNKNOWN,
	MODULE_FILE,
	MODULE_BUILTIN,
	MODULE_LOADED,
};

/**
 * struct report - findings, one after the other
 * @cli: the run
 * @array: with --json: what was found so far
 * @worst: the worst of it
 * @gpu: PCI address of what is looked at; NULL: the machine
 * @uuid: likewise of a vGPU; NULL: the GPU itself
 */
struct report {
	const struct cli *cli;
	struct json_object *array;
	enum finding_state worst;
	const char *gpu;
	const char *uuid;
};

/* doctor.c */
void doctor_begin(struct doctor *doctor, const struct cli *cli);
void doctor_report(const struct cli *cli, struct report *report);

/* health.c */
int health_report(const struct cli *cli, const char *bdf, struct report *report);

/* report.c */
void report_begin(struct report *report, const struct cli *cli);
void report_about(struct report *report, const char *gpu, const char *uuid);
void report_add(struct report *report, const char *check,
		const struct finding *finding);
enum cli_exit report_end(struct report *report);
void found(struct finding *finding, enum finding_state state,
	   const char *format, ...) __attribute__((format(printf, 3, 4)));
void advise(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* doctor_kernel.c: the kernel and its modules */
enum module_place module_find(const struct doctor *doctor, const char *name,
			      char *path, size_t size);
void check_kernel(const struct doctor *doctor, struct finding *finding);
void check_mdev(const struct doctor *doctor, struct finding *finding);
void check_vfio(const struct doctor *doctor, struct finding *finding);
void check_migration(const struct doctor *doctor, struct finding *finding);

/* doctor_module.c: the module openvgpu */
void check_module(const struct doctor *doctor, struct finding *finding);
void check_signature(const struct doctor *doctor, struct finding *finding);

/* doctor_boot.c: what the firmware lets the kernel load */
void check_secure_boot(const struct doctor *doctor, struct finding *finding);

/* doctor_restore.c: what comes back after a restart */
bool restore_unit_installed(const struct doctor *doctor);
void check_restore(const struct doctor *doctor, struct finding *finding);

/* doctor_instances.c: what GPU instances leave to others */
void check_instances(const struct doctor *doctor, struct finding *finding);

/* doctor_modes.c: what GPUs are for */
void check_modes(const struct doctor *doctor, struct finding *finding);

/* doctor_machine.c: the GPU and what is around it */
void check_gpu(const struct doctor *doctor, struct finding *finding);
void check_vfio_device(const struct doctor *doctor, struct finding *finding);
void check_iommu(const struct doctor *doctor, struct finding *finding);
void check_memlock(const struct doctor *doctor, struct finding *finding);

/* guest.c: the drivers of guests */
void guest_finding(const struct ovgpu_vgpu *vgpu, struct finding *finding);
void check_guests(const struct doctor *doctor, struct finding *finding);

/* doctor_tools.c: programs that use vGPUs */
void check_mdevctl(const struct doctor *doctor, struct finding *finding);
void check_qemu(const struct doctor *doctor, struct finding *finding);

#endif /* DOCTOR_H */
