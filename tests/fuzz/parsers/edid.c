// SPDX-License-Identifier: GPL-2.0-only
/*
 * edid.c - fuzzes EDIDs: those that are made for any monitor, and the check of
 * those that an administrator or a VMM brings
 */
#include "display/edid.h"
#include "fuzz.h"

static void build(struct fuzz *fuzz)
{
	uint8_t *edid = malloc(VGPU_EDID_SIZE);
	char name[32], uuid[64];
	struct vgpu_edid_info info = { .name = name, .uuid = uuid };
	unsigned int bytes, i;

	if (!edid)
		return;
	info.head = (unsigned int)fuzz_number(fuzz, 1);
	/* The largest that a type can have; see timing_of(). */
	info.max_x = (uint32_t)fuzz_below(fuzz, 7680 + 1);
	info.max_y = (uint32_t)fuzz_below(fuzz, 4320 + 1);
	info.preferred_x = (uint32_t)fuzz_number(fuzz, fuzz_number(fuzz, 1) & 1 ? 4 : 2);
	info.preferred_y = (uint32_t)fuzz_number(fuzz, fuzz_number(fuzz, 1) & 1 ? 4 : 2);
	fuzz_bytes(fuzz, name, sizeof(name));
	fuzz_bytes(fuzz, uuid, sizeof(uuid));
	name[sizeof(name) - 1] = '\0';
	uuid[sizeof(uuid) - 1] = '\0';
	memset(edid, 0xee, VGPU_EDID_SIZE);
	bytes = vgpu_edid_build(&info, edid);
	if (info.max_x < VGPU_EDID_MIN_X || info.max_y < VGPU_EDID_MIN_Y) {
		FUZZ_CHECK(!bytes, "%u bytes for %ux%u", bytes, info.max_x, info.max_y);
		free(edid);
		return;
	}
	FUZZ_CHECK(bytes == 128 || bytes == 256, "%u bytes", bytes);
	FUZZ_CHECK(vgpu_edid_valid(edid, bytes), "its own EDID is refused");
	for (i = bytes; i < VGPU_EDID_SIZE; i++)
		FUZZ_CHECK(!edid[i], "byte %u behind it is 0x%x", i, edid[i]);
	/* One byte that is another one is noticed, wherever it is. */
	i = (unsigned int)fuzz_below(fuzz, bytes);
	edid[i] ^= (uint8_t)(1 + fuzz_below(fuzz, 255));
	FUZZ_CHECK(!vgpu_edid_valid(edid, bytes), "byte %u was changed", i);
	free(edid);
}

static void check(const uint8_t *data, size_t size)
{
	uint8_t *edid = malloc(size + !size);
	size_t block, i;
	uint8_t sum;

	if (!edid)
		return;
	memcpy(edid, data, size);
	if (vgpu_edid_valid(edid, size)) {
		FUZZ_CHECK(size >= 128 && size % 128 == 0 && size / 128 == edid[126] + 1u,
			   "%zu bytes, %u extensions", size, edid[126]);
		for (block = 0; block < size; block += 128) {
			for (sum = 0, i = 0; i < 128; i++)
				sum += edid[block + i];
			FUZZ_CHECK(!sum, "block %zu has the sum 0x%x", block / 128, sum);
		}
	}
	free(edid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };

	if (fuzz_number(&fuzz, 1) & 1)
		check(fuzz.at, fuzz.left);
	else
		build(&fuzz);
	return 0;
}
