// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain.c - a vGPU of any family and personality, see plain.h
 */
#include "plain.h"

#include <stdio.h>

/* So much of a slice has a pattern: all is slow where reads are. */
#define PATTERN		(1 * MIB)

/**
 * plain_type - the smallest type of the series under test, without an instance
 *
 * OPENVGPU_SERIES is the letter of the series; without it, "q".
 *
 * Return: as "16mq".
 */
const char *plain_type(void)
{
	const char *series = getenv("OPENVGPU_SERIES");
	char letter = series ? series[0] : 'q';
	static char best[32];
	char names[128][32];
	int count = host_types(names, 128), i;

	CHECK(count > 0, "no types: %s", rt_message());
	best[0] = 0;
	for (i = 0; i < count; i++)
		if (names[i][strlen(names[i]) - 1] == letter &&
		    !host_type_compute(names[i]) &&
		    (!best[0] ||
		     host_type_bytes(names[i]) < host_type_bytes(best)))
			memcpy(best, names[i], sizeof(best));
	CHECK(best[0], "GPU %s has no types of series %c", host_gpu(), letter);
	return best;
}

/**
 * plain_open - open a vGPU as a VMM does, memory decoding on
 * @vgpu: closed
 */
void plain_open(struct vgpu *vgpu)
{
	uint64_t slice = host_attribute(vgpu->uuid, "framebuffer_size");
	struct rt_device *device = rt_open_vfio_any(vgpu->uuid, transport, NULL);

	CHECK(device, "opening failed: %s (%s)", strerror(errno), rt_message());
	/* A BAR is a power of two, and may go on behind the slice. */
	if (slice < device->framebuffer_bytes)
		device->framebuffer_bytes = slice;
	CHECK(device->framebuffer_bytes >= 4 * MIB,
	      "only %llu bytes of the slice can be mapped",
	      (unsigned long long)device->framebuffer_bytes);
	vgpu->device = device;
}

/**
 * plain_make - create a vGPU and open it
 * @vgpu: receives it
 * @type: as "64mq"
 */
void plain_make(struct vgpu *vgpu, const char *type)
{
	OK(host_create_any(type, vgpu->uuid));
	plain_open(vgpu);
}

/**
 * plain_read - an access of the guest, or of the VMM to config space
 * @vgpu: open
 * @region: VFIO region
 * @offset: in it
 * @size: bytes, at most 8
 */
uint64_t plain_read(struct vgpu *vgpu, unsigned int region, uint64_t offset,
		    unsigned int size)
{
	uint64_t value = 0;

	OK(rt_region_read(vgpu->device, region, offset, &value, size));
	return value;
}

/**
 * plain_write - an access of the guest, or of the VMM to config space
 * @vgpu: open
 * @region: VFIO region
 * @offset: in it
 * @size: bytes, at most 8
 * @value: the bytes, the first lowest
 */
void plain_write(struct vgpu *vgpu, unsigned int region, uint64_t offset,
		 unsigned int size, uint64_t value)
{
	OK(rt_region_write(vgpu->device, region, offset, &value, size));
}

/**
 * plain_capability - find a PCI capability; the whole list must be sound
 * @vgpu: open
 * @id: PCI_CAP_ID_*
 *
 * Return: its offset, 0: it is not there.
 */
unsigned int plain_capability(struct vgpu *vgpu, unsigned int id)
{
	int at = rt_capability(vgpu->device, id);

	CHECK(at >= 0, "%s", rt_message());
	return (unsigned int)at;
}

static uint8_t *end_of_slice(const struct vgpu *vgpu)
{
	return rt_framebuffer(vgpu->device,
			      vgpu->device->framebuffer_bytes - PATTERN);
}

/**
 * plain_mark - a pattern at both ends of the slice
 * @vgpu: open
 * @seed: of the pattern
 */
void plain_mark(struct vgpu *vgpu, uint32_t seed)
{
	fill_words(rt_framebuffer(vgpu->device, 0), PATTERN, seed);
	fill_words(end_of_slice(vgpu), PATTERN, ~seed);
}

/**
 * plain_is_marked - does the pattern still stand?
 * @vgpu: open
 * @seed: as given to plain_mark()
 */
bool plain_is_marked(const struct vgpu *vgpu, uint32_t seed)
{
	return differing_word(rt_framebuffer(vgpu->device, 0), PATTERN,
			      seed) < 0 &&
	       differing_word(end_of_slice(vgpu), PATTERN, ~seed) < 0;
}

/**
 * plain_works - all that every vGPU can do: it keeps what is written
 * @vgpu: open
 * @seed: of the pattern
 */
void plain_works(struct vgpu *vgpu, uint32_t seed)
{
	plain_mark(vgpu, seed);
	CHECK(plain_is_marked(vgpu, seed),
	      "the slice does not keep what is written");
}

/**
 * plain_nonzero - whether somebody's data are in the slice
 * @vgpu: open
 *
 * Return: offset of the first word that is not zero, -1: none.
 */
long plain_nonzero(const struct vgpu *vgpu)
{
	const volatile uint64_t *words = rt_framebuffer(vgpu->device, 0);
	uint64_t i;

	for (i = 0; i < vgpu->device->framebuffer_bytes / 8; i++)
		if (words[i])
			return (long)(8 * i);
	return -1;
}
