/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openvgpu.h - libopenvgpu: GPUs, types and vGPUs of the openvgpu driver
 *
 * Functions return 0 or a negative errno; ovgpu_strerror() words it. Nothing
 * here prints, ends the process or keeps global state: a handle may be used by
 * any number of threads at once, and an object by one at a time.
 *
 * What the library allocates is one block: ovgpu_free() gives back a list with
 * all that is in it. Lists end with NULL. Structures grow at their end, and
 * enumerations too: never take the size of a structure, and never count on an
 * enumeration being complete.
 *
 * Every name that becomes part of a path has to go through one of the parse
 * functions first; what is no such name is -EINVAL.
 */
#ifndef OPENVGPU_H
#define OPENVGPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OVGPU_DRIVER		"openvgpu"
#define OVGPU_TYPE_PREFIX	OVGPU_DRIVER "-"

/* Sizes of texts, with the final NUL. They stay what they are. */
#define OVGPU_UUID_SIZE		37
#define OVGPU_BDF_SIZE		20	/* PCI domains may have 8 digits */
#define OVGPU_NAME_SIZE		64
#define OVGPU_TEXT_SIZE		512
#define OVGPU_ATTRIBUTE_SIZE	4097	/* sysfs gives a page at most */

struct ovgpu;

/* ---------------------------------------------------------------- handle */

int ovgpu_open(struct ovgpu **handle, const char *sysfs, const char *proc,
	       const char *root);
int ovgpu_open_remote(struct ovgpu **handle, const char *url);
void ovgpu_close(struct ovgpu *ovgpu);
void ovgpu_free(void *memory);
const char *ovgpu_strerror(int err);
const char *ovgpu_version(void);

/**
 * enum ovgpu_tree - the directory trees facts are read from
 * @OVGPU_SYSFS: sysfs
 * @OVGPU_PROC: procfs
 * @OVGPU_ROOT: the root file system (configuration, modules, devices)
 */
enum ovgpu_tree {
	OVGPU_SYSFS,
	OVGPU_PROC,
	OVGPU_ROOT,
};

int ovgpu_dirfd(const struct ovgpu *ovgpu, enum ovgpu_tree tree);

/* ----------------------------------------------------------------- names */

int ovgpu_uuid_parse(const char *text, char *uuid);
int ovgpu_uuid_generate(char *uuid);
int ovgpu_bdf_parse(const char *text, char *bdf);
int ovgpu_type_parse(const char *text, char *id);
int ovgpu_number_parse(const char *text, uint64_t *number);
int ovgpu_host_check(const char *host);

/* --------------------------------------------------- GPUs, types and vGPUs */

/**
 * enum ovgpu_object - what has attributes
 * @OVGPU_GPU: a physical GPU, named by its PCI address
 * @OVGPU_VGPU: a vGPU, named by its UUID
 * @OVGPU_INSTANCE: a GPU instance, named by the PCI address of its GPU, a slash
 *	and its number, as ovgpu_instance_path() gives it
 */
enum ovgpu_object {
	OVGPU_GPU,
	OVGPU_VGPU,
	OVGPU_INSTANCE,
};

/**
 * struct ovgpu_value - a number that may not be there
 * @known: it is
 * @number: what it is
 *
 * What a module does not have (an older one, a GPU without engine) is unknown,
 * not an error.
 */
struct ovgpu_value {
	bool known;
	uint64_t number;
};

/**
 * struct ovgpu_gpu - one physical GPU bound to the driver
 * @bdf: PCI address
 * @vgpus: how many vGPUs it has
 * @compute_slices: compute slices it is divided into; 1 where it is not divisible
 * @memory_slices: likewise of its video memory
 * @pool_slices: compute slices that no GPU instance has
 * @pool_slices_min: compute slices that GPU instances leave
 * @max_instances: GPU instances it can have at once; 0: it is not divisible
 * @uuid: a UUID made of vendor, device and serial number: the same in every slot
 *	and machine; empty: the GPU has no serial number, or the module is older
 */
