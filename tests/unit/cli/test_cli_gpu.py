#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu gpu: whole GPUs that go to another driver and come back, on a made-up
machine whose sysfs binds and unbinds drivers (fake_kernel.c)."""

import errno
import fcntl
import os

from cli_fake_kernel import FakeKernel
from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, IDLE, NIC, NOT_FOUND, OK, RELEASE, USAGE, USED,
    CliTest, main)

SOUND = "0000:02:00.1"
# GPU2 has no vGPUs.
DEVICE = f"sys/devices/pci0000:00/{GPU2}"
TO_VM = ("gpu", "hand-over", GPU2, "--to", "vfio-pci")
TO_HOST = ("gpu", "hand-over", GPU2, "--to", "host")
BACK = ("gpu", "take-back", GPU2)


class Gpu(FakeKernel, CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        machine = self.machine
        machine.write("proc/sys/kernel/osrelease", RELEASE + "\n")
        machine.write(f"root/lib/modules/{RELEASE}/modules.alias",
                      "alias pci:v00001B36d00000100sv* openvgpu\n")
        machine.write(f"root/lib/modules/{RELEASE}/modules.dep",
                      "kernel/drivers/vfio/pci/vfio-pci.ko.xz: x\n")
        for bdf in (GPU, GPU2, NIC):
            machine.write(f"sys/devices/pci0000:00/{bdf}/driver_override", "(null)\n")
        for bdf in (GPU, GPU2):
            machine.write(f"sys/devices/pci0000:00/{bdf}/openvgpu/hand_over", "0\n")
        machine.write("sys/bus/pci/drivers_probe")
        machine.write("sys/bus/pci/drivers/vfio-pci/unbind")
        machine.write("sys/bus/pci/drivers/e1000e/unbind")
        machine.link(f"{DEVICE}/iommu_group", "sys/kernel/iommu_groups/12")
        machine.link(f"sys/kernel/iommu_groups/12/devices/{GPU2}", DEVICE)

    def driver(self, bdf=GPU2):
        path = self.machine.path(f"sys/devices/pci0000:00/{bdf}/driver")
        return os.path.basename(os.readlink(path)) if os.path.lexists(path) else None

    def override(self):
        return self.machine.read(f"{DEVICE}/driver_override").strip()

    def modprobe(self, script):
        self.machine.write("root/usr/sbin/modprobe", f"#!/bin/sh\nS={self.machine.path('sys')}\n"
                           + script)
        os.chmod(self.machine.path("root/usr/sbin/modprobe"), 0o755)

    def fails(self, name, number):
        """Writes to a file fail from now on."""
        self.machine.write(f"{name}.errno", f"{number}\n")

    def opened(self, path, pid=777, name="qemu-system-x86"):
        """A process has a file open."""
        self.machine.write(f"proc/{pid}/comm", name + "\n")
        os.makedirs(self.machine.path(f"proc/{pid}/fd"), exist_ok=True)
        os.symlink("/dev/null", self.machine.path(f"proc/{pid}/fd/0"))
        os.symlink(path, self.machine.path(f"proc/{pid}/fd/7"))

    def host_driver(self, driver="refgpu"):
        """The host has a driver of its own, loaded or not."""
        self.modprobe(f"""
case $1 in
-R) printf 'openvgpu\\n{driver}\\n' ;;
--) mkdir -p $S/module/$2/drivers/pci:{driver} $S/bus/pci/drivers/{driver}
    touch $S/bus/pci/drivers/{driver}/unbind ;;
