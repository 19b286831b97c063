# SPDX-License-Identifier: GPL-2.0-only
#
# The project has one version, the module's, and one of the interface in sysfs.
# Included by the Makefiles of tools.

VERSION_HEADER := ../../kernel/host/base/version.h
OPENVGPU_VERSION ?= $(shell sed -n \
	's/^\#define VGPU_DRIVER_VERSION[[:space:]]*"\(.*\)"$$/\1/p' $(VERSION_HEADER))
ifeq ($(OPENVGPU_VERSION),)
$(error No VGPU_DRIVER_VERSION in $(VERSION_HEADER): name one with OPENVGPU_VERSION=)
endif
OPENVGPU_ABI := $(shell sed -n \
	's/^\#define VGPU_ABI_VERSION[[:space:]]*\([0-9]*\).*/\1/p' $(VERSION_HEADER))
ifeq ($(OPENVGPU_ABI),)
$(error No VGPU_ABI_VERSION in $(VERSION_HEADER))
endif
