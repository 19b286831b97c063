// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - findings, one after the other, as lines or as JSON
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

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
 * report_begin - begin a list of findings
 * @report: the result
 * @cli: the run
 */
void report_begin(struct report *report, const struct cli *cli)
{
	memset(report, 0, sizeof(*report));
	report->cli = cli;
	if (cli->json)
		report->array = json_object_new_array();
}

/**
 * report_about - say what the findings that follow are about
 * @report: report
 * @gpu: PCI address; NULL: the machine
 * @uuid: of a vGPU of it; NULL: the GPU itself
 */
void report_about(struct report *report, const char *gpu, const char *uuid)
{
	report->gpu = gpu;
	report->uuid = uuid;
}

/**
 * report_add - add a finding
 * @report: report
 * @check: what was checked
 * @finding: what was found
 */
void report_add(struct report *report, const char *check,
		const struct finding *finding)
{
	struct json_object *json;

	if (finding->state > report->worst)
		report->worst = finding->state;
	if (!report->cli->json) {
		printf("%-4s  %-11s  %s%s%s%s\n", state_names[finding->state],
		       check, report->uuid ? "vGPU " : report->gpu ? "GPU " : "",
		       report->uuid ? report->uuid : report->gpu ? report->gpu : "",
		       report->gpu ? ": " : "", finding->text);
		if (finding->advice[0])
			printf("                   -> %s\n", finding->advice);
		return;
	}
	json = json_object_new_object();
	json_set_text(json, "check", check);
	json_set_text(json, "state", state_names[finding->state]);
	json_set(json, "gpu", report->gpu ? json_text(report->gpu) : NULL);
	json_set(json, "uuid", report->uuid ? json_text(report->uuid) : NULL);
	json_set_text(json, "text", finding->text);
	json_set_text(json, "advice", finding->advice);
	json_object_array_add(report->array, json);
}

/**
 * report_end - print what is not printed yet
 * @report: report
 *
 * Return: exit status; 1 if a check failed.
 */
enum cli_exit report_end(struct report *report)
{
	struct json_object *object;

	if (report->cli->json) {
		object = json_start();
		json_set_text(object, "state", state_names[report->worst]);
		json_set(object, "checks", report->array);
		json_print(object);
	}
	return report->worst == FINDING_FAIL ? CLI_FAILURE : CLI_OK;
}
