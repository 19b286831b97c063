// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * stream_hello.c - what a vGPU is, as far as its guest depends on it
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <stdio.h>
#include <string.h>
#endif

#include "vgpu/stream.h"

#define HELLO_MAGIC	0x5550475644565347ULL

/**
 * stream_hello_pack - write the payload of STREAM_HELLO
 * @hello: what the vGPU is
 * @pack: has room for STREAM_HELLO_SIZE bytes
 */
void stream_hello_pack(const struct stream_hello *hello, struct vgpu_pack *pack)
{
	vgpu_pack(pack, 8, HELLO_MAGIC);
	vgpu_pack_bytes(pack, hello->personality, sizeof(hello->personality));
	vgpu_pack_bytes(pack, hello->family, sizeof(hello->family));
	vgpu_pack_bytes(pack, hello->board, sizeof(hello->board));
	vgpu_pack_bytes(pack, hello->type, sizeof(hello->type));
	vgpu_pack_bytes(pack, hello->uuid, sizeof(hello->uuid));
	vgpu_pack(pack, 4, hello->any_family);
	vgpu_pack(pack, 4, hello->hardware);
	vgpu_pack(pack, 4, hello->interface);
	vgpu_pack(pack, 8, hello->capabilities);
	vgpu_pack(pack, 8, hello->framebuffer);
	vgpu_pack(pack, 8, hello->bar_bytes);
	vgpu_pack(pack, 8, hello->user_bytes);
	vgpu_pack(pack, 8, hello->aperture_pages);
	vgpu_pack(pack, 4, hello->heads);
	vgpu_pack(pack, 4, hello->max_x);
	vgpu_pack(pack, 4, hello->max_y);
	vgpu_pack(pack, 4, hello->vectors);
	vgpu_pack(pack, 4, hello->compute_slices);
	vgpu_pack(pack, 4, hello->memory_slices);
	vgpu_pack_bytes(pack, hello->power_on, sizeof(hello->power_on));
	vgpu_pack_bytes(pack, hello->writable, sizeof(hello->writable));
	vgpu_pack_bytes(pack, hello->clearable, sizeof(hello->clearable));
}

