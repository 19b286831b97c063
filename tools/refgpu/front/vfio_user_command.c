// SPDX-License-Identifier: GPL-2.0-only
/* The commands of the vfio-user protocol. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "front/vfio_user_command.h"
#include "front/vfio_user_msg.h"
#include "front/vfio_user_state.h"

/* Copy the fixed part of a request out of the buffer. */
static int get_args(struct vfio_user *vu, const struct vu_msg *msg, void *args, size_t len)
{
	if (msg->len < len)
		return -EINVAL;
	memcpy(args, vu->payload, len);
	return 0;
}

static void set_reply(struct vfio_user *vu, struct vu_msg *msg, const void *data, size_t len)
{
	memcpy(vu->reply, data, len);
	msg->reply_len = len;
}

/* The reply may name only capabilities that the client has named. */
static void offer(struct json_object *mine, struct json_object *theirs,
		  const char *name, struct json_object *value)
{
	if (json_object_object_get_ex(theirs, name, NULL))
		json_object_object_add(mine, name, value);
	else
		json_object_put(value);
}

static int do_version(struct vfio_user *vu, struct vu_msg *msg)
{
	struct json_object *data, *theirs = NULL, *mine, *top;
	struct vu_version ver;
	const char *text;
	size_t len;
	int ret;

	ret = get_args(vu, msg, &ver, sizeof(ver));
	if (ret)
		return ret;
	if (ver.major != VU_VERSION_MAJOR)
		return -ENOTSUP;
	ver.minor = VU_VERSION_MINOR;	/* the lowest of all, so never above theirs */
	set_reply(vu, msg, &ver, sizeof(ver));

	len = msg->len - sizeof(ver);
	if (!len)
		return 0;
	if (vu->payload[msg->len - 1] || len > VU_VERSION_DATA_MAX)
		return -EINVAL;
	data = json_tokener_parse((const char *)vu->payload + sizeof(ver));
	if (!json_object_is_type(data, json_type_object)) {
		json_object_put(data);
		return -EINVAL;
	}
	if (json_object_object_get_ex(data, "capabilities", &theirs) &&
	    json_object_is_type(theirs, json_type_object)) {
		mine = json_object_new_object();
		offer(mine, theirs, "max_msg_fds", json_object_new_int(VFIO_USER_MAX_FDS));
		offer(mine, theirs, "max_data_xfer_size", json_object_new_int(VFIO_USER_MAX_XFER));
		offer(mine, theirs, "max_dma_maps", json_object_new_int(VFIO_USER_MAX_DMA_MAPS));
		offer(mine, theirs, "pgsizes", json_object_new_int64(sysconf(_SC_PAGESIZE)));
		offer(mine, theirs, "write_multiple", json_object_new_boolean(true));
		top = json_object_new_object();
		json_object_object_add(top, "capabilities", mine);
		text = json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN);
		memcpy(vu->reply + sizeof(ver), text, strlen(text) + 1);
		msg->reply_len = sizeof(ver) + strlen(text) + 1;
		json_object_put(top);
	}
	json_object_put(data);
	return 0;
}

static int do_dma_map(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_dma_map_args a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a) || msg->nr_fds > 1)
		return -EINVAL;
	return vu_dma_map(&vu->dma, a.addr, a.size, a.flags,
			  msg->nr_fds ? msg->fds[0] : -1, a.offset);
}

static int do_dma_unmap(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_dma_unmap_args a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	if (a.flags & VFIO_DMA_UNMAP_FLAG_ALL && (a.addr || a.size))
		return -EINVAL;
	ret = vu_dma_unmap(&vu->dma, a.addr, a.size, a.flags & VFIO_DMA_UNMAP_FLAG_ALL);
	if (ret)
		return ret;
	a.argsz = sizeof(a);
	set_reply(vu, msg, &a, sizeof(a));
	return 0;
}

static int do_device_info(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_device_info a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a))
		return -EINVAL;
	a.argsz = sizeof(a);
	a.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	a.num_regions = VFIO_PCI_NUM_REGIONS;
	a.num_irqs = VFIO_PCI_NUM_IRQS;
	set_reply(vu, msg, &a, sizeof(a));
	return 0;
}

static int do_region_info(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vfio_region_info_cap_sparse_mmap sparse = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
	};
	const struct vfio_user_region *r;
	struct vfio_region_info a;
	size_t full = sizeof(a), areas;
	int ret;

	ret = get_args(vu, msg, &a, sizeof(a));
	if (ret)
		return ret;
	if (a.argsz < sizeof(a) || a.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	r = &vu->config.regions[a.index];
	areas = r->nr_areas * sizeof(*r->areas);
	if (r->nr_areas)
		full += sizeof(sparse) + areas;
	if (full > VU_MAX_PAYLOAD)
		return -E2BIG;

	ret = a.argsz < full;		/* the client has to ask again */
	a.argsz = (uint32_t)full;
	a.flags = r->size ? r->flags : 0;
	a.size = r->size;
	a.cap_offset = 0;
	a.offset = 0;
	if (r->size && r->map_fd >= 0) {
		a.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		a.offset = r->map_offset;
	}
	if (r->nr_areas) {
		a.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		/* QEMU looks at it before it asks again with more room. */
		a.cap_offset = sizeof(a);
		if (!ret) {
			sparse.nr_areas = r->nr_areas;
			memcpy(vu->reply + sizeof(a), &sparse, sizeof(sparse));
			memcpy(vu->reply + sizeof(a) + sizeof(sparse), r->areas, areas);
		}
	}
	set_reply(vu, msg, &a, sizeof(a));
	if (!ret)
		msg->reply_len = full;
	/* One descriptor is enough: not with an answer that is asked for again. */
	if (a.flags & VFIO_REGION_INFO_FLAG_MMAP && !ret)
		msg->reply_fd = r->map_fd;
	return 0;
}

