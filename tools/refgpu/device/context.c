// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - the context window: images of unfinished work, in and out
 */
#include <stdlib.h>
#include <string.h>

#include "device/context.h"
#include "device/partition.h"
#include "device/reg.h"
#include "device/state.h"

static struct partition *selected(struct device *dev)
{
	return &dev->partition[dev->context.partition % REFGPU_PARTITIONS];
}

/* The image is nobody's but the host's while the partition can't run. */
static bool at_rest(const struct partition *p)
{
	return !p->engine && (!(p->control & REFGPU_PARTITION_ENABLE) ||
			      (p->control & REFGPU_PARTITION_FREEZE));
}

static bool window_valid(const struct context_window *w)
{
	return w->offset % 8 == 0 && w->length % 8 == 0 && w->length &&
	       w->length <= REFGPU_CONTEXT_LENGTH_MAX &&
	       w->offset <= REFGPU_CONTEXT_BYTES_MAX - w->length;
}

static enum refgpu_error fetch(struct device *dev, struct context_window *w)
{
	struct partition *p = selected(dev);
	u64 target = w->target, length = w->length;
	bool good;
	u8 *copy;

	if (!window_valid(w) || w->offset + w->length > p->image.size)
		return REFGPU_ERROR_PACKET;
	copy = malloc(length);
	if (!copy)
		return REFGPU_ERROR_CONTEXT;
	memcpy(copy, p->image.bytes + w->offset, length);
	pthread_mutex_unlock(&dev->lock);
	good = bus_copy(&dev->bus, target, copy, length, true);
	free(copy);
	pthread_mutex_lock(&dev->lock);
	return good ? REFGPU_ERROR_NONE : REFGPU_ERROR_DMA;
}

static enum refgpu_error store(struct device *dev, struct context_window *w)
{
	u64 target = w->target, length = w->length, offset = w->offset;
	struct context_image *staging = &w->staging;
	bool good;
	u8 *copy;

	if (!offset)
		image_free(staging);
	/* Pieces come in order: no byte of an image is left unwritten. */
	if (!window_valid(w) || offset > staging->size)
		return REFGPU_ERROR_PACKET;
	copy = malloc(length);
	if (!copy)
		return REFGPU_ERROR_CONTEXT;
	pthread_mutex_unlock(&dev->lock);
	good = bus_copy(&dev->bus, target, copy, length, false);
	pthread_mutex_lock(&dev->lock);
	if (good && offset + length > staging->size) {
		u8 *bytes = realloc(staging->bytes, offset + length);

		if (!bytes) {
			free(copy);
			return REFGPU_ERROR_CONTEXT;
		}
		staging->bytes = bytes;
		staging->size = offset + length;
	}
	if (good)
		memcpy(staging->bytes + offset, copy, length);
	free(copy);
	return good ? REFGPU_ERROR_NONE : REFGPU_ERROR_DMA;
}

static enum refgpu_error commit(struct device *dev, struct context_window *w)
{
	struct partition *p = selected(dev);
	struct job job = { 0 };
	bool good;

	if (!w->staging.size)
		return REFGPU_ERROR_CONTEXT;
	good = job_load(&job, &w->staging);
	if (good) {
		image_free(&p->image);
		p->image = w->staging;
		p->saved_ring = job.ring;
		memset(&w->staging, 0, sizeof(w->staging));
		partition_update(dev, p);
	}
	job_free(&job);
	return good ? REFGPU_ERROR_NONE : REFGPU_ERROR_CONTEXT;
}

void context_serve(struct device *dev)
{
	struct context_window *w = &dev->context;
	struct partition *p = selected(dev);
	enum refgpu_error result;

	if (!at_rest(p))
		result = REFGPU_ERROR_CONTEXT;
	else if (w->command == REFGPU_CONTEXT_FETCH)
		result = fetch(dev, w);
	else if (w->command == REFGPU_CONTEXT_STORE)
		result = store(dev, w);
	else if (w->command == REFGPU_CONTEXT_COMMIT)
		result = commit(dev, w);
	else
		result = REFGPU_ERROR_PACKET;
	w->result = result;
	w->command = 0;
	partition_done(dev, p);
}

/* ------------------------------------------------------------ registers */

static bool busy(const struct device *dev)
{
	return dev->context.command != 0;
}

static void write_partition(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)object;
	(void)mask;
	if (!busy(dev) && value < REFGPU_PARTITIONS)
		dev->context.partition = value;
}

static u64 read_bytes(struct device *dev, void *object)
{
	(void)object;
	return selected(dev)->image.size;
}

static void write_command(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)object;
	if (!ACTS(mask) || busy(dev) || !value)
		return;
	dev->context.command = value;
	actor_wake(&dev->service);
}

/* The parameters stay as they are while a command is under way. */
#define PARAMETER(name)							\
static void write_##name(struct device *dev, void *object, u64 value, u64 mask) \
{									\
	(void)object;							\
	(void)mask;							\
	if (!busy(dev))							\
		dev->context.name = value;				\
}

PARAMETER(offset)
PARAMETER(length)
PARAMETER(target)

#define FIELD(name)	offsetof(struct device, context.name)

static const struct reg registers[] = {
	{ REFGPU_CONTEXT_PARTITION, REG_RW, FIELD(partition), NULL, write_partition },
	{ REFGPU_CONTEXT_BYTES, REG_RO, 0, read_bytes, NULL },
	{ REFGPU_CONTEXT_OFFSET, REG_RW, FIELD(offset), NULL, write_offset },
	{ REFGPU_CONTEXT_LENGTH, REG_RW, FIELD(length), NULL, write_length },
	{ REFGPU_CONTEXT_TARGET, REG_RW, FIELD(target), NULL, write_target },
	{ REFGPU_CONTEXT_COMMAND, REG_RW, FIELD(command), NULL, write_command },
	{ REFGPU_CONTEXT_RESULT, REG_RO, FIELD(result), NULL, NULL },
};
const struct reg_table context_registers = REG_TABLE(registers);
