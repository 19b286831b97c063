// SPDX-License-Identifier: GPL-2.0-only
/*
 * health.c - openvgpu health: how GPUs and vGPUs are, by what they have counted
 *
 * Looks only; nobody has to stop for it. Whether the machine is set up is doctor's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "hand_over.h"

#define COUNTERS	OVGPU_COUNTER(OVGPU_FAULTS)

/* -------------------------------------------------------------------- GPU */

static void check_state(const struct cli *cli, const char *bdf,
			struct finding *finding)
{
	char state[OVGPU_NAME_SIZE];

	ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, bdf, OVGPU_DRIVER, "state",
			    state, sizeof(state));
	found(finding, !strcmp(state, "up") ? FINDING_OK :
	      !strcmp(state, "dead") ? FINDING_FAIL : FINDING_WARN,
	      "its state is %s", state[0] ? shown(state).text : "unknown");
	if (!strcmp(state, "dead"))
		advise(finding, "shut its VMs down, unbind the driver and bind it again; if it stays so, replace the GPU");
}

/* The sum in a file of PCI's error reporting, whose last line is "TOTAL... N". */
static struct ovgpu_value errors(const struct cli *cli, const char *bdf,
				 const char *name)
{
	char text[OVGPU_ATTRIBUTE_SIZE], *at;
	struct ovgpu_value value = { 0 };

	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, text, sizeof(text),
		   "bus/pci/devices/%s/aer_dev_%s", bdf, name);
	at = strstr(text, "TOTAL");
	at = at ? strchr(at, ' ') : NULL;
	if (at) {
		at[1 + strcspn(at + 1, "\n")] = '\0';
		value.known = !ovgpu_number_parse(at + 1, &value.number);
	}
	return value;
}

static void check_link(const struct cli *cli, const char *bdf,
		       struct finding *finding)
{
	struct ovgpu_value fatal = errors(cli, bdf, "fatal");
	struct ovgpu_value other = errors(cli, bdf, "nonfatal");
	struct ovgpu_value corrected = errors(cli, bdf, "correctable");
	char width[OVGPU_NAME_SIZE], most[OVGPU_NAME_SIZE];
	uint64_t now = 0, max = 0;

	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, width, sizeof(width),
		   "bus/pci/devices/%s/current_link_width", bdf);
	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, most, sizeof(most),
		   "bus/pci/devices/%s/max_link_width", bdf);
	ovgpu_number_parse(width, &now);
	ovgpu_number_parse(most, &max);
	if (fatal.number || other.number) {
		found(finding, fatal.number ? FINDING_FAIL : FINDING_WARN,
		      "PCI errors since the machine started: %s fatal, %s others, %s corrected",
		      show_value(fatal).text, show_value(other).text,
		      show_value(corrected).text);
		advise(finding, "look for AER in the kernel's log; seat the card anew, or replace it");
	} else if (now && now < max) {
		found(finding, FINDING_WARN, "its link has %s lanes of %s",
		      shown(width).text, shown(most).text);
		advise(finding, "the slot may have fewer; else seat the card anew");
	} else {
		found(finding, FINDING_OK, "PCI errors that were corrected: %s",
		      show_value(corrected).text);
	}
}

/* ------------------------------------------------------------------- vGPU */

static void check_faults(const struct cli *cli, const struct ovgpu_vgpu *vgpu,
			 struct finding *finding)
{
	char name[OVGPU_NAME_SIZE];
	struct ovgpu_sched_vgpu *sched;
	struct ovgpu_value faults;

	if (ovgpu_sched_vgpu_get(cli->ovgpu, vgpu->uuid, COUNTERS, false, &sched))
		return;
	faults = ovgpu_sched_vgpu_counter(sched, OVGPU_FAULTS);
	ovgpu_attribute_get(cli->ovgpu, OVGPU_VGPU, vgpu->uuid, OVGPU_DRIVER,
			    "last_fault_name", name, sizeof(name));
	if (!strcmp(vgpu->state, "dead")) {
		found(finding, FINDING_FAIL, "its GPU is dead");
	} else if (!strcmp(sched->state, "faulted")) {
		found(finding, FINDING_FAIL,
		      "it hung too often, and gets no more turns");
		advise(finding, "look at what its guest runs, and restart that VM if it can't reset the vGPU itself");
	} else if (faults.number) {
		found(finding, FINDING_WARN, "faults since it was created: %s%s%s",
		      show_value(faults).text, name[0] ? "; the last one: " : "",
		      shown(name).text);
		advise(finding, "faults.md in the documentation says what each means");
	}
	ovgpu_free(sched);
}

static void check_owner(const struct cli *cli, const struct ovgpu_vgpu *vgpu,
			struct finding *finding)
{
	(void)cli;
	if (!vgpu->owner_ended)
		return;
	found(finding, FINDING_WARN,
	      "process %d, which opened it, has ended, and something keeps it open",
	      vgpu->owner_pid);
	advise(finding, "look for what it shared files or memory with: fuser /dev/vfio/%d",
	       vgpu->iommu_group);
}

