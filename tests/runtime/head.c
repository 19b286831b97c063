// SPDX-License-Identifier: GPL-2.0-only
/*
 * head.c - modes, flips, vertical blanks and CRCs of heads; see head.h
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "head.h"

#define ENABLE		1u
#define CURSOR		2u
#define ACTIVE		1u
#define FLIP_PENDING	2u
#define NS_A_MS		1000000ULL

/**
 * rt_head_read - read a register of a head
 * @device: open
 * @head: 0..REFGPU_HEADS-1
 * @offset: REFGPU_HEAD_*
 */
uint64_t rt_head_read(const struct rt_device *device, unsigned int head,
		      unsigned int offset)
{
	return rt_user_read(device, REFGPU_USER_HEAD(head) + offset);
}

/**
 * rt_head_write - write a register of a head
 * @device: open
 * @head: 0..REFGPU_HEADS-1
 * @offset: REFGPU_HEAD_*
 * @value: what to write
 */
void rt_head_write(struct rt_device *device, unsigned int head,
		   unsigned int offset, uint64_t value)
{
	rt_user_write(device, REFGPU_USER_HEAD(head) + offset, value);
}

static uint64_t pair(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

/**
 * rt_head_on - show a picture
 * @device: open
 * @head: 0..REFGPU_HEADS-1; one that is on is switched off first
 * @mode: what to show
 *
 * Return: -ENODEV: the GPU has no heads; -EINVAL: the device refuses the mode.
 */
int rt_head_on(struct rt_device *device, unsigned int head,
	       const struct rt_mode *mode)
{
	uint64_t status;

	if (!(rt_user_read(device, REFGPU_USER_CAPS) & REFGPU_CAP_HEADS))
		return rt_fail(ENODEV, "%s: this GPU has no heads",
			       device->name);
	rt_head_off(device, head);
	rt_head_write(device, head, REFGPU_HEAD_BASE, mode->base);
	rt_head_write(device, head, REFGPU_HEAD_PITCH, mode->pitch);
	rt_head_write(device, head, REFGPU_HEAD_FORMAT, mode->format);
	rt_head_write(device, head, REFGPU_HEAD_SIZE,
		      pair(mode->width, mode->height));
	rt_head_write(device, head, REFGPU_HEAD_CONTROL, ENABLE);
	status = rt_head_read(device, head, REFGPU_HEAD_STATUS);
	if (status != UINT64_MAX && status & ACTIVE)
		return 0;
	return rt_fail(EINVAL, "head %u: mode %ux%u, pitch %u, at 0x%llx refused: status 0x%llx",
		       head, mode->width, mode->height, mode->pitch,
		       (unsigned long long)mode->base,
		       (unsigned long long)status);
}

/**
 * rt_head_off - show nothing
 * @device: open
 * @head: 0..REFGPU_HEADS-1
 */
void rt_head_off(struct rt_device *device, unsigned int head)
{
	rt_head_write(device, head, REFGPU_HEAD_CONTROL, 0);
}

/**
 * rt_head_cursor - show, move or hide the cursor
 * @device: open
 * @head: on
 * @cursor: NULL hides it
 */
void rt_head_cursor(struct rt_device *device, unsigned int head,
		    const struct rt_cursor *cursor)
{
	if (cursor) {
		rt_head_write(device, head, REFGPU_HEAD_CURSOR_BASE,
			      cursor->base);
		rt_head_write(device, head, REFGPU_HEAD_CURSOR_SIZE,
			      pair(cursor->width, cursor->height));
		rt_head_write(device, head, REFGPU_HEAD_CURSOR_POSITION,
			      pair((uint32_t)cursor->x, (uint32_t)cursor->y));
	}
	rt_head_write(device, head, REFGPU_HEAD_CONTROL,
		      cursor ? ENABLE | CURSOR : ENABLE);
}

/**
 * rt_head_flip - show another picture of the same mode from the next vertical
 * blank on
 * @device: open
 * @head: on
 * @base: framebuffer offset of its first pixel
 *
 * Return: -EINVAL: the device dropped it.
 */
int rt_head_flip(struct rt_device *device, unsigned int head, uint64_t base)
{
	uint64_t status;

	rt_head_write(device, head, REFGPU_HEAD_FLIP, base);
	status = rt_head_read(device, head, REFGPU_HEAD_STATUS);
	if (status & FLIP_PENDING &&
	    rt_head_read(device, head, REFGPU_HEAD_FLIP) == base)
		return 0;
	/* The blank may have come already. */
	if (rt_head_read(device, head, REFGPU_HEAD_BASE) == base)
		return 0;
	return rt_fail(EINVAL, "head %u: flip to 0x%llx dropped: status 0x%llx",
		       head, (unsigned long long)base,
		       (unsigned long long)status);
}

static int still_on(const struct rt_device *device, unsigned int head)
{
	uint64_t status = rt_head_read(device, head, REFGPU_HEAD_STATUS);

	if (status == UINT64_MAX)
		return rt_fail(ENODEV, "head %u: registers read all ones: the GPU is gone",
			       head);
	if (!(status & ACTIVE))
		return rt_fail(ECANCELED, "head %u is off: status 0x%llx", head,
			       (unsigned long long)status);
	return 0;
}

static bool flip_is_done(const struct rt_device *device, unsigned int head,
			 uint64_t unused)
{
	(void)unused;
	return !(rt_head_read(device, head, REFGPU_HEAD_STATUS) & FLIP_PENDING);
}

static bool blanks_have_come(const struct rt_device *device, unsigned int head,
			     uint64_t count)
{
	return rt_head_read(device, head, REFGPU_HEAD_VBLANK_COUNT) - count <
	       UINT64_MAX / 2;
}

/* -ETIMEDOUT, without a message: @done did not say so in time. */
static int wait_until(const struct rt_device *device, unsigned int head,
		      bool (*done)(const struct rt_device *device,
				   unsigned int head, uint64_t count),
		      uint64_t count, unsigned int timeout_ms)
{
	uint64_t end = rt_now_ns() + timeout_ms * NS_A_MS;
	int error;

	for (;;) {
		bool late = rt_now_ns() > end;

		error = still_on(device, head);
		if (error)
			return error;
		if (done(device, head, count))
			return 0;
		if (late)
			return -ETIMEDOUT;
		usleep(1000);
	}
}

/**
 * rt_head_wait_flip - wait until no flip is pending
 * @device: open
 * @head: on
 * @timeout_ms: patience
 *
 * Return: -ETIMEDOUT; -ECANCELED: the head is off; -ENODEV: the GPU is gone.
 */
int rt_head_wait_flip(struct rt_device *device, unsigned int head,
		      unsigned int timeout_ms)
{
	int error = wait_until(device, head, flip_is_done, 0, timeout_ms);

	if (error == -ETIMEDOUT)
		rt_fail(ETIMEDOUT, "head %u: the flip has not come after %u ms",
			head, timeout_ms);
	return error;
}

/**
 * rt_head_wait_vblank - wait for vertical blanks
 * @device: open
 * @head: on
 * @blanks: how many
 * @timeout_ms: patience
 *
 * Return: as rt_head_wait_flip().
 */
int rt_head_wait_vblank(struct rt_device *device, unsigned int head,
			unsigned int blanks, unsigned int timeout_ms)
{
	uint64_t count = rt_head_read(device, head, REFGPU_HEAD_VBLANK_COUNT);
	int error = wait_until(device, head, blanks_have_come, count + blanks,
			       timeout_ms);

	if (error == -ETIMEDOUT)
		rt_fail(ETIMEDOUT, "head %u: fewer than %u vertical blanks in %u ms",
			head, blanks, timeout_ms);
	return error;
}

/**
 * rt_head_crc - CRC of a frame that begins after this call
 * @device: open
 * @head: on; must not be switched on anew meanwhile
 * @crc: receives it
 * @timeout_ms: patience
 *
 * Return: as rt_head_wait_flip().
 */
int rt_head_crc(struct rt_device *device, unsigned int head, uint32_t *crc,
		unsigned int timeout_ms)
{
	uint64_t end = rt_now_ns() + timeout_ms * NS_A_MS;
	int error;

	/* The read has the device look; a frame may have begun before it. */
	rt_head_read(device, head, REFGPU_HEAD_CRC);
	do {
		error = rt_head_wait_vblank(device, head, 2, timeout_ms);
		if (error)
			return error;
		*crc = (uint32_t)rt_head_read(device, head, REFGPU_HEAD_CRC);
		if (*crc)
			return 0;
		/* We slept so long that the device looked no more: again. */
	} while (rt_now_ns() <= end);
	return rt_fail(ETIMEDOUT, "head %u: no CRC after %u ms", head,
		       timeout_ms);
}

/**
 * rt_head_edid - read what is connected
 * @device: open
 * @head: 0..REFGPU_HEADS-1
 * @edid: receives it
 *
 * Return: its length in bytes, 0: nothing is connected, or -EIO.
 */
int rt_head_edid(struct rt_device *device, unsigned int head,
		 uint8_t edid[REFGPU_EDID_SIZE])
{
	uint64_t bytes = rt_head_read(device, head, REFGPU_HEAD_EDID_BYTES);
	uint64_t word;
	unsigned int i;

	if (bytes > REFGPU_EDID_SIZE)
		return rt_fail(EIO, "head %u: EDID of %llu bytes", head,
			       (unsigned long long)bytes);
	for (i = 0; i < REFGPU_EDID_SIZE; i += sizeof(word)) {
		word = rt_head_read(device, head, REFGPU_HEAD_EDID + i);
		memcpy(edid + i, &word, sizeof(word));
	}
	return (int)bytes;
}

/**
 * rt_flip - submit a FLIP
 * @ring: enabled
 * @head: 0..REFGPU_HEADS-1
 * @base: framebuffer offset of the first pixel
 * @wait: the packet is complete when the flip is
 */
int rt_flip(struct rt_ring *ring, unsigned int head, uint64_t base, bool wait)
{
	struct refgpu_flip packet = {
		.header.opcode = REFGPU_OP_FLIP,
		.header.flags = wait ? REFGPU_FLIP_WAIT : 0,
		.head = head,
		.base = base,
	};

	return rt_ring_submit(ring, &packet);
}
