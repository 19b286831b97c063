// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain.c - an open vGPU of any family and personality
 */
#include "plain.h"

#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static uint64_t type_bytes(const char *type)
{
	char *end;
	uint64_t size = strtoull(type, &end, 10);

	return *end == 'm' ? size << 20 : size << 30;
}

/**
 * plain_type - the smallest type of the series under test
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
	char names[64][32];
	int count = host_types(names, 64), i;

	CHECK(count > 0, "no types: %s", rt_message());
	best[0] = 0;
	for (i = 0; i < count; i++)
		if (names[i][strlen(names[i]) - 1] == letter &&
		    (!best[0] || type_bytes(names[i]) < type_bytes(best)))
			memcpy(best, names[i], sizeof(best));
	CHECK(best[0], "GPU %s has no types of series %c", host_gpu(), letter);
	return best;
}

static void learn_regions(struct plain *vgpu)
{
	struct vfio_device_info device = { .argsz = sizeof(device) };
	unsigned int i;

	CHECK(!ioctl(vgpu->fd, VFIO_DEVICE_GET_INFO, &device), "GET_INFO: %s",
	      strerror(errno));
	CHECK(device.num_regions > VFIO_PCI_CONFIG_REGION_INDEX &&
	      device.num_regions <= PLAIN_REGIONS, "%u regions",
	      device.num_regions);
	vgpu->regions = device.num_regions;
	for (i = 0; i < vgpu->regions; i++) {
		struct vfio_region_info info = {
			.argsz = sizeof(info), .index = i,
		};

		CHECK(!ioctl(vgpu->fd, VFIO_DEVICE_GET_REGION_INFO, &info),
		      "region %u of %u: %s", i, vgpu->regions, strerror(errno));
		vgpu->region[i].size = info.size;
		vgpu->region[i].offset = info.offset;
		vgpu->region[i].flags = info.flags;
	}
}

/* The slice is in the largest BAR that can be mapped. */
static void map_framebuffer(struct plain *vgpu)
{
	const struct rt_region *best = NULL;
	unsigned int i;
	void *map;

	for (i = 0; i < RT_BARS; i++)
		if ((vgpu->region[i].flags & VFIO_REGION_INFO_FLAG_MMAP) &&
		    (!best || vgpu->region[i].size > best->size)) {
			best = &vgpu->region[i];
			vgpu->framebuffer = i;
		}
	CHECK(best, "no BAR can be mapped");
	vgpu->bytes = host_attribute(vgpu->uuid, "framebuffer_size");
	if (vgpu->bytes > best->size)
		vgpu->bytes = best->size;
	CHECK(vgpu->bytes >= 4 * MIB, "only %llu bytes of the slice can be mapped",
	      (unsigned long long)vgpu->bytes);
	map = mmap(NULL, best->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vgpu->fd, (off_t)best->offset);
	CHECK(map != MAP_FAILED, "mmap of BAR%u: %s", vgpu->framebuffer,
	      strerror(errno));
	vgpu->map = map;
}

/**
 * plain_open - open a vGPU as a VMM does, memory decoding on
 * @vgpu: closed
 */
void plain_open(struct plain *vgpu)
{
	vgpu->space = rt_space_create(transport);
	CHECK(vgpu->space, "%s", rt_message());
	OK(rt_space_attach(vgpu->space, vgpu->uuid, &vgpu->fd, &vgpu->group));
	learn_regions(vgpu);
	plain_decoding(vgpu, true);
	map_framebuffer(vgpu);
}

/**
 * plain_make - create a vGPU and open it
 * @vgpu: receives it
 * @type: as "64mq"
 */
void plain_make(struct plain *vgpu, const char *type)
{
	memset(vgpu, 0, sizeof(*vgpu));
	OK(host_create_any(type, vgpu->uuid));
	plain_open(vgpu);
}

/**
 * plain_close - close a vGPU
 * @vgpu: open
 */
void plain_close(struct plain *vgpu)
{
	munmap((void *)vgpu->map, vgpu->region[vgpu->framebuffer].size);
	rt_space_detach(vgpu->space, vgpu->fd, vgpu->group);
	rt_space_destroy(vgpu->space);
	vgpu->space = NULL;
}

/**
 * plain_read - an access of the guest, or of the VMM to config space
 * @vgpu: open
 * @region: VFIO region
 * @offset: in it
 * @size: 1, 2, 4 or 8
 */
uint64_t plain_read(struct plain *vgpu, unsigned int region, uint64_t offset,
		    unsigned int size)
{
	uint64_t value = 0;
	ssize_t n = pread(vgpu->fd, &value, size,
			  (off_t)(vgpu->region[region].offset + offset));

	CHECK(n == (ssize_t)size, "reading %u bytes at 0x%llx of region %u: %s",
	      size, (unsigned long long)offset, region,
	      n < 0 ? strerror(errno) : "short");
	return value;
}

/**
 * plain_write - an access of the guest, or of the VMM to config space
 * @vgpu: open
 * @region: VFIO region
 * @offset: in it
 * @size: 1, 2, 4 or 8
 * @value: what to write
 */
void plain_write(struct plain *vgpu, unsigned int region, uint64_t offset,
		 unsigned int size, uint64_t value)
{
	ssize_t n = pwrite(vgpu->fd, &value, size,
			   (off_t)(vgpu->region[region].offset + offset));

	CHECK(n == (ssize_t)size, "writing %u bytes at 0x%llx of region %u: %s",
	      size, (unsigned long long)offset, region,
	      n < 0 ? strerror(errno) : "short");
}

/**
 * plain_decoding - switch memory decoding
 * @vgpu: open
 * @on: wanted
 */
void plain_decoding(struct plain *vgpu, bool on)
{
	uint64_t command = plain_read(vgpu, VFIO_PCI_CONFIG_REGION_INDEX,
				      PCI_COMMAND, 2);

	command &= ~(uint64_t)PCI_COMMAND_MEMORY;
	plain_write(vgpu, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2,
		    on ? command | PCI_COMMAND_MEMORY : command);
}

/**
 * plain_capability - find a PCI capability
 * @vgpu: open
 * @id: PCI_CAP_ID_*; 0: only walk the list
 *
 * Return: its offset, 0: it is not there.
 */
unsigned int plain_capability(struct plain *vgpu, unsigned int id)
{
	const unsigned int config = VFIO_PCI_CONFIG_REGION_INDEX;
	unsigned int at, seen = 0, found = 0;

	if (!(plain_read(vgpu, config, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	at = (unsigned int)plain_read(vgpu, config, PCI_CAPABILITY_LIST, 1);
	while (at) {
		CHECK(seen++ < 48, "the list of capabilities has no end");
		if (id && plain_read(vgpu, config, at, 1) == id)
			found = at;
		at = (unsigned int)plain_read(vgpu, config, at + 1, 1);
	}
	return found;
}

/**
 * plain_nonzero - whether somebody's data are in the slice
 * @vgpu: open
 *
 * Return: offset of the first word that is not zero, -1: none.
 */
long plain_nonzero(const struct plain *vgpu)
{
	const volatile uint64_t *words = (const volatile uint64_t *)vgpu->map;
	uint64_t i;

	for (i = 0; i < vgpu->bytes / 8; i++)
		if (words[i])
			return (long)(8 * i);
	return -1;
}