struct ovgpu_gpu {
	char bdf[OVGPU_BDF_SIZE];
	unsigned int vgpus;
	struct ovgpu_value compute_slices;
	struct ovgpu_value memory_slices;
	struct ovgpu_value pool_slices;
	struct ovgpu_value pool_slices_min;
	struct ovgpu_value max_instances;
	char uuid[OVGPU_UUID_SIZE];
};

/**
 * struct ovgpu_type - one vGPU type of one GPU
 * @gpu: PCI address of the GPU
 * @id: directory name, as "openvgpu-1q"
 * @name: name for people, as "OpenVGPU REFGPU-1Q"
 * @device_api: "vfio-pci"
 * @description: "key=value, key=value"
 * @available: how many more can be created now
 * @framebuffer: bytes, from @description; 0 when it does not say
 * @compute_slices: of the GPU instance that such a vGPU gets or joins; 0: it
 *	shares the pool
 * @why_unavailable: why none can be created now; empty: one can, or the driver
 *	does not say
 */
struct ovgpu_type {
	char gpu[OVGPU_BDF_SIZE];
	char id[OVGPU_NAME_SIZE];
	char name[OVGPU_NAME_SIZE];
	char device_api[OVGPU_NAME_SIZE];
	char description[OVGPU_TEXT_SIZE];
	unsigned int available;
	uint64_t framebuffer;
	unsigned int compute_slices;
	char why_unavailable[OVGPU_TEXT_SIZE];
};

/**
 * struct ovgpu_vgpu - one vGPU
 * @uuid: its name, lower case
 * @gpu: PCI address of its GPU
 * @type: id of its type
 * @type_name: name of its type, for people
 * @state: as the driver words it; empty when it does not say
 * @owner_pid: process that has it open, 0: none
 * @owner_name: that process' short name; empty when it can't be known, as in a
 *	container, where procfs has other processes by the same numbers
 * @iommu_group: number of its VFIO group, -1: none
 * @owner_ended: the process of @owner_pid has ended, and something that it
 *	shared files or memory with keeps the vGPU open
 * @guest_driver: version of the driver of its guest, as that says; empty when
 *	it says nothing, or the module is too old to know
 * @guest_interface: versions of the interface that this driver can work with, as
 *	"1.0-1.2"
 * @guest_verdict: whether the module has one of these, as it words it: "ok",
 *	"guest_too_old", "host_too_old"
 * @instance: number of its GPU instance, 0: it shares the pool, which is all of a
 *	GPU that is not divisible; unknown with an older module
 * @compute_slices: compute slices that work for its queue, now
 * @compute_instance: number of the instance whose queue it is in: @instance, or a
 *	compute instance of that; unknown with an older module
 * @tenant: whose it is; empty: nobody said, or the module is older
 * @notice: why it has ceilings, as the driver words it: "grace" or "limited"; empty:
 *	for no reason
 */
struct ovgpu_vgpu {
	char uuid[OVGPU_UUID_SIZE];
	char gpu[OVGPU_BDF_SIZE];
	char type[OVGPU_NAME_SIZE];
	char type_name[OVGPU_NAME_SIZE];
	char state[OVGPU_NAME_SIZE];
	pid_t owner_pid;
	char owner_name[OVGPU_NAME_SIZE];
	int iommu_group;
	bool owner_ended;
	char guest_driver[OVGPU_NAME_SIZE];
	char guest_interface[OVGPU_NAME_SIZE];
	char guest_verdict[OVGPU_NAME_SIZE];
	struct ovgpu_value instance;
	struct ovgpu_value compute_slices;
	struct ovgpu_value compute_instance;
	char tenant[OVGPU_NAME_SIZE];
	char notice[OVGPU_NAME_SIZE];
};

/**
 * struct ovgpu_vm - the virtual machine that has a vGPU open
 * @name: its name; empty: unknown
 * @uuid: its UUID; empty: unknown
 * @libvirt: libvirt says so; else the process itself does
 */
struct ovgpu_vm {
	char name[OVGPU_TEXT_SIZE];
	char uuid[OVGPU_UUID_SIZE];
	bool libvirt;
};

int ovgpu_gpu_list(const struct ovgpu *ovgpu, struct ovgpu_gpu ***gpus,
		   size_t *count);
