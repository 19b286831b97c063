#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""use: in the configuration file: GPUs that openvgpu apply hands over to vfio-pci
and takes back, on the made-up machine of test_cli_gpu."""

import json
import os

from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, GPU_SETTINGS, IDLE, NEW, NOT_FOUND, OK, USAGE, USED, VGPU_SETTINGS,
    main)
from test_cli_gpu import DEVICE, Gpu

GROUP = f"sys/devices/pci0000:00/{GPU}/iommu_group"
TO_VM = f"GPU {GPU2}: driver: openvgpu -> vfio-pci\n"
TO_US = f"GPU {GPU2}: driver: vfio-pci -> openvgpu\n"


class Use(Gpu):
    def setUp(self):
        super().setUp()
        self.machine.write("root/run/there")
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, GPU_SETTINGS)
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", VGPU_SETTINGS)
        self.machine.link(GROUP, "sys/kernel/iommu_groups/13")
        self.machine.link(f"sys/kernel/iommu_groups/13/devices/{GPU}",
                          f"sys/devices/pci0000:00/{GPU}")

    def config(self, *entries):
        """A file, its entries as {KEY: text}."""
        text = "version: v1\nvgpu-configs:\n  default:\n"
        for entry in entries:
            text += "    - " + "\n      ".join(f"{k}: {v}" for k, v in entry.items()) + "\n"
        self.machine.write("config.yaml", text)
        return self.machine.path("config.yaml")

    def entry(self, use, devices=f"[{GPU2}]", **more):
        keys = {"devices": devices, "use": use}
        keys.update({key.replace("_", "-"): value for key, value in more.items()})
        return self.config(keys)

    def hand_over(self):
        self.expect(OK, "gpu", "hand-over", GPU2, "--to", "vfio-pci")

    def nothing_is_written(self, status, *args, err=None):
        before = self.machine.contents()
        result = self.expect(status, *args, err=err)
        after = self.machine.contents()
        lock = self.machine.path("root/run/openvgpu-apply.lock")
        self.assertEqual({k: v for k, v in after.items() if k != lock},
                         {k: v for k, v in before.items() if k != lock})
        return result

    def not_so(self, path, text):
        """assert says what is not as the file says."""
        result = self.run_cli("assert", path)
        self.assertEqual((result.status, result.out.decode()), (FAILURE, text))


class Passthrough(Use):
    def test_hands_over(self):
        path = self.entry("passthrough")
        self.assertEqual(self.nothing_is_written(OK, "apply", "--dry-run", path).out.decode(),
                         TO_VM)
        self.not_so(path, TO_VM)
        self.assertEqual(self.expect(OK, "apply", path).out.decode(), TO_VM)
        self.assertEqual((self.driver(), self.override()), ("vfio-pci", "vfio-pci"))
        # Through openvgpu, which zeroes it.
        self.assertIn([f"/{DEVICE[4:]}/openvgpu/hand_over", "1"], self.writes())
        self.assertEqual(self.driver(GPU), "openvgpu")
        self.assertEqual(self.expect(OK, "assert", path).out, b"")
        self.assertEqual(self.nothing_is_written(OK, "apply", path).out, b"")

    def test_json(self):
        path = self.entry("passthrough")
        value = self.expect_json(OK, "apply", path)
        self.assertEqual(value["changes"], [{
            "action": "hand-over", "state": "done", "gpu": GPU2, "uuid": None, "type": None,
            "instance": None, "profile": None, "name": None, "from": "openvgpu",
            "to": "vfio-pci", "reason": None}])

    def test_bound_by_somebody_else(self):
        """As by vfio-pci.ids= on the kernel's command line."""
        self.hand_over()
        self.machine.write(f"{DEVICE}/driver_override", "(null)\n")
        self.expect(OK, "assert", self.entry("passthrough"))

    def test_refused_with_vgpus(self):
        path = self.entry("passthrough", f"[{GPU}]")
        result = self.nothing_is_written(BUSY, "apply", path, err="nothing was changed")
        self.assertIn(f"its vGPU {USED} is in use by process 4242".encode(), result.err)
        # Also those that it would remove.
        path = self.entry("passthrough", f"[{GPU}]", vgpu_devices="{}")
        self.nothing_is_written(BUSY, "apply", path, err=f"{USED}: refused")
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/{USED}/openvgpu/owner_pid", "0\n")
        path = self.entry("passthrough", f"[{GPU}]")
        self.nothing_is_written(BUSY, "apply", path, err="it has 2 vGPUs; remove them first")

    def test_removes_vgpus_first(self):
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/{USED}/openvgpu/owner_pid", "0\n")
        self.machine.add_attributes(f"{GPU}/{USED}", {"refuse_opens": 0})
        self.machine.add_attributes(f"{GPU}/{IDLE}", {"refuse_opens": 0})
        path = self.config({"devices": f"[{GPU}]", "use": "passthrough", "vgpu-devices": "{}"})
        out = self.expect(OK, "apply", "--dry-run", path).out.decode().splitlines()
        self.assertEqual(out[2], f"GPU {GPU}: driver: openvgpu -> vfio-pci")
        self.expect(OK, "apply", path)
        names = [name for name, _ in self.writes()]
        device = f"/devices/pci0000:00/{GPU}"
        for uuid in (IDLE, USED):
            self.assertLess(names.index(f"{device}/{uuid}/remove"),
                            names.index(f"{device}/openvgpu/hand_over"))
        self.assertEqual(self.driver(GPU), "vfio-pci")

    def test_without_an_iommu(self):
        os.unlink(self.machine.path(GROUP))
        path = self.entry("passthrough", f"[{GPU}]", vgpu_devices="{}")
        for args in (("apply", path), ("apply", "--dry-run", path), ("assert", path)):
            self.nothing_is_written(FAILURE, *args, err="line 4: GPU 0000:01:00.0 has no IOMMU")

    def test_driver_that_does_not_take_it(self):
        self.machine.write("sys/bus/pci/drivers/vfio-pci/refuses")
        self.expect(FAILURE, "apply", self.entry("passthrough"),
                    err="driver vfio-pci did not take it, so openvgpu has it again")
        value = self.expect_json(FAILURE, "apply", self.entry("passthrough"))
        self.assertEqual([c["state"] for c in value["changes"]], ["failed"])
        self.assertEqual(self.driver(), "openvgpu")

    def test_of_no_gpu(self):
        self.nothing_is_written(NOT_FOUND, "apply", self.entry("passthrough", "[0000:99:00.0]"),
                                err="line 4: no GPU 0000:99:00.0")
        self.nothing_is_written(NOT_FOUND, "apply", self.entry("passthrough", "[0000:03:00.0]"),
                                err="no GPU 0000:03:00.0 is bound to the driver openvgpu")


