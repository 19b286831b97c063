# SPDX-License-Identifier: GPL-2.0-only
# The parts of openvgpu.ko that make no kernel call.
HOST := $(TOP)/kernel/host
SOURCES_buddy := $(HOST)/buddy.c
SOURCES_config := $(HOST)/config.c