int ovgpu_type_list(const struct ovgpu *ovgpu, const char *bdf,
		    struct ovgpu_type ***types, size_t *count);
int ovgpu_vgpu_list(const struct ovgpu *ovgpu, struct ovgpu_vgpu ***vgpus,
		    size_t *count);
int ovgpu_vgpu_get(const struct ovgpu *ovgpu, const char *uuid,
		   struct ovgpu_vgpu **vgpu);
int ovgpu_vm_get(const struct ovgpu *ovgpu, const struct ovgpu_vgpu *vgpu,
		 struct ovgpu_vm **vm);
int ovgpu_create(const struct ovgpu *ovgpu, const char *bdf, const char *type,
		 const char *uuid, char *reason, size_t size);
int ovgpu_remove(const struct ovgpu *ovgpu, const char *uuid);
int ovgpu_remove_idle(const struct ovgpu *ovgpu, const char *uuid);

/* ---------------------------------------------------------- GPU instances */

/**
 * struct ovgpu_instance - one GPU instance: compute slices and video memory that
 *	its vGPUs have for themselves
 * @gpu: PCI address of its GPU
 * @id: its number, from 1
 * @name: its name
 * @profile: its shape, as "4g.512m"
 * @compute_mask: a bit for each of its compute slices
 * @compute_slices: their number
 * @memory_first: its first memory slice
 * @memory_slices: their number
 * @framebuffer: its video memory, bytes; 0: unknown
 * @reserved: it stays when its last vGPU goes
 * @vgpus: how many vGPUs it has
 * @scheduler: the policy that shares it out among these; empty when unknown
 * @timeslice_us: the length of their slices
 * @busy_ns: time that work of its own queue was executing
 * @idle_ns: time that it was not
 */
struct ovgpu_instance {
	char gpu[OVGPU_BDF_SIZE];
	unsigned int id;
	char name[OVGPU_NAME_SIZE];
	char profile[OVGPU_NAME_SIZE];
	uint32_t compute_mask;
	unsigned int compute_slices;
	unsigned int memory_first;
	unsigned int memory_slices;
	uint64_t framebuffer;
	bool reserved;
	unsigned int vgpus;
	char scheduler[OVGPU_NAME_SIZE];
	struct ovgpu_value timeslice_us;
	struct ovgpu_value busy_ns;
	struct ovgpu_value idle_ns;
};

/**
 * struct ovgpu_queue - a queue over the memory of a GPU instance, which mostly has one
 * @id: number of the instance that it belongs to: the GPU instance itself, or a
 *	compute instance of that
 * @name: of that instance
 * @compute_mask: a bit for each compute slice that works for it
 * @compute_slices: their number
 * @vgpus: how many vGPUs are in it
 * @scheduler: the policy that shares it out among these; empty when unknown
 * @timeslice_us: the length of their slices
 * @busy_ns: time that its work was executing
 * @idle_ns: time that it was not
 */
struct ovgpu_queue {
	unsigned int id;
	char name[OVGPU_NAME_SIZE];
	uint32_t compute_mask;
	unsigned int compute_slices;
	unsigned int vgpus;
	char scheduler[OVGPU_NAME_SIZE];
	struct ovgpu_value timeslice_us;
	struct ovgpu_value busy_ns;
	struct ovgpu_value idle_ns;
};

/**
 * struct ovgpu_profile - a shape that GPU instances of a GPU can have
 * @name: as "4g.512m"
 * @compute_slices: compute slices
 * @memory_slices: memory slices
 * @framebuffer: video memory, bytes
 * @available: how many of it can be created now, with nothing else in between
 * @usual: it has no more memory than goes with its compute slices
 */
struct ovgpu_profile {
	char name[OVGPU_NAME_SIZE];
	unsigned int compute_slices;
	unsigned int memory_slices;
	uint64_t framebuffer;
	unsigned int available;
	bool usual;
};

/**
 * enum ovgpu_plan_kind - what a step of a plan says
 * @OVGPU_PLAN_PLACE: the request gets a place
 * @OVGPU_PLAN_MOVE_VGPU: for that, a vGPU that nobody has open moves
 * @OVGPU_PLAN_MOVE_INSTANCE: for that, a GPU instance moves with all its vGPUs
 * @OVGPU_PLAN_REFUSE: the request gets none
 * @OVGPU_PLAN_OBSTACLE: and this open vGPU is in its way
 */
