/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * objects.h - what an application has handles of
 *
 * Each begins with struct object. An object holds a reference to those that it was made
 * of, so it is freed after the last of them that needs it.
 */
#ifndef OPENCL_OBJECTS_H
#define OPENCL_OBJECTS_H

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_1_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS

#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <CL/cl_icd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "transport.h"

#define LOCAL_BYTES_MAX	65536u	/* of a work-group */

enum object_kind {
	OBJECT_PLATFORM,
	OBJECT_DEVICE,
	OBJECT_CONTEXT,
	OBJECT_QUEUE,
	OBJECT_MEMORY,
	OBJECT_PROGRAM,
	OBJECT_KERNEL,
	OBJECT_EVENT,
};

/**
 * struct object - the beginning of every object
 * @dispatch: where the loader finds this library's functions
 * @kind: by which a handle of another kind is refused
 * @references: the application's and the library's own
 * @next: of those of object.c
 */
struct object {
	const cl_icd_dispatch *dispatch;
	enum object_kind kind;
	_Atomic unsigned int references;
	struct object *next;
};

extern const cl_icd_dispatch dispatch_table;

struct _cl_platform_id {
	struct object object;
};

struct _cl_device_id {
	struct object object;
	struct transport *transport;
};

extern struct _cl_platform_id the_platform;
extern struct _cl_device_id the_device;

/** device_ready() - open the GPU, once; false: there is none */
bool device_ready(void);

struct _cl_context {
	struct object object;
	cl_context_properties properties[8];
	size_t property_bytes;
	struct transport *transport;
};

struct memory_callback {
	struct memory_callback *next;
	void (*notify)(cl_mem memory, void *data);
	void *data;
};

/**
 * struct _cl_mem - a buffer
 * @parent: whose part it is, or NULL
 * @memory: of the GPU; of a sub-buffer: its part of the parent's
 * @host: what CL_MEM_USE_HOST_PTR named: mappings are there
 * @mappings: guarded by the lock of map.c
 */
struct _cl_mem {
	struct object object;
	cl_context context;
	cl_mem parent;
	cl_mem_flags flags;
	size_t size;
	size_t origin;
	void *host;
	struct transport_memory memory;
	struct mapping *mappings;
	struct memory_callback *_Atomic callbacks; /* the last one first */
};

/**
 * struct _cl_program - a program
 * @lock: guards what clBuildProgram() changes
 * @source: NULL if it was made from a binary
 * @binary: what refgpu-clc made
 * @image: the same, read; with it goes @code
 * @code: where it was loaded
 * @kernels: objects that use @image: then it is not built again
 */
struct _cl_program {
	struct object object;
	cl_context context;
	pthread_mutex_t lock;
	char *source;
	char *options;
	char *log;
	cl_build_status status;
	void *binary;
	size_t binary_bytes;
	struct image *image;
	struct transport_memory code;
	_Atomic unsigned int kernels;
};

/**
 * struct kernel_argument - what an argument was set to
 * @value: bytes; of a buffer or local memory: none
 * @memory: the buffer, with a reference, or NULL
 * @local_bytes: of local memory
 */
struct kernel_argument {
	void *value;
	cl_mem memory;
	size_t local_bytes;
	bool set;
};

struct _cl_kernel {
	struct object object;
	cl_program program;
	pthread_mutex_t lock;
	const struct image_kernel *image;
	struct kernel_argument *arguments;
};

struct callback {
	struct callback *next;
	cl_int status;
	void (*notify)(cl_event event, cl_int status, void *data);
	void *data;
};

struct _cl_event {
	struct object object;
	cl_context context;
	cl_command_queue queue;
	cl_command_type type;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	cl_int status;
	cl_ulong times[4];	/* queued, submitted, started, ended */
	struct callback *callbacks;
	bool ended;		/* by clSetUserEventStatus() */
};

/**
 * struct command - what a queue is to do
 * @run: do it; a negative error of OpenCL if it fails
 * @release: give back what it holds, or NULL
 * @waits: events before it, with references
 * @event: its own
 */
struct command {
	struct command *next;
	cl_int (*run)(struct command *command);
	void (*release)(struct command *command);
	cl_event *waits;
	cl_uint wait_count;
	cl_event event;
};

struct _cl_command_queue {
	struct object object;
	cl_context context;
	cl_command_queue_properties properties;
	cl_queue_properties given[8];
	size_t given_bytes;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct command *first, **last;
	bool ending;
};

/**
 * program_compile() - have refgpu-clc compile a source
 * @source: OpenCL C
 * @options: words for the compiler
 * @binary: receives the ELF file, on the heap
 * @log: receives what the compiler said, on the heap, or NULL
 *
 * Return: CL_SUCCESS, CL_BUILD_PROGRAM_FAILURE, CL_INVALID_BUILD_OPTIONS,
 * CL_COMPILER_NOT_AVAILABLE or CL_OUT_OF_HOST_MEMORY.
 */
cl_int program_compile(const char *source, const char *options, void **binary,
		       size_t *binary_bytes, char **log);

/* ---------------------------------------------------------------- object.c */

void *object_create(enum object_kind kind, size_t bytes);
bool object_valid(const void *object, enum object_kind kind);
void object_retain(void *object);
bool object_release(void *object);
void object_discard(void *object);

/** info_give() - answer a query: @bytes of @value */
cl_int info_give(const void *value, size_t bytes, size_t room, void *to, size_t *needed);
#define INFO(type, value) info_give(&(type) { value }, sizeof(type), room, to, needed)
#define INFO_TEXT(text) info_give(text, strlen(text) + 1, room, to, needed)

/** returned() - give a handle and the error that a function of creation has */
static inline void *returned(void *handle, cl_int error, cl_int *errcode)
{
	if (errcode)
		*errcode = error;
	return error ? NULL : handle;
}

/* ------------------------------------------------------- each kind's own file */

void context_free(cl_context context);
void memory_free(cl_mem memory);
void program_free(cl_program program);
void event_free(cl_event event);
void put_context(cl_context context);
void put_memory(cl_mem memory);
void put_program(cl_program program);
void put_event(cl_event event);
void put_queue(cl_command_queue queue);

cl_event event_create(cl_context context, cl_command_queue queue, cl_command_type type);
void event_set(cl_event event, cl_int status);
cl_int event_wait(cl_event event);
unsigned int memory_mappings(cl_mem memory);
void memory_forget_mappings(cl_mem memory);
cl_int event_list_check(cl_context context, cl_uint count, const cl_event *list);

/**
 * queue_add() - give a command to a queue
 * @command: on the heap; the queue's from now on, also when this fails
 * @blocking: come back when it is done
 */
cl_int queue_add(cl_command_queue queue, struct command *command, cl_command_type type,
		 cl_uint count, const cl_event *list, cl_event *event, bool blocking);

#endif /* OPENCL_OBJECTS_H */
