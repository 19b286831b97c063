// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_space.c - the virtual PCI configuration space of a vGPU
 *
 * Everything is done byte by byte against the masks, so an access of any size
 * at any alignment, also across registers, needs no case of its own.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif
#include <linux/pci_regs.h>

#include "pci/config_space.h"

#define PCIE_CAPABILITY_SIZE	0x3c	/* version 2 */

static void put(__u8 *at, __u32 value, unsigned int size)
{
	while (size--) {
		*at++ = value;
		value >>= 8;
	}
}

static void set(struct vgpu_config *config, unsigned int offset, __u32 value,
		unsigned int size)
{
	put(config->data + offset, value, size);
	put(config->power_on + offset, value, size);
}

/* Room for a capability of @size bytes, linked in; 0: there is none. */
static unsigned int add_capability(struct vgpu_config *config, __u8 id,
				   unsigned int size)
{
	unsigned int at = config->free;

	if (at + size > VGPU_CONFIG_RW_SIZE)
		return 0;
	set(config, at, id, 1);
	set(config, config->last_capability, at, 1);
	config->last_capability = at + PCI_CAP_LIST_NEXT;
	config->free = (at + size + 3) & ~3u;
	return at;
}

/**
 * vgpu_config_init - an endpoint without BARs and capabilities
 * @config: filled in
 * @vendor: PCI vendor id
 * @device: PCI device id
 * @subsystem_vendor: PCI subsystem vendor id
 * @subsystem_device: PCI subsystem id
 * @class_code: base class, subclass, interface in 24 bits
 * @revision: PCI revision
 */
