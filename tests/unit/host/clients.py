#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
clients.py - what clients of mediated devices do with sysfs, each by the
protocol it follows

Proxmox VE, KubeVirt, OpenStack Nova and mdevctl are not all packages that a
test could install. What they read, how they take it apart and what they write
is done here the way they do it. test_clients.py has them work on a model of a
GPU; run as a program inside the host machine, `clients.py PARENT`, on the real
module. `clients.py --settings FOLDER` holds the files of doc/ci against all GPUs that
are there. Only modules of python3-minimal are used.
"""
import json
import os
import re
import sys


class Gpu:
    """Files of one GPU that is a mediated parent, as sysfs has them."""

    def __init__(self, parent, root="/"):
        self.parent = parent
        self.sys = os.path.join(root, "sys")
        self.types_folder = "class/mdev_bus/%s/mdev_supported_types" % parent

    def read(self, name):
        with open(os.path.join(self.sys, name), encoding="ascii") as file:
            return file.read()

    def write(self, name, value):
        with open(os.path.join(self.sys, name), "w", encoding="ascii") as file:
            file.write(value)

    def list(self, name):
        return sorted(os.listdir(os.path.join(self.sys, name)))

    def link(self, name):
        """Last part of what a link leads to."""
        return os.path.basename(os.path.realpath(os.path.join(self.sys, name)))

    def parent_of(self, uuid):
        """As KubeVirt reads the link of a vGPU: the folder that it is in."""
        return os.readlink(os.path.join(self.sys, "bus/mdev/devices", uuid)).split("/")[-2]

    def types(self):
        return self.list(self.types_folder)

    def type_file(self, kind, name):
        return self.read("%s/%s/%s" % (self.types_folder, kind, name))

    def available(self, kind):
        """As all of them want it: a decimal number, one line."""
        text = self.type_file(kind, "available_instances")
        number = re.fullmatch(r"(\d+)\n", text)
        if not number:
            raise ValueError("available_instances of %s is %r" % (kind, text))
        return int(number.group(1))

    def create(self, kind, uuid):
        self.write("%s/%s/create" % (self.types_folder, kind), uuid)

    def remove(self, uuid):
        self.write("bus/mdev/devices/%s/remove" % uuid, "1")

    def vgpus(self):
        """UUIDs of all that exist."""
        return self.list("bus/mdev/devices")


def pci_address(text):
    """What Nova, KubeVirt and oslo's options take: four digits of a domain, no fewer
    and no more. As numbers."""
    found = re.fullmatch(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.([0-7])", text)
    if not found:
        raise ValueError("no PCI address: %r" % text)
    return tuple(int(number, 16) for number in found.groups())


# ------------------------------------------------------------------ Proxmox VE

def proxmox_uuid(index, vmid):
    """The UUID of the hostpci number index of VM vmid."""
    return "%08d-0000-0000-0000-%012d" % (index, vmid)


def proxmox_types(gpu):
    """Its table of types. Reading description has no "if it is there"."""
    table = []
    for kind in gpu.types():
        if not re.fullmatch(r"[^/.:]+", kind):
            raise ValueError("type %r is no value of mdev=" % kind)
        description = gpu.type_file(kind, "description")
        name = gpu.type_file(kind, "name")
        table.append({"type": kind, "available": gpu.available(kind),
                      "description": description.rstrip("\n"), "name": name.rstrip("\n")})
    return table


def proxmox_hostpci(text):
    """A line of its configuration, "0000:3b:00.0,mdev=openvgpu-1q,pcie=1"."""
    parts = text.split(",")
    option = dict(part.split("=", 1) for part in parts[1:])
    if not re.fullmatch(r"(?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}(?:\.[0-9a-f])?", parts[0]):
        raise ValueError("no PCI address: %r" % parts[0])
    if not re.fullmatch(r"[^/.:]+", option["mdev"]):
        raise ValueError("no type: %r" % option["mdev"])
    return parts[0], option


def proxmox_start(gpu, hostpci, index, vmid):
    """What the start of a VM does; the UUID."""
    _, option = proxmox_hostpci(hostpci)
    uuid = proxmox_uuid(index, vmid)
    if uuid in gpu.vgpus():
        if gpu.link("bus/mdev/devices/%s/mdev_type" % uuid) != option["mdev"]:
            raise ValueError("%s exists and has another type" % uuid)
        return uuid
    if gpu.available(option["mdev"]) < 1:
        raise ValueError("no room for %s" % option["mdev"])
    gpu.create(option["mdev"], uuid)
    return uuid


# --------------------------------------------------------------------- KubeVirt

def kubevirt_name(text):
    """A type's name as selectors write it."""
    return text.strip().replace(" ", "_")