class Vgpu(Use):
    def test_takes_back(self):
        self.expect(OK, "assert", self.entry("vgpu"))
        self.hand_over()
        path = self.entry("vgpu")
        self.assertEqual(self.nothing_is_written(OK, "apply", "--dry-run", path).out.decode(),
                         TO_US)
        self.not_so(path, TO_US)
        self.assertEqual(self.expect(OK, "apply", path).out.decode(), TO_US)
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "(null)"))
        self.expect(OK, "assert", path)

    def test_before_all_else(self):
        """What is set on it, and what is made there, comes after."""
        self.hand_over()
        at = len(self.writes())
        path = self.entry("vgpu", settings="{fault_limit: 5}",
                          vgpu_devices=f"{{256mq: [{{uuid: {NEW}, weight: 7}}]}}")
        self.assertEqual(self.expect(OK, "apply", "--dry-run", path).out.decode(),
                         TO_US + f"GPU {GPU2}: fault_limit: 5\n"
                         f"GPU {GPU2}: create openvgpu-256mq {NEW}\nvGPU {NEW}: weight: 7\n")
        self.assertEqual(len(self.writes()), at)
        # The kernel makes no vGPU here, so its weight can't be set.
        result = self.run_cli("apply", path)
        self.assertIn(b"3 of 4 changes were made", result.err)
        names = [name for name, _ in self.writes()[at:]]
        self.assertLess(names.index("/bus/pci/drivers_probe"),
                        names.index(f"/devices/pci0000:00/{GPU2}/openvgpu/fault_limit"))
        self.assertEqual(names[-1], f"/devices/pci0000:00/{GPU2}/mdev_supported_types/"
                         "openvgpu-256mq/create")

    def test_in_use(self):
        self.hand_over()
        self.opened("/dev/vfio/12")
        path = self.entry("vgpu")
        result = self.nothing_is_written(BUSY, "apply", path, err="nothing was changed")
        self.assertIn(b"in use by process 777 (qemu-system-x86)", result.err)
        self.not_so(path, TO_US)
        value = self.expect_json(BUSY, "apply", path)
        self.assertEqual(value["changes"][0]["state"], "refused")

    def test_all(self):
        self.hand_over()
        path = self.entry("vgpu", "all")
        self.assertEqual(self.expect(OK, "apply", "--gpu", GPU, path).out, b"")
        self.assertEqual(self.driver(), "vfio-pci")
        self.assertEqual(self.expect(OK, "apply", "--gpu", GPU2, path).out.decode(), TO_US)
        self.assertEqual(self.driver(), "openvgpu")

    def test_what_it_can_do_shows_then(self):
        self.hand_over()
        path = self.entry("vgpu", vgpu_devices="{9q: 1}")
        self.assertIn(b"create openvgpu-9q", self.expect(OK, "apply", "--dry-run", path).out)
        self.expect(OK, "gpu", "take-back", GPU2)
        self.nothing_is_written(NOT_FOUND, "apply", path, err="offers no type openvgpu-9q")


