#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_clients.py - Proxmox VE, KubeVirt, Nova and mdevctl get along with the
types, names and figures of the driver

A model of a GPU stands in for sysfs: its types, names and descriptions come from
the tables and formats in kernel/host/place/type.c, and placement is the module's own
layout.c. mdevctl.sh runs the same checks on the real module.
"""
import ctypes
import os
import re
import sys
import unittest
import uuid

import clients
from tree import OUT, TOP, read

LAYOUT = ctypes.CDLL(os.path.join(OUT, "liblayout.so"))
MIB = 1 << 20
GIB = 1 << 30
PARENT = "0000:3b:00.0"


class Profile(ctypes.Structure):
    """struct layout_profile of layout.h"""
    _fields_ = [("compute", ctypes.c_uint8), ("memory", ctypes.c_uint8)]


class Instance(ctypes.Structure):
    """struct layout_instance"""
    _fields_ = [("profile", Profile), ("reserved", ctypes.c_bool), ("compute", ctypes.c_uint8),
                ("queue", ctypes.c_uint8), ("memory_first", ctypes.c_uint8),
                ("shares", ctypes.c_uint8)]


class Vgpu(ctypes.Structure):
    """struct layout_vgpu"""
    _fields_ = [("used", ctypes.c_bool), ("closed", ctypes.c_bool), ("instance", ctypes.c_uint8),
                ("queue", ctypes.c_uint8), ("level", ctypes.c_uint8), ("first", ctypes.c_uint8)]


class Layout(ctypes.Structure):
    """struct layout"""
    _fields_ = [("size", ctypes.c_uint64), ("levels", ctypes.c_uint), ("reserved", ctypes.c_bool),
                ("vgpus", ctypes.c_uint), ("compute_slices", ctypes.c_uint),
                ("memory_slices", ctypes.c_uint), ("pool_min", ctypes.c_uint),
                ("pool_fixed", ctypes.c_bool), ("instance", Instance * 9), ("vgpu", Vgpu * 64)]


class Change(ctypes.Structure):
    """struct layout_change"""
    _fields_ = [("vgpu", ctypes.c_uint), ("instance", ctypes.c_uint), ("made", ctypes.c_bool),
                ("removed", ctypes.c_bool), ("parts", ctypes.c_uint32), ("moved_vgpus", ctypes.c_uint64),
                ("moved_instances", ctypes.c_uint32)]


LAYOUT.layout_init.restype = ctypes.c_bool
LAYOUT.layout_init.argtypes = [ctypes.POINTER(Layout), ctypes.c_uint64, ctypes.c_uint,
                               ctypes.c_bool, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint]
LAYOUT.layout_offers.restype = ctypes.c_bool
LAYOUT.layout_profile_for.restype = Profile


def c_format(source, start):
    """The format of the snprintf or sysfs_emit that begins there, for Python."""
    text = re.search(r'"([^"]*)"', source[source.index(start):]).group(1)
    return text.replace("%llu", "%d").replace("%u", "%d").replace("\\n", "\n")


class Model(clients.Gpu):
    """A GPU as the driver would show it."""

    def __init__(self, size=GIB, board="REFGPU", max_vgpus=64):
        super().__init__(PARENT, "/nonexistent")
        levels = 0
        while 1 << levels < max_vgpus and size >> (levels + 1) >= 16 * MIB and \
                not size & ((MIB << (levels + 1)) - 1):
            levels += 1
        self.layout = Layout()
        slices = 8 if levels >= 3 else 0
        assert LAYOUT.layout_init(self.layout, size, levels, False, max_vgpus, slices, slices)
        source = read("kernel/host/place/type.c")
        self.description = c_format(source, "ssize_t vgpu_type_description")
        self.formats = (c_format(source, "snprintf(slices"),
                        c_format(source, "snprintf(type->sysfs_name"),
                        c_format(source, "snprintf(type->pretty_name"))
        series = re.findall(r"\.letter = '(.)'([^}]*)", source)
        assert len(series) >= 4, "kernel/host/place/type.c has another form"
        self.kinds = {}
        for compute in range(slices + 1):
            for letter, rest in series:
                for level in range(levels + 1):
                    if compute and ".spatial = true" not in rest:
                        continue
                    if LAYOUT.layout_offers(ctypes.byref(self.layout), compute, level):
                        self.add_kind(board, compute, letter, level)
        self.there = {}

    def add_kind(self, board, compute, letter, level):
        at = self.layout.size >> level
        small = at & (GIB - 1) != 0
        number = at >> (20 if small else 30)
        slices, sysfs_name, pretty_name = self.formats
        slices = slices % compute if compute else ""
        data = {"level": level,
                "profile": LAYOUT.layout_profile_for(ctypes.byref(self.layout), compute, level)}
        most = self.count(data)
        data.update(
            most=most,
            name=pretty_name % (board, slices, number, "M" if small else "", letter.upper()),
            description=self.description % (1, 60, at >> 20, 1920, 1200, most))
        self.kinds["openvgpu-" + sysfs_name % (slices, number, "m" if small else "", letter)] = data

    def count(self, data):
        return LAYOUT.layout_available(ctypes.byref(self.layout), data["profile"], data["level"])

    def types(self):
        return sorted(self.kinds)

    def read(self, name):
        parts = name.split("/")
        if parts[:2] == ["class", "mdev_bus"]:
            kind, file = parts[-2:]
        elif name.endswith("mdev_type/name"):
            kind, file = self.there[parts[3]][0], "name"
        else:
            raise FileNotFoundError(name)
        data = self.kinds[kind]
        if file == "available_instances":
            return "%d\n" % self.count(data)
        if file == "device_api":
            return "vfio-pci\n"
        return data[file].rstrip("\n") + "\n"

    def write(self, name, value):
        if name.endswith("/create"):
            kind, change = name.split("/")[-2], Change()
            data = self.kinds[kind]
            if value in self.there:
                raise FileExistsError(value)
            if LAYOUT.layout_add(ctypes.byref(self.layout), data["profile"], data["level"],
                                 ctypes.byref(change)):
                raise OSError(28, "no space")
            self.there[value] = (kind, change.vgpu, len(self.there))
        else:
            _, partition, _ = self.there.pop(name.split("/")[-2])
            LAYOUT.layout_remove(ctypes.byref(self.layout), partition, ctypes.byref(Change()))

    def list(self, name):
        return sorted(self.there)

    def parent_of(self, uuid):
        return PARENT

    def link(self, name):
        kind, _, number = self.there[name.split("/")[3]]
        return kind if name.endswith("mdev_type") else str(number)


def new_uuid():
    return str(uuid.uuid4())


class Everything(unittest.TestCase):
    """All protocols, one after another, on GPUs of several sizes."""

    def conform(self, gpu):
        wrong = []
        clients.conform(gpu, new_uuid, lambda name, good, saw: good or wrong.append((name, saw)))
        self.assertEqual(wrong, [])

    def test_sizes(self):
        for size in (256 * MIB, 768 * MIB, GIB, 3 * GIB, 24 * GIB):
            with self.subTest(size=size):
                self.conform(Model(size))

    def test_few_partitions(self):
        self.conform(Model(GIB, max_vgpus=4))

    def test_notices(self):
        """The checks can fail: a driver that promises one vGPU too many, one with
        a name twice, one with a word for a number."""
        liar = Model()
        liar.count = lambda data: Model.count(liar, data) + 1
        with self.assertRaises(AssertionError):
            self.conform(liar)
        twice = Model()
        for data in twice.kinds.values():
            data["name"] = "OpenVGPU REFGPU"
        with self.assertRaises(ValueError):
            self.conform(twice)
        word = Model()
        word.read = lambda name: "many\n"
        with self.assertRaises(ValueError):
            self.conform(word)


class Addresses(unittest.TestCase):
    """PCI addresses"""

    def test_four_digits(self):
        self.assertEqual(clients.pci_address("f000:00:1f.0"), (0xf000, 0, 0x1f, 0))
        for wrong in ("10000:00:00.0", "0:00:00.0", "00:00.0", "0000:00:00.8", "0000:00:00.0\n"):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                clients.pci_address(wrong)


class Proxmox(unittest.TestCase):
    """Proxmox VE"""

    def test_uuid(self):
        self.assertEqual(clients.proxmox_uuid(2, 100), "00000002-0000-0000-0000-000000000100")
        self.assertEqual(len(clients.proxmox_uuid(15, 999999999)), 36)

    def test_configuration(self):
        for kind in Model().types():
            address, option = clients.proxmox_hostpci("%s,mdev=%s,pcie=1" % (PARENT, kind))
            self.assertEqual((address, option["mdev"]), (PARENT, kind))

    def test_document(self):
        """Every hostpci line that the document shows."""
        lines = re.findall(r"hostpci\d+:? (\S+)", read("doc/clients/proxmox.md"))
        self.assertTrue(lines)
        for line in lines:
            if "mapping=" not in line:
                self.assertIn(clients.proxmox_hostpci(line)[1]["mdev"], Model().types())
        uuids = re.findall(r"\d{8}-0000-0000-0000-\d{12}", read("doc/clients/proxmox.md"))
        self.assertIn(clients.proxmox_uuid(0, 100), uuids)

    def test_another_type(self):
        gpu = Model()
        clients.proxmox_start(gpu, PARENT + ",mdev=openvgpu-256mq", 0, 100)
        with self.assertRaises(ValueError):
            clients.proxmox_start(gpu, PARENT + ",mdev=openvgpu-512mq", 0, 100)


class KubeVirt(unittest.TestCase):
    """KubeVirt"""

    def test_names(self):
        self.assertEqual(clients.kubevirt_name("OpenVGPU REFGPU-1Q\n"), "OpenVGPU_REFGPU-1Q")
        self.assertEqual(clients.kubevirt_types(Model())["OpenVGPU_REFGPU-256MQ"], "openvgpu-256mq")

    def test_resources(self):
        self.assertTrue(clients.kubevirt_resource("openvgpu.io/REFGPU-1Q"))
        self.assertFalse(clients.kubevirt_resource("openvgpu.io/REFGPU 1Q"))
        self.assertFalse(clients.kubevirt_resource("openvgpu.io/" + "x" * 64))

    def test_document(self):
        """Selectors, types and resources that the document shows exist, and each
        resource a VM asks for is one that is offered."""
        self.assertEqual(clients.kubevirt_wrong(read("doc/clients/kubevirt.md"), Model()), [])

    def test_notices(self):
        text = read("doc/clients/kubevirt.md")
        for old, new in (("REFGPU-256MQ", "REFGPU-257MQ"), ("[openvgpu-256mq]", "[openvgpu-1q]"),
                         ("deviceName: \"openvgpu.io/", "deviceName: \"example.org/")):
            with self.subTest(new=new):
                self.assertNotEqual(clients.kubevirt_wrong(text.replace(old, new), Model()), [])


class Nova(unittest.TestCase):
    """OpenStack Nova"""

    def test_inventory(self):
        gpu = Model()
        self.assertEqual(clients.nova_inventory(gpu, "openvgpu-256mq"), 4)
        gpu.create("openvgpu-256mq", new_uuid())
        self.assertEqual(clients.nova_inventory(gpu, "openvgpu-256mq"), 4)
        self.assertEqual(clients.nova_inventory(gpu, "openvgpu-256mq", 2), 2)
        # Another type takes half of what is left, and Nova must see it.
        gpu.create("openvgpu-512mq", new_uuid())
        self.assertEqual(clients.nova_inventory(gpu, "openvgpu-256mq"), 2)

    def test_provider(self):
        self.assertEqual(clients.nova_provider("compute1", PARENT), "compute1_pci_0000_3b_00_0")
        self.assertEqual(clients.nova_parent("compute1_pci_f000_00_1f_0"), "f000:00:1f.0")

    def test_document(self):
        """The configuration that the document shows."""
        text = read("doc/clients/nova.md")
        blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M)
        block = [b for b in blocks if "enabled_mdev_types" in b][0]
        gpus = {"0000:3b:00.0": Model(4 * GIB), "0000:5e:00.0": Model(4 * GIB)}
        self.assertEqual(clients.nova_wrong(block, gpus), [])
        del gpus["0000:5e:00.0"]
        self.assertEqual(clients.nova_wrong(block, gpus), ["no GPU 0000:5e:00.0"])


class Settings(unittest.TestCase):
    """doc/ci, for the software GPUs that its prepare.sh makes"""

    def test_software_gpus(self):
        gpus = {parent: Model(256 * MIB, "SOFT") for parent in ("f000:00:00.0", "f000:00:01.0")}
        self.assertEqual(clients.settings_wrong(os.path.join(TOP, "doc/ci"), gpus), [])


class Mdevctl(unittest.TestCase):
    """mdevctl"""

    def test_definition(self):
        kind, start, settings = clients.mdevctl_definition(
            '{"mdev_type": "openvgpu-1q", "start": "auto", "attrs": '
            '[{"openvgpu/personality": "bochs"}, {"openvgpu/weight": "512"}]}')
        self.assertEqual((kind, start), ("openvgpu-1q", "auto"))
        self.assertEqual(settings, [("openvgpu/personality", "bochs"), ("openvgpu/weight", "512")])

    def test_numbers_are_refused(self):
        with self.assertRaises(ValueError):
            clients.mdevctl_definition('{"mdev_type": "t", "start": "auto", "attrs": [{"a": 1}]}')

    def test_document(self):
        """The JSON that the document shows, with settings that exist."""
        text = read("doc/clients/mdevctl.md")
        shown = re.findall(r"<<END\n((?:    .*\n)+?)    END", text)
        self.assertTrue(shown)
        attributes = read("doc/sysfs-driver-openvgpu")
        for json_text in shown:
            for name, _ in clients.mdevctl_definition(json_text)[2]:
                self.assertIn("/sys/bus/mdev/devices/<UUID>/" + name, attributes)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    bad = len(result.failures) + len(result.errors)
    print("test_clients: %d passed, %d failed" % (result.testsRun - bad, bad))
    sys.exit(bad != 0)
