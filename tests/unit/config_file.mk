# SPDX-License-Identifier: GPL-2.0-only
SOURCES_config_file := $(TOP)/tools/openvgpu/config.c
LIBS_config_file := -lyaml
CFLAGS_config_file := -D_GNU_SOURCE
