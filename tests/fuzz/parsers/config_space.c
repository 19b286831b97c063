// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_space.c - fuzzes the virtual configuration space: a guest and a VMM that
 * read and write it at any offset in any size
 */
#include <linux/pci_regs.h>

#include "fuzz.h"
#include "pci/config_space.h"

#define BUFFER	64

/* As personalities build it, or anyhow. */
static void build(struct fuzz *fuzz, struct vgpu_config *config)
{
	unsigned int n = (unsigned int)fuzz_below(fuzz, 32);

	vgpu_config_init(config, 0x1234, 0x5248, 0x1234, 1, 0x030200, 1);
	while (n--) {
		uint64_t a = fuzz_number(fuzz, 4);

		switch (a & 3) {
		case 0:
			/* A BAR that overlaps another is the module's own mistake. */
			if (!config->data[PCI_BASE_ADDRESS_0 + 8 * (a >> 2) % 3])
				vgpu_config_add_bar(config, 2 * (unsigned int)((a >> 2) % 3),
						    1ull << ((a >> 8) & 63),
						    (a >> 16) & 1 ? VGPU_BAR_64 : 0);
			break;
		case 1:
			if (!config->devctl)
				vgpu_config_add_pcie(config);
			break;
		default:
			vgpu_config_add_msix(config, (unsigned int)(a >> 8) & 0xfff,
					     (a >> 2) & 7, (unsigned int)(a >> 16) & ~7u,
					     (a >> 5) & 7, 0x3000);
		}
	}
	vgpu_config_reset(config);
}

static void check_space(const struct vgpu_config *config)
{
	unsigned int at, steps = 0, i;

	for (at = config->data[PCI_CAPABILITY_LIST]; at; at = config->data[at + 1]) {
		FUZZ_CHECK(++steps <= 48, "a list without an end");
		FUZZ_CHECK(at >= PCI_STD_HEADER_SIZEOF && at < VGPU_CONFIG_RW_SIZE - 1,
			   "a capability at 0x%x", at);
	}
	for (i = 0; i < VGPU_CONFIG_RW_SIZE; i++) {
		uint8_t fixed = (uint8_t)~(config->writable[i] | config->clearable[i]);

		FUZZ_CHECK(!((config->data[i] ^ config->power_on[i]) & fixed),
			   "byte 0x%x, read-only in 0x%x, was 0x%x and is 0x%x", i, fixed,
			   config->power_on[i], config->data[i]);
	}
	for (; i < VGPU_CONFIG_SIZE; i++)
		FUZZ_CHECK(!config->data[i], "byte 0x%x is 0x%x", i, config->data[i]);
}

static void write_some(struct fuzz *fuzz, struct vgpu_config *config,
		       unsigned int offset, unsigned int size)
{
	bool memory = vgpu_config_memory_enabled(config), inside, flr;
	bool master = vgpu_config_master_enabled(config);
	unsigned int devctl = config->devctl, result;
	uint8_t *bytes = malloc(size + !size);

	if (!bytes)
		return;
	fuzz_bytes(fuzz, bytes, size);
	inside = (uint64_t)offset + size <= VGPU_CONFIG_SIZE;
	flr = inside && devctl && offset <= devctl + 1 && devctl + 1 - offset < size &&
	      bytes[devctl + 1 - offset] & 0x80;
	result = vgpu_config_write(config, offset, size, bytes);
	FUZZ_CHECK(!(result & VGPU_CONFIG_FLR) == !flr, "flags 0x%x", result);
	FUZZ_CHECK(!(result & VGPU_CONFIG_MEMORY) ==
		   (vgpu_config_memory_enabled(config) == memory), "flags 0x%x", result);
	FUZZ_CHECK(!(result & VGPU_CONFIG_MASTER) ==
		   (vgpu_config_master_enabled(config) == master), "flags 0x%x", result);
	free(bytes);
}

static void read_some(const struct vgpu_config *config, unsigned int offset,
		      unsigned int size)
{
	bool inside = (uint64_t)offset + size <= VGPU_CONFIG_SIZE;
	uint8_t *bytes = malloc(size + !size);
	unsigned int i;

	if (!bytes)
		return;
	memset(bytes, 0xee, size);
	vgpu_config_read(config, offset, size, bytes);
	for (i = 0; i < size; i++)
		FUZZ_CHECK(bytes[i] == (inside ? config->data[offset + i] : 0),
			   "byte 0x%x reads 0x%x", offset + i, bytes[i]);
	free(bytes);
}

/* Mostly where the registers are; else near the end, or anywhere. */
static unsigned int any_offset(struct fuzz *fuzz, unsigned int what)
{
	if (!(what & 0x80))
		return (unsigned int)fuzz_below(fuzz, VGPU_CONFIG_RW_SIZE + 4);
	if (fuzz_below(fuzz, 2))
		return VGPU_CONFIG_SIZE - (unsigned int)fuzz_below(fuzz, BUFFER);
	return (unsigned int)fuzz_number(fuzz, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vgpu_config *config = malloc(sizeof(*config));
	struct fuzz fuzz = { data, size };

	if (!config)
		return 0;
	build(&fuzz, config);
	check_space(config);
	while (fuzz.left) {
		unsigned int what = (unsigned int)fuzz_number(&fuzz, 1);
		unsigned int offset = any_offset(&fuzz, what);
		unsigned int bytes = what & 0x40 ? (unsigned int)fuzz_below(&fuzz, BUFFER) :
						   1u << (what >> 4 & 3);

		if (what & 8)
			read_some(config, offset, bytes);
		else if ((what & 7) == 7)
			vgpu_config_reset(config);
		else
			write_some(&fuzz, config, offset, bytes);
	}
	check_space(config);
	vgpu_config_reset(config);
	FUZZ_CHECK(!memcmp(config->data, config->power_on, VGPU_CONFIG_RW_SIZE),
		   "a reset leaves something");
	free(config);
	return 0;
}