enum ovgpu_plan_kind {
	OVGPU_PLAN_PLACE,
	OVGPU_PLAN_MOVE_VGPU,
	OVGPU_PLAN_MOVE_INSTANCE,
	OVGPU_PLAN_REFUSE,
	OVGPU_PLAN_OBSTACLE,
};

/**
 * struct ovgpu_plan_step - one step of a plan
 * @kind: what it says
 * @request: which request it is for, from 0
 * @name: the request, with its full name: a profile, or the id of a type
 * @err: why it is refused, a negative errno; 0: it is not
 * @reason: likewise in words; empty: it is not
 * @instance: number of the GPU instance: the new one, the one that a new vGPU
 *	joins, the one that moves, or that the vGPU is in; 0: none
 * @made: the GPU instance is new
 * @uuid: the vGPU that moves, or is in the way; empty: none, or one that an
 *	earlier request of the plan creates
 * @compute_mask: compute slices of @instance; 0: none
 * @compute_mask_before: of a GPU instance that moves: as they are now
 * @offset: first byte, in video memory, of what is placed or moves
 * @offset_before: of what moves: as it is now
 * @size: its bytes
 */
struct ovgpu_plan_step {
	enum ovgpu_plan_kind kind;
	unsigned int request;
	char name[OVGPU_NAME_SIZE];
	int err;
	char reason[OVGPU_TEXT_SIZE];
	unsigned int instance;
	bool made;
	char uuid[OVGPU_UUID_SIZE];
	uint32_t compute_mask;
	uint32_t compute_mask_before;
	uint64_t offset;
	uint64_t offset_before;
	uint64_t size;
};

int ovgpu_instance_list(const struct ovgpu *ovgpu, const char *bdf,
			struct ovgpu_instance ***instances, size_t *count);
int ovgpu_instance_path(const char *bdf, unsigned int id, char *path,
			size_t size);
int ovgpu_instance_create(const struct ovgpu *ovgpu, const char *bdf,
			  const char *profile, const char *name,
			  const char *compute, unsigned int *id, char *reason, size_t size);
int ovgpu_queue_list(const struct ovgpu *ovgpu, const char *bdf,
		     unsigned int id, struct ovgpu_queue ***queues,
		     size_t *count);
int ovgpu_instance_remove(const struct ovgpu *ovgpu, const char *bdf,
			  unsigned int id, char *reason, size_t size);
int ovgpu_instance_plan(const struct ovgpu *ovgpu, const char *bdf,
			const char *const *requests, size_t request_count,
			struct ovgpu_plan_step ***steps, size_t *count);
int ovgpu_profile_list(const struct ovgpu *ovgpu, const char *bdf,
		       struct ovgpu_profile ***profiles, size_t *count);

/* ------------------------------------------------------------- migration */

/**
 * struct ovgpu_migration - what a vGPU is, as far as another one must suit it for its
 *	guest to go on there
 * @uuid: its name
 * @type: id of its type
 * @personality: what it is to its guest
 * @family: of its GPU
 * @board: of its GPU
 * @any_gpu: its guest depends on nothing of the GPU; of what follows only @bar_size,
 *	heads, modes and vectors count
 * @hardware: version of the GPU's interface, major << 16 | minor
 * @interface: version of the personality's control page, likewise; 0: it has none
 * @capabilities: of the GPU, a bit for each
 * @framebuffer: its video memory, bytes
 * @bar_size: of its framebuffer BAR, bytes
 * @user_page_size: bytes
 * @aperture_pages: pages of guest memory that it can have mapped
 * @heads: displays
 * @max_x: width of its largest mode
 * @max_y: height of its largest mode
 * @vectors: interrupt vectors
 * @compute_slices: of its GPU instance; 0: it shares the pool
 * @memory_slices: likewise
 * @record: all of it, and the shape of its configuration space, as hexadecimal digits
 *
 * It is compared as ovgpu_migration_get() or ovgpu_migration_parse() gave it, not as
 * it reads: never change it, and never copy it but by @record.
 */
