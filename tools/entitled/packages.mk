# SPDX-License-Identifier: GPL-2.0-or-later
#
# The libraries that openvgpu-entitled needs. A machine that has vGPUs does not
# need the program: where one is missing it is left out, with a line that says so.
# Included by those that build it, and what belongs to it. ENTITLED=y or n says
# whether, in spite of that. libjwt 3 has another interface.

PKG_CONFIG ?= pkg-config
ENTITLED_LIBRARIES := libmicrohttpd sqlite3 libjwt libcrypto json-c
ENTITLED_MISSING := $(strip $(foreach l,$(ENTITLED_LIBRARIES),\
	$(shell $(PKG_CONFIG) --exists $(l) || echo $(l))) \
	$(shell ! $(PKG_CONFIG) --exists 'libjwt >= 3' || echo 'libjwt before 3'))
ENTITLED_NOTE := openvgpu-entitled is left out: no $(ENTITLED_MISSING) (Debian: apt install \
	libmicrohttpd-dev libsqlite3-dev libjwt-dev libssl-dev libjson-c-dev)
ENTITLED ?= $(if $(ENTITLED_MISSING),n,y)