/* Letters, digits, and what stands between them: they come into the host's log. */
static bool name_valid(const char *name, size_t size)
{
	size_t i, length = 0;

	for (i = 0; i < size; i++) {
		char c = name[i];

		if (!c)
			continue;
		if (length != i || !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				     (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
		length++;
	}
	return length < size;
}

/**
 * stream_hello_unpack - read the payload of STREAM_HELLO
 * @hello: filled in
 * @unpack: the payload
 *
 * Return: false: it is none, or a field has no meaning.
 */
bool stream_hello_unpack(struct stream_hello *hello, struct vgpu_unpack *unpack)
{
	__u64 magic = vgpu_unpack(unpack, 8);
	__u32 any_family;

	vgpu_unpack_bytes(unpack, hello->personality, sizeof(hello->personality));
	vgpu_unpack_bytes(unpack, hello->family, sizeof(hello->family));
	vgpu_unpack_bytes(unpack, hello->board, sizeof(hello->board));
	vgpu_unpack_bytes(unpack, hello->type, sizeof(hello->type));
	vgpu_unpack_bytes(unpack, hello->uuid, sizeof(hello->uuid));
	any_family = vgpu_unpack(unpack, 4);
	hello->any_family = any_family;
	hello->hardware = vgpu_unpack(unpack, 4);
	hello->interface = vgpu_unpack(unpack, 4);
	hello->capabilities = vgpu_unpack(unpack, 8);
	hello->framebuffer = vgpu_unpack(unpack, 8);
	hello->bar_bytes = vgpu_unpack(unpack, 8);
	hello->user_bytes = vgpu_unpack(unpack, 8);
	hello->aperture_pages = vgpu_unpack(unpack, 8);
	hello->heads = vgpu_unpack(unpack, 4);
	hello->max_x = vgpu_unpack(unpack, 4);
	hello->max_y = vgpu_unpack(unpack, 4);
	hello->vectors = vgpu_unpack(unpack, 4);
	hello->compute_slices = vgpu_unpack(unpack, 4);
	hello->memory_slices = vgpu_unpack(unpack, 4);
	vgpu_unpack_bytes(unpack, hello->power_on, sizeof(hello->power_on));
	vgpu_unpack_bytes(unpack, hello->writable, sizeof(hello->writable));
	vgpu_unpack_bytes(unpack, hello->clearable, sizeof(hello->clearable));
	return magic == HELLO_MAGIC && any_family <= 1 && vgpu_unpacked(unpack) &&
		name_valid(hello->personality, sizeof(hello->personality)) &&
		name_valid(hello->family, sizeof(hello->family)) &&
		name_valid(hello->board, sizeof(hello->board)) &&
		name_valid(hello->type, sizeof(hello->type));
}

/**
 * stream_capabilities - those that a vGPU says it has
 * @capabilities: of its GPU, as the guest reads them
 * @for_heads: the ones that only guests with heads use
 * @heads: of the vGPU
 *
 * A GPU that is there to compute lacks some that a guest without heads has no use for.
 * They are said to be there, rather than left out: so the stream of a former module,
 * which named all that its GPU had, is taken too.
 *
 * Return: what to say.
 */
__u64 stream_capabilities(__u64 capabilities, __u64 for_heads, __u32 heads)
{
	return heads ? capabilities : capabilities | for_heads;
}

/**
 * struct refusals - the reasons why a guest can't go on, of which one is wanted
 * @wanted: its number, from 0
 * @count: how many have been found
 * @reason: receives its sentence
 * @size: of @reason
 */
struct refusals {
	unsigned int wanted;
	unsigned int count;
	char *reason;
	size_t size;
};

/* One more; true: it was the wanted one. @create: a vGPU of that type would do. */
#define refuse(refusals, create, format, ...)						\
	((refusals)->count++ == (refusals)->wanted &&					\
	 (snprintf((refusals)->reason, (refusals)->size,				\
		   "migration refused: " format "%s%s", ##__VA_ARGS__,			\
		   (create) ? ": create " : "", (create) ? (create) : ""), true))

static unsigned long long mib(__u64 bytes)
{
	return bytes >> 20;
}

/* Offset of the first byte that differs, or STREAM_CONFIG. */
static unsigned int config_differs(const struct stream_hello *a, const struct stream_hello *b)
{
	unsigned int i;

	for (i = 0; i < STREAM_CONFIG; i++)
		if (a->power_on[i] != b->power_on[i] || a->writable[i] != b->writable[i] ||
		    a->clearable[i] != b->clearable[i])
			break;
	return i;
}

static bool version_serves(__u32 source, __u32 target)
{
	return source >> 16 == target >> 16 && source <= target;
}

#define MAJOR(version)	((version) >> 16)
#define MINOR(version)	((version) & 0xffff)

/* What counts only if the guest knows the GPU. */
static bool gpu_refuses(const struct stream_hello *source, const struct stream_hello *target,
			const char *create, struct refusals *refusals)
{
	__u64 lacks = source->capabilities & ~target->capabilities;
	const char *none = NULL;

	/* GPUs of two families have nothing else to compare. */
	if (strcmp(source->family, target->family))
		return refuse(refusals, none,
			      "the source's GPU is of family %s, this one of %s",
			      source->family, target->family);
	if (strcmp(source->board, target->board) &&
	    refuse(refusals, none,
		   "the source's GPU is a %s, this one a %s",
		   source->board, target->board))
		return true;
	if (!version_serves(source->hardware, target->hardware) &&
	    refuse(refusals, none,
		   "the source's hardware has version %u.%u, this GPU %u.%u",
		   MAJOR(source->hardware), MINOR(source->hardware),
		   MAJOR(target->hardware), MINOR(target->hardware)))
		return true;
	if (lacks &&
	    refuse(refusals, none,
		   "this GPU lacks capabilities 0x%llx that the source's has",
		   (unsigned long long)lacks))
		return true;
	if (source->user_bytes != target->user_bytes &&
	    refuse(refusals, none,
		   "the source's user page has %llu bytes, this vGPU's %llu",
		   (unsigned long long)source->user_bytes,
		   (unsigned long long)target->user_bytes))
		return true;
	if (source->aperture_pages != target->aperture_pages &&
	    refuse(refusals, none,
		   "the source's aperture has %llu pages, this vGPU's %llu",
		   (unsigned long long)source->aperture_pages,
		   (unsigned long long)target->aperture_pages))
		return true;
	return (source->compute_slices != target->compute_slices ||
		source->memory_slices != target->memory_slices) &&
		refuse(refusals, create,
		       "the source has %u compute and %u memory slices, this vGPU %u and %u (0: the pool)",
		       source->compute_slices, source->memory_slices,
		       target->compute_slices, target->memory_slices);
}

/**
 * stream_refuses - whether a guest can't go on, on another vGPU
 * @source: what the vGPU is that it runs on
 * @target: what the other one is
 * @number: which of the reasons is wanted, from 0
 * @reason: receives it, a sentence for administrators
 * @size: of @reason
 *
 * Return: true, and @reason; false: there are no more than @number reasons.
 */
bool stream_refuses(const struct stream_hello *source, const struct stream_hello *target,
		    unsigned int number, char *reason, size_t size)
{
	bool other = source->type[0] && strcmp(source->type, target->type);
	const char *create = other ? source->type : NULL, *none = NULL;
	struct refusals refusals = { .wanted = number, .reason = reason, .size = size };
	unsigned int offset = config_differs(source, target);

	/* All else follows from it. */
	if (strcmp(source->personality, target->personality) ||
	    source->any_family != target->any_family)
		return refuse(&refusals, none,
			      "the source has personality %s, this vGPU %s: write %s to its openvgpu/personality",
			      source->personality, target->personality, source->personality);
	if (source->framebuffer != target->framebuffer &&
	    refuse(&refusals, create,
		   "the source has %llu MiB, this vGPU %llu",
		   mib(source->framebuffer), mib(target->framebuffer)))
		return true;
	if (source->bar_bytes != target->bar_bytes &&
	    refuse(&refusals, create,
		   "the source's framebuffer BAR has %llu MiB, this vGPU's %llu",
		   mib(source->bar_bytes), mib(target->bar_bytes)))
		return true;
	if (source->heads != target->heads &&
	    refuse(&refusals, create,
		   "the source has %u heads, this vGPU %u",
		   source->heads, target->heads))
		return true;
	if ((source->max_x != target->max_x || source->max_y != target->max_y) &&
	    refuse(&refusals, create,
		   "the source's largest mode is %ux%u, this vGPU's %ux%u",
		   source->max_x, source->max_y, target->max_x, target->max_y))
		return true;
	if (!version_serves(source->interface, target->interface) &&
	    refuse(&refusals, none,
		   "the source's control page has version %u.%u, this host's %u.%u: update openvgpu on this host",
		   MAJOR(source->interface), MINOR(source->interface),
		   MAJOR(target->interface), MINOR(target->interface)))
		return true;
	if (!source->any_family && gpu_refuses(source, target, create, &refusals))
		return true;
	if (source->vectors != target->vectors &&
	    refuse(&refusals, none,
		   "the source has %u interrupt vectors, this vGPU %u",
		   source->vectors, target->vectors))
		return true;
	/* It tells of much that was said already. */
	return offset < STREAM_CONFIG && !refusals.count &&
		refuse(&refusals, none,
		       "the configuration spaces differ at 0x%02x", offset);
}