struct ovgpu_migration {
	char uuid[OVGPU_UUID_SIZE];
	char type[OVGPU_NAME_SIZE];
	char personality[OVGPU_NAME_SIZE];
	char family[OVGPU_NAME_SIZE];
	char board[OVGPU_NAME_SIZE];
	bool any_gpu;
	uint32_t hardware;
	uint32_t interface;
	uint64_t capabilities;
	uint64_t framebuffer;
	uint64_t bar_size;
	uint64_t user_page_size;
	uint64_t aperture_pages;
	unsigned int heads;
	unsigned int max_x;
	unsigned int max_y;
	unsigned int vectors;
	unsigned int compute_slices;
	unsigned int memory_slices;
	char record[OVGPU_ATTRIBUTE_SIZE];
};

int ovgpu_migration_get(const struct ovgpu *ovgpu, const char *uuid,
			struct ovgpu_migration **migration, char *reason,
			size_t size);
int ovgpu_migration_parse(const char *record, struct ovgpu_migration **migration,
			  char *reason, size_t size);
bool ovgpu_migration_refuses(const struct ovgpu_migration *source,
			     const struct ovgpu_migration *target,
			     unsigned int number, char *reason, size_t size);

/* ------------------------------------------------- GPUs of other drivers */

/**
 * struct ovgpu_device - a GPU, whichever driver has it
 * @bdf: PCI address
 * @driver: name of that driver; empty: none has it
 * @driver_override: the only driver that may take it; empty: any
 * @known: the installed module takes it by itself
 * @handed_over: another driver has it, as driver_override says
 */
struct ovgpu_device {
	char bdf[OVGPU_BDF_SIZE];
	char driver[OVGPU_NAME_SIZE];
	char driver_override[OVGPU_NAME_SIZE];
	bool known;
	bool handed_over;
};

int ovgpu_device_list(const struct ovgpu *ovgpu, struct ovgpu_device ***devices,
		      size_t *count);
int ovgpu_device_get(const struct ovgpu *ovgpu, const char *bdf,
		     struct ovgpu_device **device);
int ovgpu_hand_over(const struct ovgpu *ovgpu, const char *bdf,
		    const char *driver, char *reason, size_t size);
int ovgpu_take_back(const struct ovgpu *ovgpu, const char *bdf, char *reason,
		    size_t size);
int ovgpu_gpu_lock(const struct ovgpu *ovgpu, const char *bdf);

/* ---------------------------------------------------------- firmware mode */

/**
 * struct ovgpu_firmware_mode - what a board is for, for whoever gets all of it
 * @now: the mode in force; empty: the board has no such modes
 * @next: what it will be when the GPU was removed and found again
 * @choices: all, with blanks between
 */
struct ovgpu_firmware_mode {
	char now[OVGPU_NAME_SIZE];
	char next[OVGPU_NAME_SIZE];
	char choices[OVGPU_TEXT_SIZE];
};

int ovgpu_firmware_mode_get(const struct ovgpu *ovgpu, const char *bdf,
			    struct ovgpu_firmware_mode *mode);

/* ------------------------------------------------------------- attributes */

/**
 * struct ovgpu_attribute - one file of a directory of attributes
 * @name: file name
 * @value: content without the final newline
 */
struct ovgpu_attribute {
	char name[OVGPU_NAME_SIZE];
	const char *value;
};

int ovgpu_attributes(const struct ovgpu *ovgpu, enum ovgpu_object object,
		     const char *of, const char *group,
		     struct ovgpu_attribute ***attributes, size_t *count);
int ovgpu_attribute_get(const struct ovgpu *ovgpu, enum ovgpu_object object,
			const char *of, const char *group, const char *name,
			char *value, size_t size);

/* --------------------------------------------------------------- settings */

/* The settings of a GPU, for ovgpu_setting(). */
enum ovgpu_gpu_setting {
	OVGPU_SCHEDULER,
	OVGPU_SCHED_HZ,
	OVGPU_TIMESLICE_US,
	OVGPU_AVERAGING_FACTOR,
	OVGPU_PREEMPT_TIMEOUT_US,
	OVGPU_FAULT_LIMIT,
	OVGPU_FAULT_WINDOW_S,
	OVGPU_CONSOLE,
	OVGPU_TIMESLICE_MAX_US,
	OVGPU_WAKE_BUDGET_PERMILLE,
	OVGPU_POOL_SLICES_MIN,
	OVGPU_WORK_MODE,
};

