# SPDX-License-Identifier: GPL-2.0-only
"""What a vGPU is, in the form of streams, made as kernel/host/vgpu/stream.h says."""

import struct
import uuid as uuids

MIB = 1 << 20
NATIVE = {
    "personality": "native", "family": "refgpu", "board": "REFGPU", "type": "openvgpu-256mq",
    "uuid": "11111111-1111-4111-8111-111111111111", "any_family": 0, "hardware": 0x10001,
    "interface": 0x10002, "capabilities": 0x1f, "framebuffer": 256 * MIB,
    "bar_bytes": 256 * MIB, "user_bytes": 65536, "aperture_pages": 32768, "heads": 4,
    "max_x": 5120, "max_y": 2880, "vectors": 3, "compute_slices": 0, "memory_slices": 0,
    "config": bytes(range(256))}


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def record(payload, tag=b"HELO", version=0x100, flags=0):
    head = tag + struct.pack("<HHI", version, flags, len(payload))
    return (head + struct.pack("<I", crc32c(head + payload)) + payload).hex()


def payload(**values):
    is_ = {**NATIVE, **values}
    return struct.pack(
        "<Q16s16s16s32s16sIIIQQQQQIIIIII", 0x5550475644565347,
        *(is_[name].encode() for name in ("personality", "family", "board", "type")),
        uuids.UUID(is_["uuid"]).bytes_le,
        *(is_[name] for name in (
            "any_family", "hardware", "interface", "capabilities", "framebuffer", "bar_bytes",
            "user_bytes", "aperture_pages", "heads", "max_x", "max_y", "vectors",
            "compute_slices", "memory_slices"))) + is_["config"] + bytes(512)


def hello(**values):
    """The attribute migration_hello of a vGPU that is NATIVE but for the values."""
    return record(payload(**values))
