// SPDX-License-Identifier: GPL-2.0-only
/*
 * bars.c - the windows of a GPU: its BARs
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define BARS		6
#define BAR_MEMORY	0x200	/* IORESOURCE_MEM and _PREFETCH of linux/ioport.h */
#define BAR_PREFETCH	0x2000

/**
 * struct bar - one window
 * @size: bytes; 0: there is none
 * @memory: of memory, not of ports
 * @prefetchable: reading it has no effects, as of video memory
 */
struct bar {
	uint64_t size;
	bool memory;
	bool prefetchable;
};

/* A line for each, "0xSTART 0xEND 0xFLAGS"; what has another form is none. */
static void read_bars(const struct cli *cli, const char *bdf, struct bar *bars)
{
	char text[OVGPU_ATTRIBUTE_SIZE], *rest = text, *line;
	uint64_t start, end, flags;
	unsigned int i;

	memset(bars, 0, BARS * sizeof(*bars));
	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, text, sizeof(text),
		   "bus/pci/devices/%s/resource", bdf);
	for (i = 0; i < BARS && (line = strsep(&rest, "\n")); i++) {
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end,
			   &flags) != 3 || !flags || end < start)
			continue;
		bars[i].size = end - start + 1;
		bars[i].memory = flags & BAR_MEMORY;
		bars[i].prefetchable = flags & BAR_PREFETCH;
	}
}

/**
 * bars_json - the BARs of a GPU as JSON
 * @cli: the run
 * @bdf: its PCI address
 *
 * Return: an array.
 */
struct json_object *bars_json(const struct cli *cli, const char *bdf)
{
	struct json_object *array = json_object_new_array(), *object;
	struct bar bars[BARS];
	unsigned int i;

	read_bars(cli, bdf, bars);
	for (i = 0; i < BARS; i++) {
		if (!bars[i].size)
			continue;
		object = json_object_new_object();
		json_set_number(object, "bar", i);
		json_set_number(object, "size_bytes", bars[i].size);
		json_set(object, "memory",
			 json_object_new_boolean(bars[i].memory));
		json_set(object, "prefetchable",
			 json_object_new_boolean(bars[i].prefetchable));
		json_object_array_add(array, object);
	}
	return array;
}

/**
 * bars_print - the same for people
 * @cli: the run
 * @bdf: PCI address of the GPU
 */
void bars_print(const struct cli *cli, const char *bdf)
{
	struct bar bars[BARS];
	unsigned int i;

	read_bars(cli, bdf, bars);
	for (i = 0; i < BARS; i++)
		if (bars[i].size)
			printf("  BAR %u%21s %s, %s%s\n", i, "",
			       show_size(bars[i].size).text,
			       bars[i].memory ? "memory" : "ports",
			       bars[i].prefetchable ? ", prefetchable" : "");
}