/* The settings of a vGPU, likewise. */
enum ovgpu_vgpu_setting {
	OVGPU_WEIGHT,
	OVGPU_CAP_PERCENT,
	OVGPU_VGPU_TIMESLICE_US,
	OVGPU_FROZEN,
	OVGPU_DISPLAY,
	OVGPU_PERSONALITY,
	OVGPU_FRAME_RATE_LIMIT,
	OVGPU_MIGRATION,
	OVGPU_MIGRATION_THROTTLE,
	OVGPU_TENANT,
	OVGPU_CAP_CEILING_PERCENT,
	OVGPU_FRAME_RATE_CEILING,
	OVGPU_NOTICE,
	OVGPU_ADMISSION,
};

/**
 * enum ovgpu_setting_kind - what the value of a setting is
 * @OVGPU_NUMBER: a decimal number
 * @OVGPU_CHOICE: a word of those that the driver offers
 * @OVGPU_UUID_OR_NONE: the UUID of a vGPU, or "none"
 * @OVGPU_NAME_OR_NONE: 1 to 63 letters, digits, dots, dashes and underscores, or "none"
 */
enum ovgpu_setting_kind {
	OVGPU_NUMBER,
	OVGPU_CHOICE,
	OVGPU_UUID_OR_NONE,
	OVGPU_NAME_OR_NONE,
};

/**
 * struct ovgpu_setting - something that can be set
 * @name: name of the attribute
 * @meaning: one line for people, with the unit
 * @kind: what its value is; all but numbers leave the next three unused
 * @zero: 0 is taken although it is below @minimum
 * @minimum: smallest number
 * @maximum: largest number
 * @scheduler: it is about the scheduler
 * @closed_only: it can't be changed while a process has the vGPU open
 * @choices: the words that this version of the driver knows, separated by blanks,
 *	of which a GPU or vGPU may lack some; it is the first of them at first.
 *	NULL: it is no choice
 * @default_number: what a number is at first; unknown: the vGPU's type says, or it
 *	is no number
 * @for_now: it is for the moment, as a pause: configurations do not have it
 */
struct ovgpu_setting {
	const char *name;
	const char *meaning;
	enum ovgpu_setting_kind kind;
	bool zero;
	uint64_t minimum;
	uint64_t maximum;
	bool scheduler;
	bool closed_only;
	const char *choices;
	struct ovgpu_value default_number;
	bool for_now;
};

const struct ovgpu_setting *ovgpu_setting(enum ovgpu_object object,
					  unsigned int index);
const struct ovgpu_setting *ovgpu_setting_find(enum ovgpu_object object,
					       const char *name);
int ovgpu_setting_check(const struct ovgpu_setting *setting, const char *value);
bool ovgpu_work_mode_has(const char *mode, const char *type);
bool ovgpu_setting_exists(const struct ovgpu *ovgpu, enum ovgpu_object object,
			  const char *of, const struct ovgpu_setting *setting);
int ovgpu_setting_read(const struct ovgpu *ovgpu, enum ovgpu_object object,
		       const char *of, const struct ovgpu_setting *setting,
		       char *value, size_t value_size, char *choices,
		       size_t choices_size);
int ovgpu_setting_write(const struct ovgpu *ovgpu, enum ovgpu_object object,
			const char *of, const struct ovgpu_setting *setting,
			const char *value, char *reason, size_t size);

/* ----------------------------------------------- the scheduler and counters */

/**
 * enum ovgpu_counter - counters of a vGPU that tell about its turns
 *
 * Some are the hardware's, since the vGPU was opened last, the others the
 * driver's, since it was created: ovgpu_counter_is_hardware(). Names ending in
 * _NS count nanoseconds of the GPU's clock.
 */
