// SPDX-License-Identifier: GPL-2.0-only
/* The config space of a PCI Express endpoint. */
#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "front/pci_config.h"

/* Places of the capabilities; each has room to spare. */
#define CAP_PM		0x40
#define CAP_EXPRESS	0x60
#define CAP_MSIX	0xa0
#define CAP_AER		0x100
#define CAP_SERIAL	0x150

/* Of PCI Express 4.0: 16 GT/s on 16 lanes. */
#define LINK_SPEED	4
#define LINK_WIDTH	16

static void put(struct pci_config *cfg, unsigned int at, uint32_t value, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		cfg->initial[at + i] = (uint8_t)(value >> (8 * i));
}

static void allow(struct pci_config *cfg, unsigned int at, uint32_t mask, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		cfg->writable[at + i] = (uint8_t)(mask >> (8 * i));
}

static void allow_clear(struct pci_config *cfg, unsigned int at, uint32_t mask, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		cfg->clears[at + i] = (uint8_t)(mask >> (8 * i));
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static int init_bars(struct pci_config *cfg, const struct pci_config_bar *bars)
{
	unsigned int i;

	for (i = 0; i < PCI_CONFIG_BARS; i++) {
		const struct pci_config_bar *bar = &bars[i];
		const unsigned int at = PCI_BASE_ADDRESS_0 + 4 * i;
		uint64_t mask = ~(bar->size - 1);

		if (!bar->size)
			continue;
		if (!is_power_of_two(bar->size) || bar->size < 16 ||
		    (!bar->wide && bar->size > 1ull << 31))
			return -EINVAL;
		put(cfg, at, (bar->wide ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0u) |
		    (bar->prefetch ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0u), 4);
		allow(cfg, at, (uint32_t)mask, 4);
		if (bar->wide) {
			if (i + 1 == PCI_CONFIG_BARS || bars[i + 1].size)
				return -EINVAL;
			allow(cfg, at + 4, (uint32_t)(mask >> 32), 4);
			i++;
		}
	}
	return 0;
}

static int init_msix(struct pci_config *cfg, const struct pci_config_desc *desc)
{
	const uint64_t table_end = desc->msix_table + desc->msix_vectors * 16ull;
	const uint64_t pba_end = desc->msix_pba + (desc->msix_vectors + 63ull) / 64 * 8;

	if (desc->msix_vectors > 2048 || desc->msix_bar >= PCI_CONFIG_BARS ||
	    (desc->msix_table | desc->msix_pba) & 7 ||
	    table_end > desc->bars[desc->msix_bar].size ||
	    pba_end > desc->bars[desc->msix_bar].size ||
	    (desc->msix_pba < table_end && desc->msix_table < pba_end))
		return -EINVAL;
	put(cfg, CAP_MSIX, PCI_CAP_ID_MSIX, 1);
	put(cfg, CAP_MSIX + PCI_MSIX_FLAGS, desc->msix_vectors - 1, 2);
	allow(cfg, CAP_MSIX + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
	put(cfg, CAP_MSIX + PCI_MSIX_TABLE, desc->msix_table | desc->msix_bar, 4);
	put(cfg, CAP_MSIX + PCI_MSIX_PBA, desc->msix_pba | desc->msix_bar, 4);
	return 0;
}

static void init_pm(struct pci_config *cfg)
{
	put(cfg, CAP_PM, PCI_CAP_ID_PM, 1);
	put(cfg, CAP_PM + PCI_CAP_LIST_NEXT, CAP_EXPRESS, 1);
	put(cfg, CAP_PM + PCI_PM_PMC, 3, 2);
	/* Returning from D3hot resets nothing, so nobody takes that for a reset. */
	put(cfg, CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET, 2);
	allow(cfg, CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK, 2);
}

static void init_express(struct pci_config *cfg, unsigned int next)
{
	const unsigned int at = CAP_EXPRESS;
	const uint32_t link = LINK_SPEED | LINK_WIDTH << 4;

	cfg->express = at;
	put(cfg, at, PCI_CAP_ID_EXP, 1);
	put(cfg, at + PCI_CAP_LIST_NEXT, next, 1);
	put(cfg, at + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 2);
	put(cfg, at + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_FLR | PCI_EXP_DEVCAP_RBER, 4);
	put(cfg, at + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
	    PCI_EXP_DEVCTL_READRQ_512B, 2);
	allow(cfg, at + PCI_EXP_DEVCTL, 0x7fff, 2);
	allow_clear(cfg, at + PCI_EXP_DEVSTA, 0xf, 2);
	put(cfg, at + PCI_EXP_LNKCAP, link, 4);
	allow(cfg, at + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB |
	      PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES, 2);
	put(cfg, at + PCI_EXP_LNKSTA, link, 2);
	put(cfg, at + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS, 4);
	allow(cfg, at + PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_COMP_TMOUT_DIS, 2);
	put(cfg, at + PCI_EXP_LNKCAP2, PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB |
	    PCI_EXP_LNKCAP2_SLS_8_0GB | PCI_EXP_LNKCAP2_SLS_16_0GB, 4);
	put(cfg, at + PCI_EXP_LNKCTL2, LINK_SPEED, 2);
	allow(cfg, at + PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS, 2);
}

static void init_aer(struct pci_config *cfg)
{
	const uint32_t unc = PCI_ERR_UNC_DLP | PCI_ERR_UNC_POISON_TLP | PCI_ERR_UNC_FCP |
		PCI_ERR_UNC_COMP_TIME | PCI_ERR_UNC_COMP_ABORT | PCI_ERR_UNC_UNX_COMP |
		PCI_ERR_UNC_RX_OVER | PCI_ERR_UNC_MALF_TLP | PCI_ERR_UNC_ECRC |
		PCI_ERR_UNC_UNSUP;
	const uint32_t fatal = PCI_ERR_UNC_DLP | PCI_ERR_UNC_FCP | PCI_ERR_UNC_RX_OVER |
		PCI_ERR_UNC_MALF_TLP;
	const uint32_t cor = PCI_ERR_COR_RCVR | PCI_ERR_COR_BAD_TLP | PCI_ERR_COR_BAD_DLLP |
		PCI_ERR_COR_REP_ROLL | PCI_ERR_COR_REP_TIMER | PCI_ERR_COR_ADV_NFAT;

	put(cfg, CAP_AER, PCI_EXT_CAP_ID_ERR | 2 << 16, 4);
	allow_clear(cfg, CAP_AER + PCI_ERR_UNCOR_STATUS, unc, 4);
	allow(cfg, CAP_AER + PCI_ERR_UNCOR_MASK, unc, 4);
	put(cfg, CAP_AER + PCI_ERR_UNCOR_SEVER, fatal, 4);
	allow(cfg, CAP_AER + PCI_ERR_UNCOR_SEVER, unc, 4);
	allow_clear(cfg, CAP_AER + PCI_ERR_COR_STATUS, cor, 4);
	put(cfg, CAP_AER + PCI_ERR_COR_MASK, PCI_ERR_COR_ADV_NFAT, 4);
	allow(cfg, CAP_AER + PCI_ERR_COR_MASK, cor, 4);
}

static void init_serial(struct pci_config *cfg, uint64_t serial)
{
	put(cfg, CAP_AER, PCI_EXT_CAP_ID_ERR | 2 << 16 | CAP_SERIAL << 20, 4);
	put(cfg, CAP_SERIAL, PCI_EXT_CAP_ID_DSN | 1 << 16, 4);
	put(cfg, CAP_SERIAL + 4, (uint32_t)serial, 4);
	put(cfg, CAP_SERIAL + 8, (uint32_t)(serial >> 32), 4);
}

int pci_config_init(struct pci_config *cfg, const struct pci_config_desc *desc)
{
	int ret;

	memset(cfg, 0, sizeof(*cfg));
	put(cfg, PCI_VENDOR_ID, desc->vendor, 2);
	put(cfg, PCI_DEVICE_ID, desc->device, 2);
	put(cfg, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put(cfg, PCI_CLASS_REVISION, desc->revision | desc->class << 8, 4);
	put(cfg, PCI_SUBSYSTEM_VENDOR_ID, desc->subvendor, 2);
	put(cfg, PCI_SUBSYSTEM_ID, desc->subdevice, 2);
	put(cfg, PCI_CAPABILITY_LIST, CAP_PM, 1);
	allow(cfg, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
	      PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE, 2);
	allow_clear(cfg, PCI_STATUS, 0xf900, 2);
	allow(cfg, PCI_CACHE_LINE_SIZE, 0xff, 1);
	allow(cfg, PCI_INTERRUPT_LINE, 0xff, 1);
	ret = init_bars(cfg, desc->bars);
	if (ret)
		return ret;
	init_pm(cfg);
	init_express(cfg, desc->msix_vectors ? CAP_MSIX : 0);
	if (desc->msix_vectors) {
		ret = init_msix(cfg, desc);
		if (ret)
			return ret;
	}
	init_aer(cfg);
	if (desc->serial)
		init_serial(cfg, desc->serial);
	pci_config_reset(cfg);
	return 0;
}

void pci_config_class(struct pci_config *cfg, uint32_t class)
{
	put(cfg, PCI_CLASS_REVISION, cfg->initial[PCI_CLASS_REVISION] | class << 8, 4);
	memcpy(&cfg->data[PCI_CLASS_REVISION], &cfg->initial[PCI_CLASS_REVISION], 4);
}

void pci_config_reset(struct pci_config *cfg)
{
	memcpy(cfg->data, cfg->initial, sizeof(cfg->data));
}

void pci_config_read(const struct pci_config *cfg, uint64_t offset, void *buf, size_t len)
{
	uint8_t *out = buf;
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = offset < PCI_CONFIG_SIZE && i < PCI_CONFIG_SIZE - offset ?
			cfg->data[offset + i] : 0xff;
}

unsigned int pci_config_write(struct pci_config *cfg, uint64_t offset, const void *buf,
			      size_t len)
{
	/* Starting a reset is an order, not a bit that could be read back. */
	const unsigned int flr_byte = cfg->express + PCI_EXP_DEVCTL + 1;
	const uint8_t *in = buf;
	unsigned int events = 0;
	size_t i;

	for (i = 0; i < len && offset < PCI_CONFIG_SIZE && i < PCI_CONFIG_SIZE - offset; i++) {
		const unsigned int at = (unsigned int)(offset + i);
		const uint8_t mask = cfg->writable[at];
		const uint8_t old = cfg->data[at];

		cfg->data[at] = (uint8_t)((((old & ~mask) | (in[i] & mask))) &
					  ~(in[i] & cfg->clears[at]));
		if ((at == PCI_COMMAND || at == PCI_COMMAND + 1) && cfg->data[at] != old)
			events |= PCI_CONFIG_EVENT_COMMAND;
		if (at == flr_byte && in[i] & (PCI_EXP_DEVCTL_BCR_FLR >> 8))
			events |= PCI_CONFIG_EVENT_FLR;
	}
	if (events & PCI_CONFIG_EVENT_FLR) {
		pci_config_reset(cfg);
		events |= PCI_CONFIG_EVENT_COMMAND;
	}
	return events;
}

bool pci_config_bus_master(const struct pci_config *cfg)
{
	return cfg->data[PCI_COMMAND] & PCI_COMMAND_MASTER;
}
