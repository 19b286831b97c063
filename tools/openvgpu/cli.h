/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli.h - what the parts of the openvgpu command share
 */
#ifndef CLI_H
#define CLI_H

#include <json-c/json.h>
#include <openvgpu.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "files.h"

#define OUTPUT_VERSION	1	/* of the JSON output; keys only ever join */

/* Exit status. Part of the interface: openvgpu --help lists them. */
enum cli_exit {
	CLI_OK		= 0,
	CLI_FAILURE	= 1,
	CLI_USAGE	= 2,
	CLI_NOT_FOUND	= 3,
	CLI_BUSY	= 4,
	CLI_NO_CAPACITY	= 5,
	CLI_OUTPUT	= 6,
	CLI_INCOMPATIBLE = 7,
	CLI_LAST = CLI_INCOMPATIBLE,	/* higher ones are not of openvgpu */
};

/* Which options a command takes beside --json and --help. */
enum cli_option {
	OPTION_UUID	= 1 << 0,
	OPTION_GPU	= 1 << 1,
	OPTION_FORCE	= 1 << 2,
	OPTION_ONCE	= 1 << 3,
	OPTION_INTERVAL	= 1 << 4,
	OPTION_SORT	= 1 << 5,
	OPTION_CONFIG	= 1 << 6,
	OPTION_DRY_RUN	= 1 << 7,
	OPTION_OUTPUT	= 1 << 8,
	OPTION_TYPE	= 1 << 9,
	OPTION_QUIET	= 1 << 10,
	OPTION_COLUMNS	= 1 << 11,
	OPTION_NO_LEGEND = 1 << 12,
	OPTION_QEMU	= 1 << 13,
	OPTION_LIBVIRT	= 1 << 14,
	OPTION_TO	= 1 << 15,
	OPTION_NAME	= 1 << 16,
	OPTION_NO_VGPUS	= 1 << 17,
	OPTION_COMPUTE	= 1 << 18,
	OPTION_FOLLOW	= 1 << 19,
	OPTION_HOSTS	= 1 << 20,
	OPTION_FIRMWARE	= 1 << 21,
	OPTION_DAYS	= 1 << 22,
};

/* Of --sort, in the order of enum top_key. */
#define TOP_KEYS	"share wait longest framebuffer uuid"

/* Of --to. */
#define TO_WHOM	"vfio-pci host"

/* Of --interval. */
#define INTERVAL_MIN_MS		50
#define INTERVAL_MAX_MS		60000
#define INTERVAL_DEFAULT_MS	1000

/* Of --days. */
#define DAYS_MAX		90

/**
 * struct cli - one run of the command
 * @ovgpu: access to the machine
 * @root: path of the root directory
 * @json: --json was given
 * @force: --force was given
 * @uuid: of --uuid; NULL: not given
 * @gpu: of --gpu, checked and completed; empty: not given
 * @once: --once was given
 * @interval_ms: of --interval, checked
 * @sort: of --sort; NULL: not given
 * @config: of --config; NULL: not given
 * @dry_run: --dry-run was given
 * @output: of --output; NULL: not given
 * @type: of --type, checked and completed; empty: not given
 * @quiet: --quiet was given
 * @columns: of --columns; NULL: not given
 * @no_legend: --no-legend was given
 * @qemu: --qemu was given
 * @libvirt: --libvirt was given
 * @to: of --to, one of TO_WHOM; NULL: not given
 * @no_vgpus: --no-vgpus was given
 * @name: of --name; NULL: not given
 * @compute: of --compute, as "2,1,1"; NULL: not given
 * @follow: --follow was given
 * @hosts: of --hosts; NULL: not given
 * @firmware: --firmware was given
 * @days: of --days, checked; 0: not given
 * @argument: the first argument of the command; NULL: none
 * @arguments: all of them
 * @argument_count: their number
 */
struct cli {
	struct ovgpu *ovgpu;
	const char *root;
	bool json;
	bool force;
	const char *uuid;
	char gpu[OVGPU_BDF_SIZE];
	bool once;
	unsigned int interval_ms;
	const char *sort;
	const char *config;
	bool dry_run;
	const char *output;
	char type[OVGPU_NAME_SIZE];
	bool quiet;
	const char *columns;
	bool no_legend;
	bool qemu;
	bool libvirt;
	const char *to;
	bool no_vgpus;
	const char *name;
	const char *compute;
	bool follow;
	const char *hosts;
	bool firmware;
	unsigned int days;
	const char *argument;
	char **arguments;
	int argument_count;
};