void vgpu_config_init(struct vgpu_config *config, __u16 vendor, __u16 device,
		      __u16 subsystem_vendor, __u16 subsystem_device,
		      __u32 class_code, __u8 revision)
{
	memset(config, 0, sizeof(*config));
	set(config, PCI_VENDOR_ID, vendor, 2);
	set(config, PCI_DEVICE_ID, device, 2);
	set(config, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	set(config, PCI_CLASS_REVISION, class_code << 8 | revision, 4);
	set(config, PCI_HEADER_TYPE, PCI_HEADER_TYPE_NORMAL, 1);
	set(config, PCI_SUBSYSTEM_VENDOR_ID, subsystem_vendor, 2);
	set(config, PCI_SUBSYSTEM_ID, subsystem_device, 2);
	config->last_capability = PCI_CAPABILITY_LIST;
	config->free = PCI_STD_HEADER_SIZEOF;

	put(config->writable + PCI_COMMAND, PCI_COMMAND_MEMORY |
	    PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
	    PCI_COMMAND_INTX_DISABLE, 2);
	put(config->clearable + PCI_STATUS, PCI_STATUS_PARITY |
	    PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT |
	    PCI_STATUS_REC_MASTER_ABORT | PCI_STATUS_SIG_SYSTEM_ERROR |
	    PCI_STATUS_DETECTED_PARITY, 2);
	put(config->writable + PCI_CACHE_LINE_SIZE, 0xff, 1);
	put(config->writable + PCI_INTERRUPT_LINE, 0xff, 1);
}

/**
 * vgpu_config_set_class - another class code, now and after every reset
 * @config: the space
 * @class_code: base class, subclass, interface in 24 bits
 */
void vgpu_config_set_class(struct vgpu_config *config, __u32 class_code)
{
	set(config, PCI_CLASS_PROG, class_code & 0xff, 1);
	set(config, PCI_CLASS_DEVICE, class_code >> 8, 2);
}

/**
 * vgpu_config_add_bar - a memory BAR
 * @config: the space
 * @bar: 0..5
 * @size: bytes, a power of two, at least 16
 * @flags: VGPU_BAR_*
 *
 * Return: false if that can't be.
 */
bool vgpu_config_add_bar(struct vgpu_config *config, unsigned int bar,
			 __u64 size, unsigned int flags)
{
	bool wide = flags & VGPU_BAR_64;
	unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
	__u64 mask = ~(size - 1);
	__u32 type = 0;

	if (size < 16 || size & (size - 1) ||
	    bar + wide >= VGPU_CONFIG_BARS || (!wide && size >> 31))
		return false;
	if (wide)
		type |= PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (flags & VGPU_BAR_PREFETCH)
		type |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	set(config, at, type, 4);
	put(config->writable + at, mask, 4);
	if (wide)
		put(config->writable + at + 4, mask >> 32, 4);
	return true;
}

/**
 * vgpu_config_add_pcie - a PCI Express endpoint that knows function-level reset
 * @config: the space
 *
 * Return: false if there is no room.
 */
bool vgpu_config_add_pcie(struct vgpu_config *config)
{
	unsigned int at = add_capability(config, PCI_CAP_ID_EXP,
					 PCIE_CAPABILITY_SIZE);
	/* One lane at 2.5 GT/s: there is no link, but guests print it. */
	__u32 link = PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1;

	if (!at)
		return false;
	set(config, at + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 2);
	set(config, at + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER |
	    PCI_EXP_DEVCAP_FLR, 4);
	set(config, at + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_RELAX_EN |
	    PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ_512B, 2);
	put(config->writable + at + PCI_EXP_DEVCTL,
	    0xffff & ~PCI_EXP_DEVCTL_BCR_FLR, 2);
	put(config->clearable + at + PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_CED |
	    PCI_EXP_DEVSTA_NFED | PCI_EXP_DEVSTA_FED | PCI_EXP_DEVSTA_URD, 2);
	set(config, at + PCI_EXP_LNKCAP, link, 4);
	set(config, at + PCI_EXP_LNKSTA, link, 2);
	config->devctl = at + PCI_EXP_DEVCTL;
	return true;
}

/**
 * vgpu_config_add_msix - an MSI-X capability
 * @config: the space
 * @vectors: 1..2048
 * @table_bar: BAR of the table
 * @table_offset: the table's offset in it, a multiple of 8
 * @pba_bar: BAR of the pending bits
 * @pba_offset: their offset in it, a multiple of 8
 *
 * The control bits store what is written and do nothing: who uses the vGPU
 * sets interrupts up through VFIO_DEVICE_SET_IRQS.
 *
 * Return: false if an argument is out of range or there is no room.
 */
bool vgpu_config_add_msix(struct vgpu_config *config, unsigned int vectors,
			  unsigned int table_bar, __u32 table_offset,
			  unsigned int pba_bar, __u32 pba_offset)
{
	unsigned int at;

	if (!vectors || vectors > 2048 || table_bar >= VGPU_CONFIG_BARS ||
	    pba_bar >= VGPU_CONFIG_BARS || table_offset & 7 || pba_offset & 7)
		return false;
	at = add_capability(config, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
	if (!at)
		return false;
	set(config, at + PCI_MSIX_FLAGS, vectors - 1, 2);
	put(config->writable + at + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE |
	    PCI_MSIX_FLAGS_MASKALL, 2);
	set(config, at + PCI_MSIX_TABLE, table_offset | table_bar, 4);
	set(config, at + PCI_MSIX_PBA, pba_offset | pba_bar, 4);
	return true;
}

/**
 * vgpu_config_reset - the state after power-on
 * @config: the space
 */
void vgpu_config_reset(struct vgpu_config *config)
{
	memcpy(config->data, config->power_on, sizeof(config->power_on));
}

/**
 * vgpu_config_memory_enabled - whether the function decodes memory accesses
 * @config: the space
 */
bool vgpu_config_memory_enabled(const struct vgpu_config *config)
{
	return config->data[PCI_COMMAND] & PCI_COMMAND_MEMORY;
}

/**
 * vgpu_config_master_enabled - whether the function may access memory and raise
 * interrupts
 * @config: the space
 */
bool vgpu_config_master_enabled(const struct vgpu_config *config)
{
	return config->data[PCI_COMMAND] & PCI_COMMAND_MASTER;
}

static bool inside(unsigned int offset, unsigned int size)
{
	return offset < VGPU_CONFIG_SIZE && size <= VGPU_CONFIG_SIZE - offset;
}

/**
 * vgpu_config_read - read bytes
 * @config: the space
 * @offset: of the first
 * @size: how many; any
 * @bytes: filled in; zeros if the range is not inside the space
 */
void vgpu_config_read(const struct vgpu_config *config, unsigned int offset,
		      unsigned int size, __u8 *bytes)
{
	if (inside(offset, size))
		memcpy(bytes, config->data + offset, size);
	else
		memset(bytes, 0, size);
}

/* What a change of COMMAND asks of the caller. */
static unsigned int changes(const struct vgpu_config *config, bool memory,
			    bool master)
{
	unsigned int result = 0;

	if (vgpu_config_memory_enabled(config) != memory)
		result |= VGPU_CONFIG_MEMORY;
	if (vgpu_config_master_enabled(config) != master)
		result |= VGPU_CONFIG_MASTER;
	return result;
}

/**
 * vgpu_config_write - write bytes
 * @config: the space
 * @offset: of the first
 * @size: how many; any
 * @bytes: what a guest wants there; read-only bits of it are dropped
 *
 * Return: VGPU_CONFIG_* flags of what the caller must do now.
 */
unsigned int vgpu_config_write(struct vgpu_config *config, unsigned int offset,
			       unsigned int size, const __u8 *bytes)
{
	bool memory = vgpu_config_memory_enabled(config);
	bool master = vgpu_config_master_enabled(config);
	unsigned int i, result = 0;

	if (!inside(offset, size))
		return 0;
	for (i = 0; i < size && offset + i < VGPU_CONFIG_RW_SIZE; i++) {
		unsigned int at = offset + i;
		__u8 mask = config->writable[at];
		__u8 value = (config->data[at] & ~mask) | (bytes[i] & mask);

		config->data[at] = value & ~(bytes[i] & config->clearable[at]);
		if (config->devctl && at == config->devctl + 1 &&
		    bytes[i] & (PCI_EXP_DEVCTL_BCR_FLR >> 8))
			result |= VGPU_CONFIG_FLR;
	}
	return result | changes(config, memory, master);
}

/**
 * vgpu_config_restore - what was read from such a space once is there again
 * @config: the space
 * @data: its first VGPU_CONFIG_RW_SIZE bytes; bits that no write can change are
 *	dropped
 *
 * Return: VGPU_CONFIG_* flags of what the caller must do now; never that of a reset.
 */
unsigned int vgpu_config_restore(struct vgpu_config *config, const __u8 *data)
{
	bool memory = vgpu_config_memory_enabled(config);
	bool master = vgpu_config_master_enabled(config);
	unsigned int at;

	for (at = 0; at < VGPU_CONFIG_RW_SIZE; at++) {
		__u8 mask = config->writable[at] | config->clearable[at];

		config->data[at] = (config->power_on[at] & ~mask) |
				   (data[at] & mask);
	}
	return changes(config, memory, master);
}
