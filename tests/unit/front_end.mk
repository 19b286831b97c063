# SPDX-License-Identifier: GPL-2.0-only
# The front end of refgpu: vfio-user server, config space, control socket.
SOURCES_vfio_user := $(wildcard $(REFGPU)/vfio_user*.c) $(REFGPU)/unix_socket.c
LIBS_vfio_user := -ljson-c
SOURCES_vfio_user_dma := $(SOURCES_vfio_user)
LIBS_vfio_user_dma := -ljson-c
SOURCES_pci_config := $(REFGPU)/pci_config.c