def kubevirt_types(gpu):
    """Type by both spellings a configuration may use; they must be unique."""
    found = {}
    for kind in gpu.types():
        for spelling in (kind, kubevirt_name(gpu.type_file(kind, "name"))):
            if spelling in found:
                raise ValueError("%s and %s are both %s" % (kind, found[spelling], spelling))
            found[spelling] = kind
    return found


def kubevirt_document(text):
    """What YAML says of vGPUs: selectors and types, resources offered and wanted."""
    types = [kind for line in re.findall(r"mediatedDeviceTypes: \[([^\]]*)\]", text)
             for kind in re.findall(r"[^\s,\"]+", line)]
    types += re.findall(r"^ +- (openvgpu-\S+)$", text, re.M)
    return (re.findall(r'mdevNameSelector: "?([^"\s]+)"?', text), types,
            re.findall(r'resourceName: "?([^"\s]+)"?', text),
            re.findall(r'deviceName: "?([^"\s]+)"?', text))


def kubevirt_wrong(text, gpu):
    """What is wrong with YAML for nodes with such a GPU."""
    known = kubevirt_types(gpu)
    selectors, types, offered, wanted = kubevirt_document(text)
    if not selectors or not types or not wanted:
        return ["it has no selector, no type or no VM"]
    wrong = ["no type %s" % spelling for spelling in selectors + types if spelling not in known]
    wrong += ["no resource name: %s" % name for name in offered + wanted
              if not kubevirt_resource(name)]
    wrong += ["nobody offers %s" % name for name in wanted if name not in offered]
    if not wrong and not {known[s] for s in selectors} <= {known[t] for t in types}:
        wrong.append("a selector of a type that nobody creates")
    return wrong


def kubevirt_resource(text):
    """Whether Kubernetes takes the name of an extended resource."""
    domain, _, name = text.partition("/")
    label = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    return (re.fullmatch(r"%s(\.%s)*" % (label, label), domain) is not None and
            re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", name) is not None and
            len(name) <= 63)


def kubevirt_fill(gpu, wanted, new_uuid):
    """A parent without any vGPU is filled with one type: as many creates as
    available_instances says, which all have to succeed. The UUIDs."""
    kind = kubevirt_types(gpu)[wanted]
    uuids = []
    for _ in range(gpu.available(kind)):
        uuids.append(new_uuid())
        gpu.create(kind, uuids[-1])
    return uuids


def kubevirt_device(gpu, uuid):
    """What its device plugin tells of a vGPU: name, IOMMU group, NUMA node of the
    parent, which it finds by the vGPU."""
    node = "bus/mdev/devices/%s/" % uuid
    name = kubevirt_name(gpu.read(node + "mdev_type/name"))
    group = int(gpu.link(node + "iommu_group"))
    parent = gpu.parent_of(uuid)
    pci_address(parent)
    try:
        numa = int(gpu.read("bus/pci/devices/%s/numa_node" % parent))
    except FileNotFoundError:
        numa = -1
    return name, group, numa


# ------------------------------------------------------------------------- Nova

