// SPDX-License-Identifier: GPL-2.0-only
/*
 * bridge.c - PCI functions that are memory, on a host bridge of their own
 *
 * Programs that manage vGPUs expect their parent to be a PCI function, with four
 * digits of a domain. So the bridge is in the first domain from FIRST_DOMAIN on in
 * which nobody else has a bus.
 *
 * The functions have no BARs and no interrupts. They know function-level reset, so
 * that a reset of the GPU can be tried. The first ones are there as long as the
 * bridge is, and the others are plugged in and pulled out, each with its engine.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "base/vgpu.h"
#include "family/soft/engine.h"
#include "family/soft/soft.h"
#include "refgpu_hw.h"

#if defined(CONFIG_X86) && defined(CONFIG_PCI_DOMAINS)

#define FIRST_DOMAIN	0xf000
#define LAST_DOMAIN	0xffff

/**
 * struct function - a PCI function, alone in its slot
 * @lock: @config; raw, as the PCI core's own
 * @config: its configuration space
 * @engine: the process that is its engine; NULL: it has none; RCU
 * @there: it is plugged in; READ_ONCE
 * @taken: the slot is; bridge_lock
 */
struct function {
	raw_spinlock_t lock;
	struct vgpu_config config;
	struct soft_engine __rcu *engine;
	bool there;
	bool taken;
};

/**
 * struct bridge - the host bridge; freed by the PCI core with its bus
 * @sysdata: what the bus is to the architecture; first
 * @numbers: of its buses
 * @function: by slot; NULL: there was none yet. Once there, it stays: somebody may be
 *	reading its configuration space while it goes away
 */
struct bridge {
	struct pci_sysdata sysdata;
	struct resource numbers;
	struct function *function[SOFT_SLOTS];
};

/* Made at the first need of it. */
static struct pci_host_bridge *host_bridge;
static DEFINE_MUTEX(bridge_lock);	/* host_bridge, and which slots are taken */

/* ------------------------------------------------------ configuration space */

/* With RCU read-locked, and so is what is found. */
static struct function *find_function(struct pci_bus *bus, unsigned int devfn)
{
	const struct bridge *bridge =
		container_of(bus->sysdata, struct bridge, sysdata);
	struct soft_engine *engine;
	struct function *function;

	if (PCI_FUNC(devfn) || PCI_SLOT(devfn) >= SOFT_SLOTS)
		return NULL;
	/* Pairs with the one in take_slot(). */
	function = smp_load_acquire(&bridge->function[PCI_SLOT(devfn)]);
	if (!function)
		return NULL;
	/* With the last one there. */
	if (!smp_load_acquire(&function->there))
		return NULL;
	/* As a board that was pulled out. */
	engine = rcu_dereference(function->engine);
	return engine && soft_engine_is_gone(engine) ? NULL : function;
}

static bool read_bytes(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u8 *bytes)
{
	struct function *function;
	unsigned long flags;

	rcu_read_lock();
	function = find_function(bus, devfn);
	if (function) {
		raw_spin_lock_irqsave(&function->lock, flags);
		vgpu_config_read(&function->config, where, size, bytes);
		raw_spin_unlock_irqrestore(&function->lock, flags);
	}
	rcu_read_unlock();
	return function;
}