static int do_irq_info(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vfio_irq_info a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a) || a.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	a.argsz = sizeof(a);
	a.count = vu->config.irqs[a.index];
	a.flags = a.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	set_reply(vu, msg, &a, sizeof(a));
	return 0;
}

static int do_set_irqs(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vfio_irq_set a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a))
		return -EINVAL;
	return vu_irqs_set(&vu->irqs, &a, vu->payload + sizeof(a), msg->len - sizeof(a),
			   msg->fds, msg->nr_fds);
}

static int region_check(struct vfio_user *vu, uint32_t index, uint64_t offset,
			uint32_t len, uint32_t flag)
{
	const struct vfio_user_region *r;

	if (index >= VFIO_PCI_NUM_REGIONS || !len || len > VFIO_USER_MAX_XFER)
		return -EINVAL;
	r = &vu->config.regions[index];
	if (!(r->flags & flag) || offset > r->size || len > r->size - offset)
		return -EINVAL;
	return 0;
}

static int do_region_read(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_region_rw a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	ret = region_check(vu, a.region, a.offset, a.count, VFIO_REGION_INFO_FLAG_READ);
	if (ret)
		return ret;
	vu_count(&vu->stats.reads[a.region]);
	set_reply(vu, msg, &a, sizeof(a));
	/* A callback that fills too little must not leak the last reply. */
	memset(vu->reply + sizeof(a), 0, a.count);
	ret = vu->ops->region_read(vu->opaque, a.region, a.offset, vu->reply + sizeof(a),
				   a.count);
	msg->reply_len += a.count;
	return ret;
}

static int do_region_write(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_region_rw a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	ret = region_check(vu, a.region, a.offset, a.count, VFIO_REGION_INFO_FLAG_WRITE);
	if (ret)
		return ret;
	if (msg->len - sizeof(a) < a.count)
		return -EINVAL;
	vu_count(&vu->stats.writes[a.region]);
	set_reply(vu, msg, &a, sizeof(a));
	return vu->ops->region_write(vu->opaque, a.region, a.offset,
				     vu->payload + sizeof(a), a.count);
}

static int do_region_write_multi(struct vfio_user *vu, struct vu_msg *msg)
{
	uint64_t i, nr;
	int ret = get_args(vu, msg, &nr, sizeof(nr));

	if (ret)
		return ret;
	if (nr > (msg->len - sizeof(nr)) / sizeof(struct vu_write_one))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		struct vu_write_one w;
		int err;

		memcpy(&w, vu->payload + sizeof(nr) + i * sizeof(w), sizeof(w));
		err = w.count > sizeof(w.data) ? -EINVAL :
			region_check(vu, w.region, w.offset, w.count,
				     VFIO_REGION_INFO_FLAG_WRITE);
		if (!err) {
			vu_count(&vu->stats.writes[w.region]);
			err = vu->ops->region_write(vu->opaque, w.region, w.offset, w.data,
						    w.count);
		}
		/* They are independent writes: one bad one does not undo the others. */
		if (err && !ret)
			ret = err;
	}
	set_reply(vu, msg, &nr, sizeof(nr));
	return ret;
}

static int do_reset(struct vfio_user *vu, struct vu_msg *msg)
{
	(void)msg;
	vu_irqs_clear_pending(&vu->irqs);
	vu->ops->reset(vu->opaque);
	return 0;
}

static const struct {
	int (*handle)(struct vfio_user *vu, struct vu_msg *msg);
	bool takes_fds;
} vu_commands[] = {
	[VU_VERSION] = { do_version },
	[VU_DMA_MAP] = { do_dma_map, true },
	[VU_DMA_UNMAP] = { do_dma_unmap },
	[VU_DEVICE_GET_INFO] = { do_device_info },
	[VU_DEVICE_GET_REGION_INFO] = { do_region_info },
	[VU_DEVICE_GET_IRQ_INFO] = { do_irq_info },
	[VU_DEVICE_SET_IRQS] = { do_set_irqs, true },
	[VU_REGION_READ] = { do_region_read },
	[VU_REGION_WRITE] = { do_region_write },
	[VU_DEVICE_RESET] = { do_reset },
	[VU_REGION_WRITE_MULTI] = { do_region_write_multi },
};

int vu_handle(struct vfio_user *vu, struct vu_msg *msg)
{
	const unsigned int nr = sizeof(vu_commands) / sizeof(vu_commands[0]);

	if (msg->hdr.command >= nr || !vu_commands[msg->hdr.command].handle)
		return -EOPNOTSUPP;
	if (msg->nr_fds && !vu_commands[msg->hdr.command].takes_fds)
		return -EINVAL;
	return vu_commands[msg->hdr.command].handle(vu, msg);
}