esac
""")


class HandOver(Gpu):
    def test_to_vfio_pci_and_back(self):
        result = self.expect(OK, *TO_VM)
        self.assertEqual(result.out.decode(), f"GPU {GPU2}: driver: openvgpu -> vfio-pci\n")
        self.assertEqual((self.driver(), self.override()), ("vfio-pci", "vfio-pci"))
        device = f"/devices/pci0000:00/{GPU2}"
        # Zeroed first; no third driver can come in between.
        self.assertEqual(self.writes(), [
            [f"{device}/openvgpu/hand_over", "1"], [f"{device}/driver_override", "vfio-pci"],
            ["/bus/pci/drivers/openvgpu/unbind", GPU2], ["/bus/pci/drivers_probe", GPU2]])
        self.assertEqual(self.driver(GPU), "openvgpu")
        result = self.expect(OK, *BACK)
        self.assertEqual(result.out.decode(), f"GPU {GPU2}: driver: vfio-pci -> openvgpu\n")
        # Nothing is left that would decide the next time.
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "(null)"))

    def test_again(self):
        self.expect(OK, *TO_VM)
        self.expect_unchanged(OK, *TO_VM, err="handed over to vfio-pci already")
        self.assertFalse(self.expect_json(OK, *TO_VM)["changed"])
        self.expect_unchanged(BUSY, *TO_HOST, err=f"take-back {GPU2}")
        self.expect(OK, *BACK)
        self.expect_unchanged(OK, *BACK, err="is not handed over")
        self.assertFalse(self.expect_json(OK, *BACK)["changed"])

    def test_json(self):
        self.assertEqual(self.expect_json(OK, *TO_VM), {
            "version": 1, "dry_run": False, "gpu": GPU2, "from": "openvgpu", "to": "vfio-pci",
            "changed": True, "iommu_group": 12, "shared_with": []})
        self.assertEqual(self.expect_json(OK, *BACK), {
            "version": 1, "dry_run": False, "gpu": GPU2, "from": "vfio-pci", "to": "openvgpu",
            "changed": True})

    def test_usage(self):
        for args, text in ((("gpu", "hand-over", GPU2), "needs --to"),
                           (("gpu", "hand-over"), "needs GPU"),
                           (("gpu", "hand-over", GPU2, "--to", "nvidia"), "vfio-pci or host"),
                           (("gpu", "hand-over", "x", "--to", "host"), "not a PCI address"),
                           (("gpu", "take-back", IDLE), "not a PCI address"),
                           (("gpu", "take-back", GPU2, "--to", "host"), "does not take '--to'"),
                           (("gpu", "take-bcak", GPU2), "did you mean 'take-back'?"),
                           (("gpu",), "needs a command of its own")):
            self.expect_unchanged(USAGE, *args, err=text)
        for args in (TO_VM, BACK):
            args = [*args[:2], "0000:99:00.0", *args[3:]]
            self.expect_unchanged(NOT_FOUND, *args, err="there is no PCI device 0000:99:00.0")

    def test_dry_run(self):
        result = self.expect_unchanged(OK, *TO_VM, "--dry-run")
        self.assertEqual(result.out.decode(), f"GPU {GPU2}: driver: openvgpu -> vfio-pci\n")
        self.assertTrue(self.expect_json(OK, *TO_VM, "--dry-run")["dry_run"])
        self.expect(OK, *TO_VM)
        result = self.expect_unchanged(OK, *BACK, "-n")
        self.assertEqual(result.out.decode(), f"GPU {GPU2}: driver: vfio-pci -> openvgpu\n")

    def test_refused_with_vgpus(self):
        args = ["gpu", "hand-over", GPU, "--to", "vfio-pci"]
        self.expect_unchanged(BUSY, *args, err=f"{USED} is in use by process 4242 (qemu-system-x86)")
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/{USED}/openvgpu/owner_pid", "0\n")
        self.expect_unchanged(BUSY, *args, err=f"2 vGPUs; remove them first, as by "
                              f"'openvgpu remove {USED}'")
        self.expect_unchanged(BUSY, *args, "--dry-run")

    def test_two_at_once(self):
        """While one runs, another one changes nothing."""
        fd = os.open(self.machine.path(DEVICE), os.O_RDONLY)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_EX)
        for command in (TO_VM, BACK):
            self.expect_unchanged(BUSY, *command, err="another process is handing it over")
            fcntl.flock(fd, fcntl.LOCK_UN)
            self.expect(OK, *command)
            fcntl.flock(fd, fcntl.LOCK_EX)

    def test_refused_by_the_module(self):
        """Somebody creates a vGPU after the look; memory that can't be zeroed."""
        for number, status in ((errno.EBUSY, BUSY), (errno.EIO, FAILURE)):
            self.machine.write(f"{DEVICE}/openvgpu/last_error", "hand_over not changed: why\n")
            self.fails(f"{DEVICE}/openvgpu/hand_over", number)
            self.expect(status, *TO_VM, err="hand_over not changed: why")
            self.assertEqual((self.driver(), self.override()), ("openvgpu", "(null)"))
        self.machine.write(f"{DEVICE}/openvgpu/last_error", "something else\n")
        result = self.expect(FAILURE, *TO_VM, err="Input/output error")
        self.assertNotIn(b"something else", result.err)
        self.fails(f"{DEVICE}/openvgpu/hand_over", errno.EACCES)
        self.expect(FAILURE, *TO_VM, err="run as root")

    def test_module_that_zeroes_nothing(self):
        os.unlink(self.machine.path(f"{DEVICE}/openvgpu/hand_over"))
        self.expect_unchanged(FAILURE, *TO_VM, err="older than this library")

    def test_refused_without_iommu(self):
        os.unlink(self.machine.path(f"{DEVICE}/iommu_group"))
        self.expect_unchanged(FAILURE, *TO_VM, err="intel_iommu=on")
        mode = "sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
        self.machine.write(mode, "N\n")
        self.expect_unchanged(FAILURE, *TO_VM, err="intel_iommu=on")
        self.machine.write(mode, "Y\n")
        self.expect(OK, *TO_VM, err="reaches all memory")
        self.assertEqual(self.driver(), "vfio-pci")
        self.expect(OK, *BACK)
        # The host's driver needs none.
        self.machine.write(mode, "N\n")
        self.host_driver()
        self.expect(OK, *TO_HOST)

    def test_group_with_others(self):
        machine = self.machine
        device = machine.add_device(SOUND, "snd_hda_intel")
        machine.link(f"sys/kernel/iommu_groups/12/devices/{SOUND}", device)
        machine.link(f"sys/kernel/iommu_groups/12/devices/{NIC}", f"sys/devices/pci0000:00/{NIC}")
        os.unlink(machine.path(f"sys/devices/pci0000:00/{NIC}/driver"))
        result = self.expect(OK, *TO_VM, err=f"{SOUND}, which the host uses by snd_hda_intel")
        self.assertNotIn(NIC.encode(), result.err)
        self.assertEqual(self.expect_json(OK, *TO_VM)["shared_with"],
                         [{"device": SOUND, "driver": "snd_hda_intel"}])

    def test_module_missing(self):
        machine = self.machine
        os.unlink(machine.path("sys/bus/pci/drivers/vfio-pci/unbind"))
        os.rmdir(machine.path("sys/bus/pci/drivers/vfio-pci"))
        self.expect_unchanged(FAILURE, *TO_VM, err="there is no modprobe")
        self.modprobe("echo 'modprobe: ERROR: no way' >&2; exit 1\n")
        self.expect_unchanged(FAILURE, *TO_VM, err="can't load the module vfio-pci: "
                              "modprobe: ERROR: no way")
        self.modprobe("exit 0\n")
        self.expect_unchanged(FAILURE, *TO_VM, err="there is no driver vfio-pci")
        result = self.expect_unchanged(OK, *TO_VM, "--dry-run")
        self.assertIn(b"load the module vfio-pci\n", result.out)
        self.modprobe('[ "$*" = "-- vfio-pci" ] && mkdir $S/bus/pci/drivers/vfio-pci &&\n'
                      'touch $S/bus/pci/drivers/vfio-pci/unbind\n')
        self.expect(OK, *TO_VM)
        self.assertEqual(self.driver(), "vfio-pci")

    def test_kernel_without_vfio_pci(self):
        os.unlink(self.machine.path("sys/bus/pci/drivers/vfio-pci/unbind"))
        os.rmdir(self.machine.path("sys/bus/pci/drivers/vfio-pci"))
        self.machine.write(f"root/lib/modules/{RELEASE}/modules.dep", "kernel/x.ko:\n")
        self.modprobe("exit 0\n")
        self.expect_unchanged(FAILURE, *TO_VM, err="CONFIG_VFIO_PCI")

    def test_driver_that_does_not_take_it(self):
        self.machine.write("sys/bus/pci/drivers/vfio-pci/refuses")
        self.expect(FAILURE, *TO_VM, err="driver vfio-pci did not take it, so openvgpu has it again")
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "(null)"))
        self.assertEqual(self.machine.read(f"{DEVICE}/openvgpu/hand_over").strip(), "0")
        self.machine.write("sys/bus/pci/drivers/openvgpu/refuses")
        self.expect(FAILURE, *TO_VM, err="it has no driver now")
        self.assertEqual((self.driver(), self.override()), (None, "(null)"))

    def test_driver_that_does_not_let_go(self):
        self.fails("sys/bus/pci/drivers/openvgpu/unbind", errno.ENODEV)
        self.expect(NOT_FOUND, *TO_VM)
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "(null)"))
        self.assertEqual(self.machine.read(f"{DEVICE}/openvgpu/hand_over"), "0")

    def test_to_host(self):
        self.host_driver()
        self.expect_unchanged(OK, *TO_HOST, "--dry-run")
        self.expect(OK, *TO_HOST)
        self.assertEqual((self.driver(), self.override()), ("refgpu", "refgpu"))
        self.expect_unchanged(OK, *TO_HOST, err="handed over to refgpu already")
        self.expect_unchanged(BUSY, *TO_VM, err="handed over to refgpu already: take it back")
        self.expect(OK, *BACK)
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "(null)"))
        self.modprobe("echo openvgpu\n")
        self.expect_unchanged(FAILURE, *TO_HOST, err="no other driver")
        self.modprobe("exit 1\n")
        self.expect_unchanged(FAILURE, *TO_HOST, err="no other driver")
        self.modprobe("case $1 in -R) echo -e 'nodriver\\n../../x' ;; esac\n")
        self.expect_unchanged(FAILURE, *TO_HOST, err="nodriver")

    def test_of_no_driver(self):
        """Nobody has zeroed it, then."""
        os.unlink(self.machine.path(f"{DEVICE}/driver"))
        os.unlink(self.machine.path(f"sys/bus/pci/drivers/openvgpu/{GPU2}"))
        self.expect_unchanged(NOT_FOUND, *TO_VM, err=f"no GPU {GPU2} is bound")
        self.expect(OK, *BACK)
        self.assertEqual(self.driver(), "openvgpu")