static int function_read(struct pci_bus *bus, unsigned int devfn, int where,
			 int size, u32 *value)
{
	u8 bytes[4];

	if (!read_bytes(bus, devfn, where, size, bytes)) {
		*value = ~0;
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	*value = vgpu_value_from_bytes(bytes, size);
	return PCIBIOS_SUCCESSFUL;
}

static void write_bytes(struct function *function, int where, int size,
			const u8 *bytes)
{
	struct soft_engine *engine = rcu_dereference(function->engine);
	unsigned long flags;
	bool reset;

	raw_spin_lock_irqsave(&function->lock, flags);
	reset = vgpu_config_write(&function->config, where, size, bytes) &
		VGPU_CONFIG_FLR;
	if (reset)
		vgpu_config_reset(&function->config);
	raw_spin_unlock_irqrestore(&function->lock, flags);
	if (reset && engine)
		soft_engine_reset(engine);
}

static int function_write(struct pci_bus *bus, unsigned int devfn, int where,
			  int size, u32 value)
{
	struct function *function;
	u8 bytes[4];

	vgpu_value_to_bytes(bytes, value, size);
	rcu_read_lock();
	function = find_function(bus, devfn);
	if (function)
		write_bytes(function, where, size, bytes);
	rcu_read_unlock();
	return function ? PCIBIOS_SUCCESSFUL : PCIBIOS_DEVICE_NOT_FOUND;
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

/**
 * soft_decode_memory - let a function decode memory
 * @pdev: the function
 *
 * Nobody else does it, because there are no BARs. One that does not has neither
 * registers nor memory: so one can see what becomes of a GPU that does not answer any
 * more.
 */
void soft_decode_memory(struct pci_dev *pdev)
{
	u16 command = 0;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND, command | PCI_COMMAND_MEMORY);
}

/**
 * soft_engine_of - the engine of a GPU
 * @pdev: its function, while a driver is bound to it; any function
 *
 * Return: the engine; NULL: it is no software GPU, or one without an engine.
 */
struct soft_engine *soft_engine_of(const struct pci_dev *pdev)
{
	const struct bridge *bridge;
	struct function *function;

	if (!soft_bridge_has(pdev))
		return NULL;
	bridge = container_of(pdev->bus->sysdata, struct bridge, sysdata);
	function = bridge->function[PCI_SLOT(pdev->devfn)];
	/* It stays as long as the function does. */
	return function ? rcu_dereference_protected(function->engine, 1) : NULL;
}

/**
 * soft_bridge_command - the COMMAND register of a function
 * @slot: its slot, which was plugged in
 *
 * Return: PCI_COMMAND_*.
 */
u16 soft_bridge_command(unsigned int slot)
{
	struct bridge *bridge = pci_host_bridge_priv(host_bridge);
	struct function *function = bridge->function[slot];
	unsigned long flags;
	u8 bytes[2];

	raw_spin_lock_irqsave(&function->lock, flags);
	vgpu_config_read(&function->config, PCI_COMMAND, sizeof(bytes), bytes);
	raw_spin_unlock_irqrestore(&function->lock, flags);
	return vgpu_value_from_bytes(bytes, sizeof(bytes));
}

static void set_class(struct function *function, u32 class_code)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&function->lock, flags);
	vgpu_config_set_class(&function->config, class_code);
	raw_spin_unlock_irqrestore(&function->lock, flags);
}

/* The class code goes by the firmware mode; the PCI core reads it when it scans. */
static void update_class(struct soft_engine *engine)
{
	static const u32 classes[] = {
		[REFGPU_MODE_MIXED]	= REFGPU_PCI_CLASS,
		[REFGPU_MODE_GRAPHICS]	= REFGPU_PCI_CLASS_GRAPHICS,
		[REFGPU_MODE_COMPUTE]	= REFGPU_PCI_CLASS_COMPUTE,
	};
	struct bridge *bridge = pci_host_bridge_priv(host_bridge);
	u64 mode = soft_engine_mode(engine);

	if (mode < ARRAY_SIZE(classes))
		set_class(bridge->function[engine->slot],
			  classes[array_index_nospec(mode, ARRAY_SIZE(classes))]);
}

/**
 * soft_take_mode - reset a GPU, so that it takes its next firmware mode
 * @engine: its engine, to which a driver is bound
 *
 * The function's configuration space stays as it is, so that the driver can look. Not by
 * the PCI core, which waits for a minute until a function that is gone comes back. May
 * sleep, as soft_engine_read().
 */