enum ovgpu_counter {
	OVGPU_BUSY_NS,
	OVGPU_RESIDENT_NS,
	OVGPU_WAIT_NS,
	OVGPU_SWITCHES,
	OVGPU_SWITCH_NS,
	OVGPU_PREEMPT_MAX_NS,
	OVGPU_RUN_NS,
	OVGPU_SLICES,
	OVGPU_PREEMPTIONS,
	OVGPU_OVERRUN_NS,
	OVGPU_DEBT_NS,
	OVGPU_IDLE_NS,
	OVGPU_WAIT_MAX_NS,
	OVGPU_RESETS,
	OVGPU_FAULTS,
	OVGPU_WAIT_SUM_NS,
};

#define OVGPU_COUNTER(counter)	(UINT64_C(1) << (counter))
#define OVGPU_NO_COUNTERS	UINT64_C(0)
#define OVGPU_ALL_COUNTERS	UINT64_MAX

/**
 * struct ovgpu_sched_gpu - the scheduler of one GPU
 * @bdf: PCI address
 * @state: of the GPU, as the driver words it; empty when it does not say
 * @scheduler: the policy in force; empty when unknown
 * @schedulers: all policies, separated by blanks
 *
 * Its settings that are numbers: ovgpu_sched_gpu_setting().
 */
struct ovgpu_sched_gpu {
	char bdf[OVGPU_BDF_SIZE];
	char state[OVGPU_NAME_SIZE];
	char scheduler[OVGPU_NAME_SIZE];
	char schedulers[OVGPU_TEXT_SIZE];
};

/**
 * struct ovgpu_sched_vgpu - one vGPU as the scheduler sees it
 * @state: closed, idle, runnable, running, frozen or faulted; empty: unknown
 * @framebuffer_size: bytes
 * @framebuffer_used: bytes
 * @last_fault: code, 0: none
 * @last_reset_reason: code and text; empty: unknown
 * @read_at: CLOCK_MONOTONIC when the counters were read, ns
 * @lag_ns: what it is owed of the engine's time; negative: owes
 * @lag_known: whether that is known
 *
 * Its settings, counters and waits: the functions ovgpu_sched_vgpu_*().
 */
struct ovgpu_sched_vgpu {
	char state[OVGPU_NAME_SIZE];
	struct ovgpu_value framebuffer_size;
	struct ovgpu_value framebuffer_used;
	struct ovgpu_value last_fault;
	char last_reset_reason[OVGPU_TEXT_SIZE];
	uint64_t read_at;
	int64_t lag_ns;
	bool lag_known;
};

const char *ovgpu_counter_name(unsigned int counter);
bool ovgpu_counter_is_hardware(unsigned int counter);
int ovgpu_sched_gpu_get(const struct ovgpu *ovgpu, const char *bdf,
			struct ovgpu_sched_gpu **gpu);
struct ovgpu_value ovgpu_sched_gpu_setting(const struct ovgpu_sched_gpu *gpu,
					   unsigned int setting);
int ovgpu_sched_vgpu_get(const struct ovgpu *ovgpu, const char *uuid,
			 uint64_t counters, bool waits,
			 struct ovgpu_sched_vgpu **vgpu);
struct ovgpu_value ovgpu_sched_vgpu_setting(const struct ovgpu_sched_vgpu *vgpu,
					    unsigned int setting);
struct ovgpu_value ovgpu_sched_vgpu_counter(const struct ovgpu_sched_vgpu *vgpu,
					    unsigned int counter);
size_t ovgpu_sched_vgpu_waits(const struct ovgpu_sched_vgpu *vgpu,
			      const uint64_t **waits);

/* ------------------------------------------------------------- switch log */

/**
 * struct ovgpu_switch - one run that ended
 * @time_ns: when it ended, GPU's clock
 * @runqueue: number of the GPU instance, 0: the pool
 * @partition: of the vGPU; of modules before 0.2 -1, too: nothing ran
 * @uuid: of the vGPU; empty: likewise, or the vGPU is gone
 * @reason: why it ended: a word
 * @quantum_ns: what it was given
 * @run_ns: what it took
 * @switch_ns: what switching took
 * @wait_ns: how long its vGPU had waited for it
 */
