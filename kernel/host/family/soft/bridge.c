// SPDX-License-Identifier: GPL-2.0-only
/*
 * bridge.c - PCI functions that are memory, on a host bridge of their own
 *
 * Programs that manage vGPUs expect their parent to be a PCI function, with four
 * digits of a domain. So the bridge is in the first domain from FIRST_DOMAIN on in
 * which nobody else has a bus.
 *
 * The functions have no BARs and no interrupts. They know function-level reset, so
 * that a reset of the GPU can be tried.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "base/vgpu.h"
#include "family/soft/soft.h"

#if defined(CONFIG_X86) && defined(CONFIG_PCI_DOMAINS)

#define FIRST_DOMAIN	0xf000
#define LAST_DOMAIN	0xffff

/**
 * struct function - a PCI function, alone in its slot
 * @lock: @config; raw, as the PCI core's own
 * @config: its configuration space
 */
struct function {
	raw_spinlock_t lock;
	struct vgpu_config config;
};

/**
 * struct bridge - the host bridge; freed by the PCI core with its bus
 * @sysdata: what the bus is to the architecture; first
 * @numbers: of its buses
 * @functions: how many slots have a function, from 0 on
 * @function: by slot; constant as long as there are pci_devs
 */
struct bridge {
	struct pci_sysdata sysdata;
	struct resource numbers;
	unsigned int functions;
	struct function *function;
};

static struct pci_host_bridge *host_bridge;

/* ------------------------------------------------------ configuration space */

static struct function *find_function(struct pci_bus *bus, unsigned int devfn)
{
	const struct bridge *bridge =
		container_of(bus->sysdata, struct bridge, sysdata);

	if (PCI_FUNC(devfn) || PCI_SLOT(devfn) >= bridge->functions)
		return NULL;
	return &bridge->function[PCI_SLOT(devfn)];
}

static int function_read(struct pci_bus *bus, unsigned int devfn, int where,
			 int size, u32 *value)
{
	struct function *function = find_function(bus, devfn);
	unsigned long flags;
	u8 bytes[4];

	if (!function) {
		*value = ~0;
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	raw_spin_lock_irqsave(&function->lock, flags);
	vgpu_config_read(&function->config, where, size, bytes);
	raw_spin_unlock_irqrestore(&function->lock, flags);
	*value = vgpu_value_from_bytes(bytes, size);
	return PCIBIOS_SUCCESSFUL;
}

static int function_write(struct pci_bus *bus, unsigned int devfn, int where,
			  int size, u32 value)
{
	struct function *function = find_function(bus, devfn);
	unsigned long flags;
	u8 bytes[4];

	if (!function)
		return PCIBIOS_DEVICE_NOT_FOUND;
	vgpu_value_to_bytes(bytes, value, size);
	raw_spin_lock_irqsave(&function->lock, flags);
	if (vgpu_config_write(&function->config, where, size, bytes) &
	    VGPU_CONFIG_FLR)
		vgpu_config_reset(&function->config);
	raw_spin_unlock_irqrestore(&function->lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops function_ops = {
	.read	= function_read,
	.write	= function_write,
};

/**
 * soft_bridge_has - whether a PCI function is one of these
 * @pdev: the function
 */
bool soft_bridge_has(const struct pci_dev *pdev)
{
	return pdev->bus->ops == &function_ops;
}

/* -------------------------------------------------------------- the bridge */

static bool domain_is_taken(int domain)
{
	struct pci_bus *bus = NULL;

	while ((bus = pci_find_next_bus(bus)))
		if (pci_domain_nr(bus) == domain)
			return true;
	return false;
}

static int find_domain(void)
{
	int domain;

	for (domain = FIRST_DOMAIN; domain <= LAST_DOMAIN; domain++)
		if (!domain_is_taken(domain))
			return domain;
	return -EBUSY;
}

static struct function *make_functions(unsigned int count)
{
	struct function *function = kvcalloc(count, sizeof(*function),
					     GFP_KERNEL);
	unsigned int i;

	for (i = 0; function && i < count; i++) {
		raw_spin_lock_init(&function[i].lock);
		vgpu_config_init(&function[i].config, SOFT_VENDOR_ID,
				 SOFT_DEVICE_ID, SOFT_VENDOR_ID, SOFT_DEVICE_ID,
				 PCI_CLASS_DISPLAY_OTHER << 8, 0);
		vgpu_config_add_pcie(&function[i].config);
	}
	return function;
}

static struct pci_host_bridge *make_bridge(int domain, unsigned int functions)
{
	struct pci_host_bridge *host;
	struct bridge *bridge;

	host = pci_alloc_host_bridge(sizeof(*bridge));
	if (!host)
		return NULL;
	bridge = pci_host_bridge_priv(host);
	bridge->function = make_functions(functions);
	if (!bridge->function) {
		pci_free_host_bridge(host);
		return NULL;
	}
	bridge->functions = functions;
	bridge->sysdata.domain = domain;
	bridge->sysdata.node = NUMA_NO_NODE;
	bridge->numbers = (struct resource) {
		.name	= KBUILD_MODNAME,
		.flags	= IORESOURCE_BUS,
	};
	pci_add_resource(&host->windows, &bridge->numbers);
	host->domain_nr = domain;
	host->sysdata = &bridge->sysdata;
	host->ops = &function_ops;
	return host;
}

static void free_bridge(struct pci_host_bridge *host)
{
	struct bridge *bridge = pci_host_bridge_priv(host);

	bridge->functions = 0;
	kvfree(bridge->function);
	pci_free_host_bridge(host);
}

/**
 * soft_bridge_add - make PCI functions
 * @functions: how many, 1 to 32
 *
 * May sleep.
 *
 * Return: 0; -EBUSY: no domain is free; or errno.
 */
int soft_bridge_add(unsigned int functions)
{
	int domain = find_domain(), ret;

	if (domain < 0)
		return domain;
	host_bridge = make_bridge(domain, functions);
	if (!host_bridge)
		return -ENOMEM;
	ret = pci_host_probe(host_bridge);
	if (!ret)
		return 0;
	free_bridge(host_bridge);
	host_bridge = NULL;
	return ret;
}

/**
 * soft_bridge_remove - undo soft_bridge_add(), if that was called
 *
 * May sleep; as long as another driver that was bound to one does.
 */
void soft_bridge_remove(void)
{
	if (!host_bridge)
		return;
	pci_lock_rescan_remove();
	pci_stop_root_bus(host_bridge->bus);
	pci_remove_root_bus(host_bridge->bus);
	pci_unlock_rescan_remove();
	free_bridge(host_bridge);
	host_bridge = NULL;
}

#else

/* What a host bridge needs beside itself is another thing on each architecture. */
int soft_bridge_add(unsigned int functions)
{
	return -EOPNOTSUPP;
}

void soft_bridge_remove(void) { }

bool soft_bridge_has(const struct pci_dev *pdev)
{
	return false;
}

#endif
