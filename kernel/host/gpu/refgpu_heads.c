// SPDX-License-Identifier: GPL-2.0-only
/*
 * refgpu_heads.c - what is connected to the heads of a partition
 *
 * Heads themselves are the guest's: it programs them in its user page, and
 * the device checks what it does against the limits of the partition's entry.
 */
#include "edid.h"
#include "gpu/refgpu.h"

static void connect(struct refgpu *refgpu, u32 head, const u8 *edid,
		    unsigned int bytes)
{
	unsigned int i;
	__le64 word;

	for (i = 0; i < bytes; i += sizeof(word)) {
		memcpy(&word, edid + i, sizeof(word));
		refgpu_write(refgpu, head + REFGPU_HEAD_EDID + i,
			     le64_to_cpu(word));
	}
	/* Last: now it is complete, and the guest is told. */
	refgpu_write(refgpu, head + REFGPU_HEAD_EDID_BYTES, bytes);
}

/**
 * refgpu_heads_connect - a monitor for each head of a vGPU
 * @vgpu: the vGPU; its partition was reset, its lock is held
 *
 * A reset of the partition takes them away again. The EDID registers may be
 * written while the partition runs. May sleep.
 */
void refgpu_heads_connect(struct vgpu *vgpu)
{
	struct vgpu_edid_info info = {
		.name = "OpenVGPU",
		.uuid = vgpu_name(vgpu),
		.max_x = vgpu->type->max_x,
		.max_y = vgpu->type->max_y,
	};
	u32 alias = REFGPU_USER_ALIAS(vgpu->partition);
	u8 edid[VGPU_EDID_SIZE];
	unsigned int bytes;

	for (info.head = 0; info.head < vgpu->type->heads; info.head++) {
		bytes = vgpu_edid_build(&info, edid);
		connect(refgpu_of(vgpu->gpu),
			alias + REFGPU_USER_HEAD(info.head), edid, bytes);
	}
}