void soft_take_mode(struct soft_engine *engine)
{
	soft_engine_reset(engine);
	update_class(engine);
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

static void init_config(struct vgpu_config *config, bool engine)
{
	if (engine)
		vgpu_config_init(config, REFGPU_PCI_VENDOR_ID,
				 REFGPU_PCI_DEVICE_ID, REFGPU_PCI_VENDOR_ID,
				 REFGPU_PCI_SUBSYSTEM_ID, REFGPU_PCI_CLASS,
				 REFGPU_PCI_REVISION);
	else
		vgpu_config_init(config, SOFT_VENDOR_ID, SOFT_DEVICE_ID,
				 SOFT_VENDOR_ID, SOFT_DEVICE_ID,
				 PCI_CLASS_DISPLAY_OTHER << 8, 0);
	vgpu_config_add_pcie(config);
}

/* Return: the slot, or errno. */
static int take_slot(struct bridge *bridge, struct soft_engine *engine)
{
	struct function *function;
	unsigned int slot;

	for (slot = 0; slot < SOFT_SLOTS; slot++)
		if (!bridge->function[slot] || !bridge->function[slot]->taken)
			break;
	if (slot == SOFT_SLOTS)
		return -ENOSPC;
	function = bridge->function[slot];
	if (!function) {
		function = kvzalloc(sizeof(*function), GFP_KERNEL);
		if (!function)
			return -ENOMEM;
		raw_spin_lock_init(&function->lock);
	}
	/* Nobody looks at it: see soft_bridge_pull(). */
	init_config(&function->config, engine);
	RCU_INIT_POINTER(function->engine, engine);
	function->taken = true;
	/* Complete, for whoever looks for it; it is not there yet. */
	smp_store_release(&bridge->function[slot], function);
	if (engine) {
		/* The function's; engine_work() drops it. */
		soft_engine_get(engine);
		/* With its function; pairs with the one in soft_engine_may(). */
		smp_store_release(&engine->slot, slot);
	}
	/* Last: a rescan of the bus finds it from now on. */
	smp_store_release(&function->there, true);
	return slot;
}

static void free_bridge(struct pci_host_bridge *host)
{
	struct bridge *bridge = pci_host_bridge_priv(host);
	unsigned int slot;

	for (slot = 0; slot < SOFT_SLOTS; slot++) {
		kvfree(bridge->function[slot]);
		bridge->function[slot] = NULL;
	}
	pci_free_host_bridge(host);
}

/* With so many functions that stay. */
static struct pci_host_bridge *make_bridge(int domain, unsigned int functions)
{
	struct pci_host_bridge *host;
	struct bridge *bridge;

	host = pci_alloc_host_bridge(sizeof(*bridge));
	if (!host)
		return NULL;
	bridge = pci_host_bridge_priv(host);
	while (functions--) {
		if (take_slot(bridge, NULL) < 0) {
			free_bridge(host);
			return NULL;
		}
	}
	bridge->sysdata.domain = domain;
	bridge->sysdata.node = NUMA_NO_NODE;
	bridge->numbers = (struct resource) {
		.name	= KBUILD_MODNAME,
		.flags	= IORESOURCE_BUS,
	};
	pci_add_resource(&host->windows, &bridge->numbers);
	/* Not domain_nr: the PCI core takes that for a number it has given out. */
	host->sysdata = &bridge->sysdata;
	host->ops = &function_ops;
	return host;
}

/*
 * The bus is scanned again, with the PCI core's lock. So the driver is bound again as it was
 * first.
 */
static int notice(struct notifier_block *block, unsigned long action, void *data)
{
	struct device *dev = data;
	struct soft_engine *engine;

	if (action != BUS_NOTIFY_ADD_DEVICE)
		return NOTIFY_DONE;
	engine = soft_engine_of(to_pci_dev(dev));
	if (engine && soft_engine_is_shown(engine)) {
		WRITE_ONCE(engine->shown, false);
		soft_engine_kick(engine);
	}
	return NOTIFY_DONE;
}

static struct notifier_block added = { .notifier_call = notice };

static int add(unsigned int functions)
{
	int domain = find_domain(), ret;

	lockdep_assert_held(&bridge_lock);
	if (domain < 0)
		return domain;
	host_bridge = make_bridge(domain, functions);
	if (!host_bridge)
		return -ENOMEM;
	ret = pci_host_probe(host_bridge);
	if (!ret)
		return bus_register_notifier(&pci_bus_type, &added);
	free_bridge(host_bridge);
	host_bridge = NULL;
	return ret;
}

/**
 * soft_bridge_add - make PCI functions that stay
 * @functions: how many, 1 to SOFT_SLOTS
 *
 * At module load. May sleep.
 *
 * Return: 0; -EBUSY: no domain is free; or errno.
 */
int soft_bridge_add(unsigned int functions)
{
	int ret;

	mutex_lock(&bridge_lock);
	ret = add(functions);
	mutex_unlock(&bridge_lock);
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
	bus_unregister_notifier(&pci_bus_type, &added);
	pci_lock_rescan_remove();
	pci_stop_root_bus(host_bridge->bus);
	pci_remove_root_bus(host_bridge->bus);
	pci_unlock_rescan_remove();
	free_bridge(host_bridge);
	host_bridge = NULL;
}

/* --------------------------------------------------- functions with an engine */

/**
 * soft_bridge_plug - make a PCI function with an engine, that nobody sees yet
 * @engine: the engine, which has no slot yet; the function has a reference to it
 * @plug: filled in
 *
 * May sleep.
 *
 * Return: 0; -ENOSPC: all slots are taken; -EBUSY: no domain is free; or errno.
 */
int soft_bridge_plug(struct soft_engine *engine, struct openvgpu_soft_plug *plug)
{
	int ret = 0;

	mutex_lock(&bridge_lock);
	if (!host_bridge)
		ret = add(0);
	if (!ret)
		ret = take_slot(pci_host_bridge_priv(host_bridge), engine);
	if (ret >= 0) {
		plug->domain = pci_domain_nr(host_bridge->bus);
		plug->bus = host_bridge->bus->number;
		plug->slot = ret;
	}
	mutex_unlock(&bridge_lock);
	return min(ret, 0);
}

/**
 * soft_bridge_show - let the PCI core find a function, and drivers bind to it
 * @engine: its engine
 *
 * May sleep, as long as a driver's probe does: without the PCI core's lock, which all
 * hotplug of the machine needs. See soft_engine_is_shown().
 */
void soft_bridge_show(struct soft_engine *engine)
{
	unsigned int devfn = PCI_DEVFN(engine->slot, 0);
	struct pci_bus *bus = host_bridge->bus;
	struct pci_dev *pdev;

	update_class(engine);
	pci_lock_rescan_remove();
	/* Later that is the administrator's affair. */
	if (!engine->scanned) {
		pci_scan_slot(bus, devfn);
		pci_bus_add_devices(bus);
		engine->scanned = true;
	}
	/* Until it is scanned again, for which one needs the lock. */
	WRITE_ONCE(engine->shown, true);
	pci_unlock_rescan_remove();
	/* Somebody may have removed it. */
	pdev = pci_get_slot(bus, devfn);
	if (!pdev)
		return;
	if (device_attach(&pdev->dev) < 0)
		pci_dbg(pdev, "no driver was bound\n");
	pci_dev_put(pdev);
}

/**
 * soft_bridge_pull - take a function away
 * @slot: its slot; its engine is gone
 *
 * May sleep, as long as a vGPU is open.
 */
void soft_bridge_pull(unsigned int slot)
{
	struct bridge *bridge = pci_host_bridge_priv(host_bridge);
	struct function *function;
	struct pci_dev *pdev;

	/* A scan that began earlier may be adding it; a later one does not find it. */
	pci_lock_rescan_remove();
	pdev = pci_get_slot(host_bridge->bus, PCI_DEVFN(slot, 0));
	pci_unlock_rescan_remove();
	if (pdev) {
		/* Whoever waits for it to come out of a reset need not. */
		pdev->error_state = pci_channel_io_perm_failure;
		/* A driver waits for whoever uses it; others need the lock below. */
		device_release_driver(&pdev->dev);
		pci_stop_and_remove_bus_device_locked(pdev);
		pci_dev_put(pdev);
	}
	function = bridge->function[slot];
	WRITE_ONCE(function->there, false);
	RCU_INIT_POINTER(function->engine, NULL);
	/* Nobody looks at it any more, nor at its engine. */
	synchronize_rcu();
	mutex_lock(&bridge_lock);
	function->taken = false;
	mutex_unlock(&bridge_lock);
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

struct soft_engine *soft_engine_of(const struct pci_dev *pdev)
{
	return NULL;
}

void soft_decode_memory(struct pci_dev *pdev) { }

void soft_take_mode(struct soft_engine *engine) { }

u16 soft_bridge_command(unsigned int slot)
{
	return 0;
}

int soft_bridge_plug(struct soft_engine *engine, struct openvgpu_soft_plug *plug)
{
	return -EOPNOTSUPP;
}

void soft_bridge_show(struct soft_engine *engine) { }

void soft_bridge_pull(unsigned int slot) { }

#endif
