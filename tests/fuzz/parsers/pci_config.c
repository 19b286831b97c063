// SPDX-License-Identifier: GPL-2.0-only
/*
 * pci_config.c - fuzzes the configuration space of the reference GPU
 */
#include "front/pci_config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pci_config_desc function = {
		.vendor = 0x1234, .device = 0x5247, .class = 0x030200,
		.bars = { [0] = { .size = 1 << 20, .wide = true },
			  [2] = { .size = 1 << 30, .wide = true, .prefetch = true } },
		.msix_vectors = 66, .msix_bar = 0, .msix_table = 0x1000, .msix_pba = 0x2000,
	};
	struct pci_config *config = malloc(sizeof(*config));
	struct fuzz fuzz = { data, size };
	unsigned int i;

	FUZZ_CHECK(config && !pci_config_init(config, &function), "no function");
	while (fuzz.left) {
		unsigned int what = (unsigned int)fuzz_number(&fuzz, 1);
		uint64_t offset = what & 0x80 ? fuzz_number(&fuzz, 8) : fuzz_below(&fuzz, 0x1010);
		size_t bytes = (size_t)fuzz_below(&fuzz, what & 0x40 ? 64 : 9);
		uint8_t *buffer = malloc(bytes + !bytes);
		unsigned int events;
		bool master;

		FUZZ_CHECK(buffer, "no memory");
		if (what & 1) {
			pci_config_read(config, offset, buffer, bytes);
			for (i = 0; i < bytes; i++)
				FUZZ_CHECK(buffer[i] == (offset + i < PCI_CONFIG_SIZE &&
							 offset + i >= offset ?
							 config->data[offset + i] : 0xff),
					   "byte 0x%llx reads 0x%x",
					   (unsigned long long)offset + i, buffer[i]);
		} else {
			fuzz_bytes(&fuzz, buffer, bytes);
			master = pci_config_bus_master(config);
			events = pci_config_write(config, offset, buffer, bytes);
			FUZZ_CHECK(!(events & PCI_CONFIG_EVENT_FLR) ||
				   !memcmp(config->data, config->initial, PCI_CONFIG_SIZE),
				   "a reset leaves something");
			FUZZ_CHECK(events || pci_config_bus_master(config) == master,
				   "bus mastering changed and nobody is told");
		}
		free(buffer);
	}
	for (i = 0; i < PCI_CONFIG_SIZE; i++)
		FUZZ_CHECK(!((config->data[i] ^ config->initial[i]) &
			     ~(config->writable[i] | config->clears[i])),
			   "byte 0x%x is 0x%x", i, config->data[i]);
	free(config);
	return 0;
}