/* The commands, each in the file of its name (sched show in sched_show.c). */
enum cli_exit command_list(struct cli *cli);
enum cli_exit command_types(struct cli *cli);
enum cli_exit command_create(struct cli *cli);
enum cli_exit command_remove(struct cli *cli);
enum cli_exit command_restore(struct cli *cli);
enum cli_exit command_show(struct cli *cli);
enum cli_exit command_doctor(struct cli *cli);
enum cli_exit command_health(struct cli *cli);
enum cli_exit command_diag(struct cli *cli);
enum cli_exit command_fleet(struct cli *cli);
enum cli_exit command_bridge(struct cli *cli);
enum cli_exit command_stats_start(struct cli *cli);
enum cli_exit command_stats_stop(struct cli *cli);
enum cli_exit command_sched_show(struct cli *cli);
enum cli_exit command_set(struct cli *cli);
void command_set_help(void);
enum cli_exit command_settings(struct cli *cli);
enum cli_exit command_mode_show(struct cli *cli);
enum cli_exit command_mode_set(struct cli *cli);
enum cli_exit command_sched_set(struct cli *cli);
void command_sched_set_help(void);
enum cli_exit command_sched_log(struct cli *cli);
enum cli_exit command_top(struct cli *cli);
enum cli_exit command_apply(struct cli *cli);
enum cli_exit command_assert(struct cli *cli);
enum cli_exit command_export(struct cli *cli);
enum cli_exit command_metrics(struct cli *cli);
enum cli_exit command_events(struct cli *cli);
enum cli_exit command_callout(struct cli *cli);
enum cli_exit command_hand_over(struct cli *cli);
enum cli_exit command_take_back(struct cli *cli);
enum cli_exit command_instance_list(struct cli *cli);
enum cli_exit command_instance_profiles(struct cli *cli);
enum cli_exit command_instance_create(struct cli *cli);
enum cli_exit command_instance_remove(struct cli *cli);
enum cli_exit command_instance_plan(struct cli *cli);
enum cli_exit command_entitlement_status(struct cli *cli);
enum cli_exit command_entitlement_import(struct cli *cli);
enum cli_exit command_entitlement_borrow(struct cli *cli);
enum cli_exit command_entitlement_return(struct cli *cli);
enum cli_exit command_entitlement_agent(struct cli *cli);

enum cli_exit command_migration_describe(struct cli *cli);
enum cli_exit command_migration_check(struct cli *cli);

/* Of a kernel, for openvgpu migration and openvgpu doctor. */
#define NO_DMA_LOGGING	\
	"has no device DMA logging: QEMU migrates only with -device vfio-pci,...,enable-migration=on"

/* doctor_module.c */
void note_abi(const struct cli *cli);
enum cli_exit command_complete(struct cli *cli);

/* show.c */
typedef enum cli_exit (*cli_show_fn)(const struct cli *cli, const char *name);
enum cli_exit cli_show_object(struct cli *cli, cli_show_fn vgpu,
			      cli_show_fn gpus);

/* show_vm.c */
enum cli_exit show_for_vm(const struct cli *cli, const char *uuid);

/* output.c */

/**
 * struct shown - text from outside in a form that is safe to print
 * @text: printable ASCII; other bytes as \xNN, the rest cut. Holds the longest
 *	last_error of the driver.
 */
struct shown {
	char text[320];
};

struct shown shown(const char *text);
enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code,
		       const char *format, ...)
	__attribute__((format(printf, 3, 4)));
enum cli_exit cli_fail_errno(const struct cli *cli, int err, const char *what);
enum cli_exit cli_fail_vgpu(const struct cli *cli, int err, const char *uuid);
enum cli_exit cli_fail_no_gpu(const struct cli *cli, const char *bdf);
enum cli_exit cli_exit_of_errno(int err);
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_note_no_gpu(const struct cli *cli);

struct json_object *json_start(void);
struct json_object *json_text(const char *text);
void json_set(struct json_object *object, const char *key,
	      struct json_object *value);
void json_set_text(struct json_object *object, const char *key,
		   const char *text);
void json_set_number(struct json_object *object, const char *key,
		     uint64_t number);
void json_set_value(struct json_object *object, const char *key,
		    struct ovgpu_value value);
