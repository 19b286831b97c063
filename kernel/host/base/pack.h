/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * pack.h - numbers in the state of a vGPU that migrates, little endian
 *
 * What comes from outside may end too early: a reader looks once, at its end,
 * whether all of it was there. Pure C, so that unit tests compile it in user space.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>
#endif

/**
 * struct vgpu_pack - writes numbers
 * @at: where the next goes
 * @left: room behind it
 * @full: one did not fit; it and what came since was dropped
 */
struct vgpu_pack {
	__u8 *at;
	size_t left;
	bool full;
};

/**
 * struct vgpu_unpack - reads numbers
 * @at: the next
 * @left: bytes left
 * @bad: it ended too early; what was read since is 0
 * @newer: a newer minor version wrote it: what remains is no error
 */
struct vgpu_unpack {
	const __u8 *at;
	size_t left;
	bool bad;
	bool newer;
};

/** vgpu_pack_bytes() - the next @bytes bytes */
static inline void vgpu_pack_bytes(struct vgpu_pack *pack, const void *from, size_t bytes)
{
	pack->full |= bytes > pack->left;
	if (pack->full)
		return;
	memcpy(pack->at, from, bytes);
	pack->at += bytes;
	pack->left -= bytes;
}

/** vgpu_pack() - the next number, of 1 to 8 bytes */
static inline void vgpu_pack(struct vgpu_pack *pack, unsigned int bytes, __u64 value)
{
	__u8 number[8];
	unsigned int i;

	for (i = 0; i < sizeof(number); i++)
		number[i] = value >> 8 * i;
	vgpu_pack_bytes(pack, number, bytes);
}

/** vgpu_unpack_bytes() - the next @bytes bytes; zeros if there are not so many */
static inline void vgpu_unpack_bytes(struct vgpu_unpack *unpack, void *to, size_t bytes)
{
	unpack->bad |= bytes > unpack->left;
	if (unpack->bad) {
		memset(to, 0, bytes);
		return;
	}
	memcpy(to, unpack->at, bytes);
	unpack->at += bytes;
	unpack->left -= bytes;
}

/** vgpu_unpack() - the next number, of 1 to 8 bytes */
static inline __u64 vgpu_unpack(struct vgpu_unpack *unpack, unsigned int bytes)
{
	__u8 number[8];
	__u64 value = 0;

	vgpu_unpack_bytes(unpack, number, bytes);
	while (bytes)
		value = value << 8 | number[--bytes];
	return value;
}

/** vgpu_unpacked() - whether all of it was there, and nothing more */
static inline bool vgpu_unpacked(const struct vgpu_unpack *unpack)
{
	return !unpack->bad && (!unpack->left || unpack->newer);
}

#endif /* BASE_PACK_H */