class Else(Use):
    def test_left_alone(self):
        self.hand_over()
        path = self.config({"devices": "all", "settings": "{fault_limit: 3}"})
        self.assertEqual(self.nothing_is_written(OK, "apply", path).out, b"")
        path = self.config({"devices": f"[{GPU2}]", "settings": "{fault_limit: 3}"})
        self.nothing_is_written(NOT_FOUND, "apply", path, err="is handed over to vfio-pci")

    def test_form(self):
        for keys, text in (
                ({"use": "mdev"}, "line 5: use can't be 'mdev': it is vgpu or passthrough"),
                ({"use": "[vgpu]"}, "line 5: use must be a single value"),
                ({"use": "passthrough", "settings": "{fault_limit: 5}"}, "line 6: "
                 "a GPU that is passed through has no settings"),
                ({"use": "passthrough", "vgpu-devices": "{1q: 1}"}, "line 6: "
                 "a GPU that is passed through has no vGPUs"),
                ({"devices": "[1]", "use": "vgpu"}, "line 4: GPUs are named by their PCI")):
            path = self.config(dict({"devices": f"[{GPU2}]"}, **keys))
            for command in ("apply", "assert"):
                self.nothing_is_written(USAGE, command, path, err=text)
        path = self.config({"devices": "[0]"}, {"devices": f"[{GPU2}]", "use": "vgpu"})
        self.nothing_is_written(USAGE, "apply", path, err="line 4: GPUs are named")

    def test_export(self):
        self.hand_over()
        result = self.expect(OK, "export")
        self.assertIn(f'- devices: ["{GPU2}"]\n      "use": passthrough\n', result.out.decode())
        self.machine.write("config.yaml", result.out)
        path = self.machine.path("config.yaml")
        self.expect(OK, "assert", path)
        self.expect(OK, "gpu", "take-back", GPU2)
        self.not_so(path, TO_VM)

    def restore(self, status=OK):
        """Its children are the command, too."""
        self.machine.write("root/etc/openvgpu/config.yaml", self.machine.read("config.yaml"))
        self.machine.write("bin/none")
        env = {"FAKE_KERNEL_STAYS": "1", "PATH": self.machine.path("bin")}
        return self.expect(status, "restore", env=env)

    def test_restore_takes_back_before_vgpus_are_made(self):
        self.hand_over()
        at = len(self.writes())
        self.entry("vgpu")
        self.machine.write(f"root/etc/mdevctl.d/{GPU2}/{NEW}", json.dumps(
            {"mdev_type": "openvgpu-256mq", "start": "auto", "attrs": []}))
        self.assertIn(f"{NEW} openvgpu-256mq: started\n", self.restore().out.decode())
        self.assertEqual(self.driver(), "openvgpu")
        names = [name for name, _ in self.writes()[at:]]
        create = f"/devices/pci0000:00/{GPU2}/mdev_supported_types/openvgpu-256mq/create"
        self.assertLess(names.index("/bus/pci/drivers_probe"), names.index(create))

    def test_restore_says_what_is_in_the_way(self):
        self.hand_over()
        self.opened("/dev/vfio/12")
        self.entry("vgpu")
        result = self.restore(FAILURE)
        self.assertIn(b"in use by process 777 (qemu-system-x86)", result.err)
        self.assertIn(b"is not in force", result.err)

    def test_restore_hands_over(self):
        self.entry("passthrough")
        self.restore()
        self.assertEqual(self.driver(), "vfio-pci")


if __name__ == "__main__":
    main()
