# SPDX-License-Identifier: GPL-2.0-only
#
# The libraries that openvgpu-entitled needs. A machine that has vGPUs does not
# need the program: where one is missing it is left out, with a line that says so.
# Included by those that build it.

PKG_CONFIG ?= pkg-config
ENTITLED_LIBRARIES := sqlite3
ENTITLED_MISSING := $(strip $(foreach l,$(ENTITLED_LIBRARIES),\
	$(if $(shell $(PKG_CONFIG) --exists '$(l)' || echo missing),$(firstword $(l)))))
ENTITLED_NOTE := openvgpu-entitled is left out: no $(ENTITLED_MISSING) \
	(Debian: apt install libsqlite3-dev)
