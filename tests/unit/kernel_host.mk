# SPDX-License-Identifier: GPL-2.0-only
# The parts of openvgpu.ko that make no kernel call.
HOST := $(TOP)/kernel/host
SOURCES_buddy := $(HOST)/place/buddy.c
SOURCES_config := $(HOST)/pci/config_space.c
