# SPDX-License-Identifier: GPL-2.0-only
SOURCES_edid := $(TOP)/kernel/host/display/edid.c
