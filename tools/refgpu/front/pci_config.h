/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The config space of a PCI Express endpoint: power management, Express with
 * function level reset, MSI-X, advanced error reporting, and a serial number. Registers keep
 * the bits that the specification lets software write and no others.
 */
#ifndef REFGPU_PCI_CONFIG_H
#define REFGPU_PCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_SIZE		4096
#define PCI_CONFIG_BARS		6

/**
 * struct pci_config_bar - a base address register
 * @size: size in bytes, a power of two of at least 16, or 0 for none.
 *	A BAR of 4 GiB or more must be 64 bits wide
 * @wide: 64 bits wide; takes the next register too
 * @prefetch: reads have no side effects
 */
struct pci_config_bar {
	uint64_t size;
	bool wide;
	bool prefetch;
};

/**
 * struct pci_config_desc - description of the function
 * @vendor: vendor id
 * @device: device id
 * @subvendor: subsystem vendor id
 * @subdevice: subsystem id
 * @revision: revision id
 * @class: class code, 24 bits
 * @serial: serial number; 0: it has none
 * @bars: base address registers
 * @msix_vectors: number of MSI-X vectors, 0 to 2048
 * @msix_bar: BAR that holds the table and the pending bits
 * @msix_table: offset of the table in it, a multiple of 8
 * @msix_pba: offset of the pending bits in it, a multiple of 8
 */
struct pci_config_desc {
	uint16_t vendor;
	uint16_t device;
	uint16_t subvendor;
	uint16_t subdevice;
	uint8_t revision;
	uint32_t class;
	uint64_t serial;
	struct pci_config_bar bars[PCI_CONFIG_BARS];
	unsigned int msix_vectors;
	unsigned int msix_bar;
	uint32_t msix_table;
	uint32_t msix_pba;
};

/**
 * struct pci_config - a config space
 * @data: the bytes that a read returns
 * @initial: @data after a reset
 * @writable: bits that a write sets
 * @clears: bits that a written one clears
 * @express: offset of the Express capability
 *
 * Not locked: the caller serializes.
 */
struct pci_config {
	uint8_t data[PCI_CONFIG_SIZE];
	uint8_t initial[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	uint8_t clears[PCI_CONFIG_SIZE];
	unsigned int express;
};

/** A write started a function level reset; config space is reset already. */
#define PCI_CONFIG_EVENT_FLR		(1u << 0)
/** A write changed the command register. */
#define PCI_CONFIG_EVENT_COMMAND	(1u << 1)

/**
 * pci_config_init() - build a config space
 * @cfg: filled in
 * @desc: the function
 *
 * Return: 0, or -EINVAL if a BAR or the place of MSI-X makes no sense.
 */
int pci_config_init(struct pci_config *cfg, const struct pci_config_desc *desc);

/**
 * pci_config_class() - another class code, now and after every reset
 * @cfg: config space
 * @class: class code, 24 bits
 */
void pci_config_class(struct pci_config *cfg, uint32_t class);

/**
 * pci_config_reset() - bring every register to its initial value
 * @cfg: config space
 */
void pci_config_reset(struct pci_config *cfg);

/**
 * pci_config_read() - read
 * @cfg: config space
 * @offset: first byte
 * @buf: filled in; bytes beyond the end read as ones
 * @len: length in bytes
 */
void pci_config_read(const struct pci_config *cfg, uint64_t offset, void *buf, size_t len);

/**
 * pci_config_write() - write
 * @cfg: config space
 * @offset: first byte
 * @buf: data; bytes beyond the end are dropped
 * @len: length in bytes
 *
 * Return: the PCI_CONFIG_EVENT_* that the write caused.
 */
unsigned int pci_config_write(struct pci_config *cfg, uint64_t offset, const void *buf,
			      size_t len);

/**
 * pci_config_bus_master() - may the function access memory and send interrupts?
 * @cfg: config space
 */
bool pci_config_bus_master(const struct pci_config *cfg);

#endif /* REFGPU_PCI_CONFIG_H */