class TakeBack(Gpu):
    def hand_over(self, to="vfio-pci"):
        self.expect(OK, "gpu", "hand-over", GPU2, "--to", to)

    def test_refused_in_use(self):
        self.hand_over()
        for path in ("/dev/vfio/12", "/dev/vfio/noiommu-12", "/dev/vfio/devices/vfio3"):
            self.machine.write(f"{DEVICE}/vfio-dev/vfio3/x")
            self.opened(path)
            self.expect_unchanged(BUSY, *BACK, err="in use by process 777 (qemu-system-x86)")
            self.assertEqual(self.expect_json(BUSY, *BACK)["error"]["code"], BUSY)
            os.unlink(self.machine.path("proc/777/fd/7"))
            os.unlink(self.machine.path("proc/777/fd/0"))
        self.opened("/dev/vfio/1")
        self.opened("/dev/vfio/12", pid=888)
        self.expect(OK, *BACK, "--force", err="asking process 888")
        self.assertEqual(self.driver(), "openvgpu")

    def test_refused_with_the_hosts_programs(self):
        self.host_driver()
        self.hand_over("host")
        self.machine.write(f"{DEVICE}/drm/card1/x")
        self.machine.write(f"{DEVICE}/drm/renderD129/x")
        self.opened("/dev/dri/card0", name="other")
        self.opened("/dev/dri/renderD129", pid=778, name="weston")
        self.expect_unchanged(BUSY, *BACK, err="in use by process 778 (weston)")

    def test_refused_with_the_console(self):
        self.host_driver()
        self.hand_over("host")
        machine = self.machine
        machine.write(f"{DEVICE}/graphics/fb0/name", "refgpudrmfb\n")
        for number, name in enumerate(("(S) dummy device", "(M) frame buffer device")):
            machine.write(f"sys/class/vtconsole/vtcon{number}/name", name + "\n")
            machine.write(f"sys/class/vtconsole/vtcon{number}/bind", f"{number}\n")
        self.expect_unchanged(BUSY, *BACK, err="host's console is on GPU")
        self.expect_unchanged(BUSY, *BACK, "--force", err="/sys/class/vtconsole")
        # What it says to do.
        machine.write("sys/class/vtconsole/vtcon1/bind", "0\n")
        self.expect(OK, *BACK)

    def test_module_not_loaded(self):
        self.hand_over()
        path = self.machine.path("sys/bus/pci/drivers/openvgpu")
        os.rename(path, path + ".gone")
        self.expect_unchanged(FAILURE, *BACK, err="modprobe openvgpu")

    def test_driver_that_does_not_take_it(self):
        self.hand_over()
        self.machine.write("sys/bus/pci/drivers/openvgpu/refuses")
        self.expect(FAILURE, *BACK, err="driver openvgpu did not take it, so vfio-pci has it again")
        self.assertEqual((self.driver(), self.override()), ("vfio-pci", "vfio-pci"))

    def test_what_is_no_gpu(self):
        for override in ("(null)", "e1000e"):
            self.machine.write(f"sys/devices/pci0000:00/{NIC}/driver_override", override + "\n")
            self.expect_unchanged(NOT_FOUND, "gpu", "take-back", NIC, err="is no GPU")
        self.expect_unchanged(NOT_FOUND, "gpu", "hand-over", NIC, "--to", "vfio-pci",
                              err=f"no GPU {NIC} is bound")

    def test_gpu_that_the_module_does_not_take_by_itself(self):
        self.machine.write(f"{DEVICE}/modalias", "pci:v00001234d00001111sv\n")
        self.machine.write(f"{DEVICE}/class", "0x038000\n")
        self.machine.write(f"{DEVICE}/driver_override", "openvgpu\n")
        self.hand_over()
        self.expect(OK, *BACK)
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "openvgpu"))

    def test_half_way_without_a_driver(self):
        """It was killed between two drivers; openvgpu.ko does not take this GPU by itself."""
        self.machine.write(f"{DEVICE}/modalias", "pci:v00001234d00001111sv\n")
        self.machine.write(f"{DEVICE}/driver_override", "vfio-pci\n")
        os.unlink(self.machine.path(f"{DEVICE}/driver"))
        os.unlink(self.machine.path(f"sys/bus/pci/drivers/openvgpu/{GPU2}"))
        self.expect(OK, *BACK)
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "openvgpu"))

    def test_half_way(self):
        """The command was killed in the middle."""
        self.machine.write(f"{DEVICE}/openvgpu/hand_over", "1\n")
        self.machine.write(f"{DEVICE}/driver_override", "vfio-pci\n")
        self.expect(OK, *BACK)
        self.assertEqual((self.driver(), self.override()), ("openvgpu", "(null)"))
        self.assertEqual(self.machine.read(f"{DEVICE}/openvgpu/hand_over"), "0")
        self.expect_unchanged(OK, *BACK, err="is not handed over")