static void check_guest(const struct cli *cli, const struct ovgpu_vgpu *vgpu,
			struct finding *finding)
{
	(void)cli;
	guest_finding(vgpu, finding);
}

static void check_memory(const struct cli *cli, const struct ovgpu_vgpu *vgpu,
			 struct finding *finding)
{
	static const struct {
		const char *name;
		const char *text;
		const char *advice;
	} counters[] = {
		{ "violations", "accesses outside its memory that the GPU refused",
		  "its guest is faulty, or hostile" },
		{ "memory_refused", "mappings of guest memory that failed for want of locked memory",
		  "raise the limit of locked memory of its VM" },
	};
	char text[OVGPU_NAME_SIZE];
	uint64_t number;
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		ovgpu_attribute_get(cli->ovgpu, OVGPU_VGPU, vgpu->uuid, "stats",
				    counters[i].name, text, sizeof(text));
		if (ovgpu_number_parse(text, &number) || !number)
			continue;
		found(finding, FINDING_WARN, "%s: %llu", counters[i].text,
		      (unsigned long long)number);
		advise(finding, "%s", counters[i].advice);
		return;
	}
}

/* Of these only what is not well is told. */
static const struct {
	const char *id;
	void (*run)(const struct cli *cli, const struct ovgpu_vgpu *vgpu,
		    struct finding *finding);
} vgpu_checks[] = {
	{ "faults", check_faults },
	{ "owner", check_owner },
	{ "guest", check_guest },
	{ "memory", check_memory },
};

/* ------------------------------------------------------------------ report */

static void look_at_vgpus(const struct cli *cli, struct report *report,
			  const char *bdf, struct ovgpu_vgpu *const *vgpus)
{
	struct finding all = { 0 };
	unsigned int count = 0, ill = 0;
	bool well;
	size_t i;

	for (; *vgpus; vgpus++) {
		if (strcmp((*vgpus)->gpu, bdf))
			continue;
		count++;
		well = true;
		report_about(report, bdf, (*vgpus)->uuid);
		for (i = 0; i < sizeof(vgpu_checks) / sizeof(vgpu_checks[0]); i++) {
			struct finding finding = { 0 };

			vgpu_checks[i].run(cli, *vgpus, &finding);
			if (finding.state == FINDING_OK)
				continue;
			report_add(report, vgpu_checks[i].id, &finding);
			well = false;
		}
		ill += !well;
	}
	report_about(report, bdf, NULL);
	found(&all, FINDING_OK, "vGPUs that are well: %u of %u", count - ill, count);
	report_add(report, "vgpus", &all);
}

static void look_at_gpu(const struct cli *cli, struct report *report,
			const char *bdf, struct ovgpu_vgpu *const *vgpus)
{
	struct finding state = { 0 }, link = { 0 };

	report_about(report, bdf, NULL);
	check_state(cli, bdf, &state);
	report_add(report, "state", &state);
	check_link(cli, bdf, &link);
	report_add(report, "link", &link);
	look_at_vgpus(cli, report, bdf, vgpus);
}

/**
 * health_report - how GPUs and vGPUs are
 * @cli: the run
 * @bdf: of the GPU; NULL: all
 * @report: receives it
 *
 * Return: 0, -ENOENT when there is no such GPU, or another negative errno.
 */
int health_report(const struct cli *cli, const char *bdf, struct report *report)
{
	struct ovgpu_vgpu **vgpus;
	struct ovgpu_gpu **gpus;
	struct finding none = { 0 };
	size_t count, n, i, seen = 0;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return err;
	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &n);
	for (i = 0; !err && i < count; i++) {
		if (bdf && strcmp(gpus[i]->bdf, bdf))
			continue;
		look_at_gpu(cli, report, gpus[i]->bdf, vgpus);
		seen++;
	}
	report_about(report, NULL, NULL);
	if (!err && !count && !bdf) {
		found(&none, FINDING_WARN, "no GPU is bound to the driver openvgpu");
		advise(&none, "openvgpu doctor");
		report_add(report, "state", &none);
	}
	ovgpu_free(gpus);
	ovgpu_free(vgpus);
	return err ? err : bdf && !seen ? -ENOENT : 0;
}

/**
 * command_health - look how GPUs and vGPUs are
 * @cli: the run; its argument is a PCI address, or none
 *
 * Return: exit status; 1 if something does not work.
 */
enum cli_exit command_health(struct cli *cli)
{
	char bdf[OVGPU_BDF_SIZE] = "";
	struct report report;
	int err;

	if (cli->argument && ovgpu_bdf_parse(cli->argument, bdf))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not a PCI address, as 0000:3b:00.0",
				shown(cli->argument).text);
	report_begin(&report, cli);
	err = health_report(cli, bdf[0] ? bdf : NULL, &report);
	if (!err)
		return report_end(&report);
	json_object_put(report.array);
	return err == -ENOENT ? cli_fail_no_gpu(cli, bdf) :
	       cli_fail_errno(cli, err, "look at the GPUs");
}