struct json_object *json_error(enum cli_exit code, const char *text);
void json_write(struct json_object *object, FILE *stream);
void json_print(struct json_object *object);
void json_print_line(struct json_object *object);

/* json_read.c */
int json_read(int fd, size_t max, struct json_object **object, char *wrong,
	      size_t size);

/* table.c */
#define TABLE_COLUMNS	16

/**
 * struct table - rows for people
 * @columns: number of columns
 * @width: of each column, characters
 * @cells: row by row
 * @rows: number of rows, the header is one
 * @order: the columns to print
 * @chosen: how many; 0: all, in their order
 * @no_header: print the rows behind the header only
 */
struct table {
	unsigned int columns;
	int width[TABLE_COLUMNS];
	struct shown *cells;
	size_t rows;
	unsigned int order[TABLE_COLUMNS];
	unsigned int chosen;
	bool no_header;
};

void table_row(struct table *table, unsigned int columns, ...);
enum cli_exit table_choose(const struct cli *cli, struct table *table,
			   const char *by_default);
void table_print(struct table *table);
void table_free(struct table *table);

/* output.c */
struct shown show_size(uint64_t bytes);
struct shown show_time(uint64_t ns);
struct shown show_value(struct ovgpu_value value);
struct shown show_utc(uint64_t ns);
uint64_t cli_now(clockid_t clock);
struct shown show_value_time(struct ovgpu_value ns);
struct shown show_owner(const struct ovgpu_vgpu *vgpu);

/* set.c */
bool cli_is_choice(const char *choices, const char *value);
enum cli_exit cli_only_gpu(const struct cli *cli, char *bdf);

/* sched_show.c */
struct ovgpu_value cap_in_force(const struct ovgpu_sched_vgpu *sched);

/* settings.c */
struct shown show_numbers(const struct ovgpu_setting *setting);

/* uuid.c */
bool cli_uuid(const struct cli *cli, const char *text, char *uuid,
	      enum cli_exit *code);

/* suggest.c */

/**
 * struct suggestion - looking for the name that was meant
 * @word: what was typed
 * @prefix: stands before all names; may be NULL
 * @best: the name nearest to it; empty: none is near
 * @letters: how many letters differ
 */
struct suggestion {
	const char *word;
	const char *prefix;
	char best[OVGPU_NAME_SIZE];
	unsigned int letters;
};

void suggest_try(struct suggestion *suggestion, const char *name);
struct shown suggest_text(const struct suggestion *suggestion);

/* follow.c */
#define CLI_FOREVER	UINT64_MAX

enum cli_waited {
	WAITED_READY,	/* there is something to read */
	WAITED_TIME,	/* the time is up */
	WAITED_END,	/* it was stopped, or nobody reads the output */
};

int cli_end_signals(void);
enum cli_waited cli_wait(int fd, int signals, uint64_t until);

/* output_file.c */
typedef int (*cli_write_fn)(const void *what, FILE *stream);
enum cli_exit cli_write_file(const struct cli *cli, const char *name,
			     cli_write_fn write_output, const void *what);

/* kept.c: settings that are written down, to be set again */
typedef void (*kept_fn)(void *data, const struct ovgpu_setting *setting,
			const char *value);
int kept_of_gpu(const struct cli *cli, const char *bdf, kept_fn callback,
		void *data);
int kept_of_instance(const struct cli *cli, const struct ovgpu_instance *instance,
		     kept_fn callback, void *data);
int kept_of_vgpu(const struct cli *cli, const struct ovgpu_vgpu *vgpu,
		 kept_fn callback, void *data);

/* guest.c: drivers of guests that do not go with the host */
bool guest_too_old(const struct ovgpu_vgpu *vgpu);
bool host_too_old(const struct ovgpu_vgpu *vgpu);
void note_mismatch(const struct ovgpu_vgpu *vgpu);

/* bars.c */
struct json_object *bars_json(const struct cli *cli, const char *bdf);
void bars_print(const struct cli *cli, const char *bdf);

/* objects.c: GPUs, types and vGPUs as JSON */
const char *type_suffix(const char *id);
const char *type_series(const struct ovgpu_type *type);
struct json_object *type_json(const struct ovgpu_type *type);
struct json_object *vgpu_json(const struct cli *cli,
			      const struct ovgpu_vgpu *vgpu);
struct json_object *
attributes_json(struct ovgpu_attribute *const *attributes, size_t count);
bool description_value(const char *description, const char *key, char *value,
		       size_t size);

#endif /* CLI_H */
