# SPDX-License-Identifier: GPL-2.0-only
# The front end of refgpu: vfio-user server, config space, control socket.
SOURCES_vfio_user := $(wildcard $(REFGPU)/front/vfio_user*.c) $(REFGPU)/front/unix_socket.c
LIBS_vfio_user := -ljson-c
SOURCES_vfio_user_dma := $(SOURCES_vfio_user)
LIBS_vfio_user_dma := -ljson-c
SOURCES_pci_config := $(REFGPU)/front/pci_config.c
SOURCES_control := $(addprefix $(REFGPU)/,front/control.c front/unix_socket.c) \
		   $(wildcard $(REFGPU)/cpu/*.c $(REFGPU)/device/*.c)
LIBS_control := -ljson-c
# The program itself, with the sanitizers in it.
CFLAGS_refgpu_program = -DPROGRAM='"$(OUT)/refgpu"'
LIBS_refgpu_program := -ljson-c
SOURCES_refgpu_program := $(SOURCES_vfio_user)
$(OUT)/test_refgpu_program: $(OUT)/refgpu
$(OUT)/refgpu: $(wildcard $(REFGPU)/*.h $(REFGPU)/*/*.[ch] $(TOP)/uapi/*.h)
	@mkdir -p $(OUT)
	$(CC) $(ALL_CFLAGS) $(wildcard $(REFGPU)/*/*.c) $(ALL_LIBS) -ljson-c -o $@
