/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * partition.h - a partition for tests of the compute engine
 *
 * Video memory between guard areas, a few pages of system memory in a
 * machine's memory that is mostly not the partition's, and the shipped kernels
 * loaded into it.
 */
#ifndef UNIT_PARTITION_H
#define UNIT_PARTITION_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cpu/grid.h"
#include "cpu/grid_image.h"
#include "cpu/memory.h"
#include "unit.h"

#define GUARD		(256u << 10)
#define VRAM		(1u << 20)
#define MACHINE_PAGES	64	/* of the machine; the table is page 1 */
#define TABLE_PAGES	8	/* of the partition */
#define CANARY		0xa5

/* Where tests put things in video memory. */
#define AT_CODE		0x1000u
#define AT_ARGUMENT	0x4000u
#define AT_DATA		0x10000u
#define AT_STACK	0xc0000u	/* to the end: 256 KiB */

/* Machine pages of the partition's pages; 0: not valid. Page 3 is read-only. */
static const unsigned int partition_pages[TABLE_PAGES] = { 10, 12, 0, 20, 0, 30, 31, 0 };
#define READ_ONLY_PAGE	3

struct partition {
	uint8_t *vram_area;
	uint8_t *vram;
	uint8_t *machine;
	struct memory_host host;
	struct memory_view view;
};

static inline void *partition_bus(void *context, uint64_t bus, uint64_t length, bool write)
{
	struct partition *partition = context;

	(void)write;
	if (bus > MACHINE_PAGES * 4096 || length > MACHINE_PAGES * 4096 - bus)
		return NULL;
	return partition->machine + bus;
}

/* The entry of page @page in the partition's table, 0 beyond its end. */
static inline uint64_t partition_entry(unsigned int page)
{
	if (page >= TABLE_PAGES || !partition_pages[page])
		return 0;
	return partition_pages[page] * 4096ull | REFGPU_SYSMEM_VALID |
	       (page == READ_ONLY_PAGE ? 0 : REFGPU_SYSMEM_WRITE);
}

/* Fill everything that is the partition's with 0, all else with the canary. */
static inline void partition_clear(struct partition *partition)
{
	uint64_t *table = (uint64_t *)(partition->machine + 4096);
	unsigned int i;

	memset(partition->vram_area, CANARY, VRAM + 2 * GUARD);
	memset(partition->machine, CANARY, MACHINE_PAGES * 4096);
	memset(partition->vram, 0, VRAM);
	memset(table, 0, 4096);
	for (i = 0; i < TABLE_PAGES; i++) {
		if (partition_pages[i])
			memset(partition->machine + partition_pages[i] * 4096, 0, 4096);
		table[i] = partition_entry(i);
	}
}

static inline struct partition *partition_create(void)
{
	struct partition *partition = calloc(1, sizeof(*partition));
	struct memory_map map = {
		.limit = VRAM,
		.table = 4096,
		.pages = TABLE_PAGES,
		.poison = MEMORY_NO_POISON,
	};

	ck_assert_ptr_nonnull(partition);
	partition->vram_area = aligned_alloc(65536, VRAM + 2 * GUARD);
	partition->machine = aligned_alloc(4096, MACHINE_PAGES * 4096);
	ck_assert(partition->vram_area && partition->machine);
	partition->vram = partition->vram_area + GUARD;
	partition->host.translate = partition_bus;
	partition->host.context = partition;
	partition_clear(partition);
	memory_init(&partition->view, &partition->host);
	map.vram = partition->vram;
	memory_configure(&partition->view, &map);
	return partition;
}

static inline void partition_destroy(struct partition *partition)
{
	memory_destroy(&partition->view);
	free(partition->vram_area);
	free(partition->machine);
	free(partition);
}

/* Is everything that is not the partition's to write as partition_clear() left it? */
static inline bool partition_guards_intact(const struct partition *partition)
{
	const uint64_t *table = (const uint64_t *)(partition->machine + 4096);
	uint64_t i, page;
	uint8_t expected;

	for (i = 0; i < GUARD; i++) {
		if (partition->vram_area[i] != CANARY ||
		    partition->vram_area[GUARD + VRAM + i] != CANARY)
			return false;
	}
	for (i = 0; i < 512; i++) {
		if (table[i] != partition_entry(i))
			return false;
	}
	for (page = 0; page < MACHINE_PAGES; page++) {
		bool ours = page == 1;

		for (i = 0; i < TABLE_PAGES; i++)
			ours |= partition_pages[i] == page && i != READ_ONLY_PAGE;
		if (ours)
			continue;
		expected = page == partition_pages[READ_ONLY_PAGE] ? 0 : CANARY;
		for (i = 0; i < 4096; i++) {
			if (partition->machine[page * 4096 + i] != expected)
				return false;
		}
	}
	return true;
}

/* The byte at a partition's @address, by the tests' own knowledge of where it lies. */
static inline uint8_t *partition_byte(struct partition *partition, uint64_t address)
{
	uint64_t offset = address - REFGPU_SYSMEM_APERTURE;

	if (address < VRAM)
		return partition->vram + address;
	return partition->machine + partition_pages[offset >> 12] * 4096 + (offset & 4095);
}

/* Load a shipped kernel at @address; return its bytes. */
static inline size_t partition_load(struct partition *partition, const char *name,
				    uint64_t address)
{
	char path[512];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.bin", KERNELS, name);
	file = fopen(path, "rb");
	ck_assert_msg(file, "%s is missing: make -C tests/kernels", path);
	size = fread(partition->vram + address, 1, AT_ARGUMENT - AT_CODE, file);
	ck_assert_msg(size && feof(file), "%s does not fit", path);
	fclose(file);
	return size;
}

static inline uint64_t partition_time(void *context)
{
	return *(uint64_t *)context;
}

#endif /* UNIT_PARTITION_H */