class Shown(Gpu):
    """What the other commands say of a GPU that is handed over."""

    HINT = f"GPU {GPU2} is handed over to vfio-pci: take it back with 'openvgpu gpu take-back {GPU2}'"

    def setUp(self):
        super().setUp()
        self.expect(OK, *TO_VM)
        # The rest of what goes with the driver.
        os.rename(self.machine.path(f"{DEVICE}/mdev_supported_types"), self.machine.path("types"))

    def test_list(self):
        result = self.expect(OK, "list")
        self.assertIn(USED.encode(), result.out)
        self.assertEqual(result.err.decode(), f"openvgpu: GPU {GPU2} is handed over to vfio-pci; "
                         f"take it back with 'openvgpu gpu take-back {GPU2}'\n")
        self.assertEqual(self.expect_json(OK, "list")["handed_over"], [
            {"gpu": GPU2, "driver": "vfio-pci", "owner_pid": None, "owner_name": None}])
        self.opened("/dev/vfio/12")
        self.expect(OK, "list", "--gpu", GPU2, err="vfio-pci, used by process 777 (qemu-system-x86);")
        self.assertEqual(self.expect_json(OK, "list", "--gpu", GPU2)["handed_over"], [
            {"gpu": GPU2, "driver": "vfio-pci", "owner_pid": 777, "owner_name": "qemu-system-x86"}])
        for args in (["list", "--gpu", GPU], ["list", "--quiet"]):
            self.assertEqual(self.expect(OK, *args).err, b"")
        self.assertEqual(self.expect_json(OK, "list", "--gpu", GPU)["handed_over"], [])

    def test_refusals(self):
        self.machine.write("config.yaml", "version: v1\nvgpu-configs:\n  default:\n"
                           f"    - devices: ['{GPU2}']\n")
        for args in (["show", GPU2], ["sched", "show", GPU2], ["create", "256mq", "--gpu", GPU2],
                     ["types", "--gpu", GPU2], ["set", "--gpu", GPU2, "fault_limit=3"],
                     ["apply", self.machine.path("config.yaml")], ["top", GPU2], ["restore", GPU2]):
            self.expect_unchanged(NOT_FOUND, *args, err=self.HINT)

    def test_restore(self):
        self.machine.write("root/run/there")
        self.machine.write(f"root/etc/mdevctl.d/{GPU2}/{IDLE}",
                           '{"mdev_type": "openvgpu-256mq", "start": "auto", "attrs": []}')
        self.expect(FAILURE, "restore", err=self.HINT)

    def test_metrics(self):
        out = self.expect(OK, "metrics").out.decode()
        self.assertIn(f'openvgpu_gpu_handed_over_info{{gpu="{GPU2}",driver="vfio-pci"}} 1\n', out)
        self.assertIn("openvgpu_gpus 1\n", out)

    def test_complete(self):
        def complete(*words):
            out = self.expect(OK, "complete", "--", *words).out.decode()
            return [line.split("\t")[0] for line in out.splitlines()]
        self.assertEqual(complete("gpu", ""), ["hand-over", "take-back", "--help"])
        self.assertEqual(complete("gpu", "take-back", ""), [GPU2])
        self.assertEqual(complete("gpu", "hand-over", ""), [GPU])
        self.assertEqual(complete("gpu", "hand-over", GPU, "--to", ""), ["vfio-pci", "host"])

    def doctor(self):
        value = self.expect_json(FAILURE, "doctor")     # the rest is not there
        return {check["check"]: check for check in value["checks"]}

    def test_doctor(self):
        check = self.doctor()["gpu"]
        self.assertEqual(check["state"], "ok")
        self.assertIn(f"GPU {GPU2} is handed over to vfio-pci; 1 GPU is bound", check["text"])
        self.assertEqual(check["advice"], f"take it back with 'openvgpu gpu take-back {GPU2}'")
        self.opened("/dev/vfio/12")
        self.assertIn("used by process 777 (qemu-system-x86)", self.doctor()["gpu"]["text"])
        # A definition for it is not one of a GPU that has gone.
        self.machine.write(f"root/etc/mdevctl.d/{GPU2}/{IDLE}",
                           '{"mdev_type": "openvgpu-256mq", "start": "auto", "attrs": []}')
        self.assertNotIn("has no such GPU", self.doctor()["restore"]["text"])

    def test_doctor_alone(self):
        os.unlink(self.machine.path(f"sys/bus/pci/drivers/openvgpu/{GPU}"))
        os.unlink(self.machine.path(f"sys/devices/pci0000:00/{GPU}/driver"))
        os.unlink(self.machine.path(f"sys/bus/pci/devices/{GPU}"))
        check = self.doctor()["gpu"]
        self.assertEqual(check["state"], "warn")
        self.assertIn("0 GPUs are bound", check["text"])


if __name__ == "__main__":
    main()
