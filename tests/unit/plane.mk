# SPDX-License-Identifier: GPL-2.0-only
SOURCES_plane := $(TOP)/kernel/host/display/plane.c