def nova_options(text):
    """enabled_mdev_types and their groups, as oslo.config reads them."""
    section, options = None, {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        head = re.fullmatch(r"\[(.+)\]", line)
        if head:
            section = options.setdefault(head.group(1), {})
            continue
        key, _, value = line.partition("=")
        section[key.strip()] = value.strip()
    types = [kind.strip() for kind in options["devices"]["enabled_mdev_types"].split(",")]
    parents = {}
    for kind in types:
        for parent in options.get("mdev_" + kind, {}).get("device_addresses", "").split(","):
            if parent.strip() in parents:
                raise ValueError("%s has two types" % parent)
            if parent.strip():
                pci_address(parent.strip())
                parents[parent.strip()] = kind
    return types, parents


def nova_wrong(text, gpus):
    """What is wrong with a nova.conf for these GPUs, by their addresses."""
    types, parents = nova_options(text)
    wrong = [] if parents else ["it names no GPU"]
    for parent, kind in parents.items():
        if parent not in gpus:
            wrong.append("no GPU %s" % parent)
        elif kind not in types or kind not in gpus[parent].types():
            wrong.append("%s has no type %s, or it is not enabled" % (parent, kind))
        elif nova_inventory(gpus[parent], kind) < 1:
            wrong.append("no room for %s" % kind)
    wrong += ["no resource class: %s" % name for name in re.findall(r"mdev_class = (\S+)", text)
              if not nova_trait_or_class(name)]
    return wrong


def nova_inventory(gpu, kind, most=None):
    """What the provider of one parent has: vGPUs there are, and can be."""
    there = [uuid for uuid in gpu.vgpus()
             if gpu.link("bus/mdev/devices/%s/mdev_type" % uuid) == kind]
    total = len(there) + gpu.available(kind)
    return min(total, most) if most is not None else total


def nova_provider(host, parent):
    """Name of the resource provider of a parent: libvirt's name behind the host's."""
    return "%s_pci_%s" % (host, re.sub(r"[:.]", "_", parent))


def nova_parent(provider):
    """The PCI address that Nova makes of libvirt's name again."""
    address = "%s:%s:%s.%s" % tuple(provider.rsplit("_", 4)[1:])
    pci_address(address)
    return address


def nova_trait_or_class(text):
    """Whether placement takes mdev_class."""
    return text == "VGPU" or re.fullmatch(r"CUSTOM_[A-Z0-9_]+", text) is not None


# ---------------------------------------------------------------------- mdevctl

def mdevctl_types(gpu):
    """What `mdevctl types --dumpjson` prints. A number in a file that is not one
    is the end of the whole command."""
    types = []
    for kind in gpu.types():
        types.append({kind: {
            "available_instances": gpu.available(kind),
            "device_api": gpu.type_file(kind, "device_api").strip(),
            "name": gpu.type_file(kind, "name").strip(),
            "description": gpu.type_file(kind, "description").strip().replace("\n", ", ")}})
    return [{gpu.parent: types}]


def mdevctl_definition(text):
    """A file of /etc/mdevctl.d: type, start, and settings in their order. Values
    are strings, or mdevctl takes none of it."""
    config = json.loads(text)
    settings = []
    for one in config.get("attrs", []):
        if len(one) != 1:
            raise ValueError("%d settings in one object" % len(one))
        (name, value), = one.items()
        if not isinstance(value, str):
            raise ValueError("%s is not a string" % name)
        settings.append((name, value))
    if config.get("start") not in ("auto", "manual"):
        raise ValueError("start is %r" % config.get("start"))
    return config["mdev_type"], config["start"], settings


# -------------------------------------------------- all of them, on a real GPU

def conform(gpu, new_uuid, check):
    """Every protocol above on an empty GPU; check(name, good, saw) is told."""
    kinds = gpu.types()
    empty = {kind: gpu.available(kind) for kind in kinds}
    table = proxmox_types(gpu)
    check("proxmox: one line for each type", len(table) == len(kinds) and all(
        row["description"] and "\n" not in row["description"] for row in table), table)
    check("proxmox: each description says how many", all(
        int(re.search(r"max_instance=(\d+)", row["description"]).group(1)) == row["available"]
        for row in table), table)
    check("mdevctl: names and API", all(
        data["device_api"] == "vfio-pci" and data["name"]
        for entry in mdevctl_types(gpu) for types in entry.values()
        for one in types for data in one.values()), "")
    spellings = kubevirt_types(gpu)
    check("kubevirt: names are resources", all(
        kubevirt_resource("openvgpu.io/" + spelling) for spelling in spellings), spellings)
    check("nova: types and address can be options", nova_options(
        "[devices]\nenabled_mdev_types = %s\n[mdev_%s]\ndevice_addresses = %s\n" % (
            ", ".join(kinds), kinds[0], gpu.parent)) == (kinds, {gpu.parent: kinds[0]}), kinds)
    check("nova: the provider's name leads to the GPU", nova_parent(
        nova_provider("host", gpu.parent)) == gpu.parent, gpu.parent)

    wrong = []
    for kind in kinds:
        name = kubevirt_name(gpu.type_file(kind, "name"))
        try:
            uuids = kubevirt_fill(gpu, name, new_uuid)
        except OSError as error:
            wrong.append("%s: %s" % (kind, error))
            uuids = gpu.vgpus()
        if len(uuids) != empty[kind] or gpu.available(kind) != 0:
            wrong.append("%s: %d of %d created, then %d available" %
                         (kind, len(uuids), empty[kind], gpu.available(kind)))
        told = nova_inventory(gpu, kind)
        if told != empty[kind]:
            wrong.append("%s: Nova counts %d of %d when full" % (kind, told, empty[kind]))
        groups = set()
        for uuid in uuids:
            device = kubevirt_device(gpu, uuid)
            groups.add(device[1])
            if device[0] != name:
                wrong.append("%s: its name is %s" % (uuid, device[0]))
            if gpu.parent_of(uuid) != gpu.parent:
                wrong.append("%s: its parent is %s" % (uuid, gpu.parent_of(uuid)))
        if len(groups) != len(uuids):
            wrong.append("%s: %d IOMMU groups of %d vGPUs" % (kind, len(groups), len(uuids)))
        for uuid in uuids:
            gpu.remove(uuid)
        if {kind: gpu.available(kind) for kind in kinds} != empty:
            wrong.append("%s: not as before" % kind)
    check("kubevirt: every type filled, Nova's inventory right", not wrong, wrong[:5])

    # One of each size that fits; what is left of every type is right at once.
    wrong, made = [], []
    for number, kind in enumerate(sorted(kinds, key=lambda k: -empty[k])):
        before = gpu.available(kind)
        hostpci = "%s,mdev=%s" % (gpu.parent, kind)
        try:
            made.append(proxmox_start(gpu, hostpci, number, 100))
            good = before > 0
        except ValueError:
            good = before == 0
        except OSError:
            good = False
        if not good:
            wrong.append("%s: %d available" % (kind, before))
        if before and gpu.available(kind) >= before:
            wrong.append("%s: %d available, after a create %d" %
                         (kind, before, gpu.available(kind)))
    check("proxmox: starts what fits, by its own UUIDs", made and not wrong, wrong)
    first = made[0]
    kind = gpu.link("bus/mdev/devices/%s/mdev_type" % first)
    check("proxmox: the VM starts again with the vGPU it had", proxmox_start(
        gpu, "%s,mdev=%s" % (gpu.parent, kind), int(first[:8]), 100) == first, first)
    for uuid in made:
        gpu.remove(uuid)
    check("all room is back", {kind: gpu.available(kind) for kind in kinds} == empty, "")


def random_uuid():
    """As the kernel makes them."""
    with open("/proc/sys/kernel/random/uuid", encoding="ascii") as file:
        return file.read().strip()


def settings_wrong(folder, gpus):
    """What is wrong with the settings in doc/ci, for these GPUs by their addresses."""
    def text(name):
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return file.read()

    wrong = nova_wrong(text("nova-local.conf"), gpus)
    for gpu in gpus.values():
        wrong += kubevirt_wrong(text("kubevirt.yaml"), gpu)
    return wrong


def main():
    results = []
    if sys.argv[1] == "--settings":
        parents = sorted(os.listdir("/sys/class/mdev_bus"))
        wrong = settings_wrong(sys.argv[2], {parent: Gpu(parent) for parent in parents})
        print("\n".join(wrong) or "right for %s" % " ".join(parents))
        return bool(wrong)

    def check(name, good, saw):
        results.append(good)
        print("ok clients: " + name if good else "not ok clients: %s: %s" % (name, saw))

    conform(Gpu(sys.argv[1]), random_uuid, check)
    print("%d of %d" % (sum(map(bool, results)), len(results)))
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