struct ovgpu_switch {
	uint64_t time_ns;
	unsigned int runqueue;
	int partition;
	char uuid[OVGPU_UUID_SIZE];
	char reason[OVGPU_NAME_SIZE];
	uint64_t quantum_ns;
	uint64_t run_ns;
	uint64_t switch_ns;
	uint64_t wait_ns;
};

int ovgpu_switch_log(const struct ovgpu *ovgpu, const char *bdf,
		     struct ovgpu_switch ***switches, size_t *count);

/* ---------------------------------------------------------------- events */

/**
 * enum ovgpu_event_kind - what happened to a vGPU, or to a GPU instance
 * @OVGPU_EVENT_OTHER: something this version of the library has no name for
 * @OVGPU_EVENT_CREATE: it was created, all its attributes are there
 * @OVGPU_EVENT_REMOVE: it is being removed, its attributes go
 * @OVGPU_EVENT_OPEN: a process opened it
 * @OVGPU_EVENT_CLOSE: that process closed it
 * @OVGPU_EVENT_FAULT: it had a fault
 * @OVGPU_EVENT_FAULTED: and gets no more turns until it is reset
 * @OVGPU_EVENT_RECOVER: it was reset after that, or its GPU was
 * @OVGPU_EVENT_REQUEST: a process removes it, and waits for the one that has it
 *	open
 * @OVGPU_EVENT_INSTANCE_CREATE: a GPU instance was created
 * @OVGPU_EVENT_INSTANCE_REMOVE: a GPU instance is gone
 * @OVGPU_EVENT_TENANT: somebody said whose it is
 * @OVGPU_EVENT_NOTICE: there is another reason for its ceilings, or none any more
 */
enum ovgpu_event_kind {
	OVGPU_EVENT_OTHER,
	OVGPU_EVENT_CREATE,
	OVGPU_EVENT_REMOVE,
	OVGPU_EVENT_OPEN,
	OVGPU_EVENT_CLOSE,
	OVGPU_EVENT_FAULT,
	OVGPU_EVENT_FAULTED,
	OVGPU_EVENT_RECOVER,
	OVGPU_EVENT_REQUEST,
	OVGPU_EVENT_INSTANCE_CREATE,
	OVGPU_EVENT_INSTANCE_REMOVE,
	OVGPU_EVENT_TENANT,
	OVGPU_EVENT_NOTICE,
};

/**
 * struct ovgpu_event - something that happened to a vGPU, or to a GPU instance
 * @kind: what
 * @name: the same in the driver's word, as "open"
 * @uuid: of the vGPU; empty: it is about a GPU instance
 * @gpu: PCI address of its GPU; empty when the driver does not say
 * @type: id of its type; likewise
 * @pid: process that opened it, or that removes it; 0: no such event
 * @fault: number of the fault; unknown: it is no such event
 * @fault_name: its name; likewise empty
 * @sequence: the kernel's number of the event
 * @received_ns: CLOCK_REALTIME when it was taken
 * @instance: number of the GPU instance; unknown: it is about a vGPU
 * @instance_name: and its name; likewise empty
 * @tenant: whose the vGPU is; empty: nobody's
 * @notice: why it has ceilings now, "none": for no reason; empty: no such event
 */
struct ovgpu_event {
	enum ovgpu_event_kind kind;
	char name[OVGPU_NAME_SIZE];
	char uuid[OVGPU_UUID_SIZE];
	char gpu[OVGPU_BDF_SIZE];
	char type[OVGPU_NAME_SIZE];
	pid_t pid;
	struct ovgpu_value fault;
	char fault_name[OVGPU_NAME_SIZE];
	uint64_t sequence;
	uint64_t received_ns;
	struct ovgpu_value instance;
	char instance_name[OVGPU_NAME_SIZE];
	char tenant[OVGPU_NAME_SIZE];
	char notice[OVGPU_NAME_SIZE];
};

struct ovgpu_events;

int ovgpu_events_open(struct ovgpu_events **events);
void ovgpu_events_close(struct ovgpu_events *events);
int ovgpu_events_fd(const struct ovgpu_events *events);
int ovgpu_events_next(struct ovgpu_events *events, struct ovgpu_event **event);

#ifdef __cplusplus
}
#endif

#endif /* OPENVGPU_H */
