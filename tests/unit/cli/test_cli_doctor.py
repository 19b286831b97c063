#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu doctor on made-up machines: what it finds, and what it says to do."""

import gzip
import json
import lzma
import os
import shutil
import struct
import subprocess

from cli_machine import (
    FAILURE, FOREIGN, GPU, GPU2, IDLE, INSIDE, NEW, NIC, OK, OPENVGPU, PLAIN, RELEASE, USED,
    CliTest, main)

VERSION = subprocess.run([OPENVGPU, "--version"], capture_output=True,
                         check=True).stdout.decode().split()[1]
DEPENDENCIES = ("kernel/drivers/vfio/mdev/mdev.ko.xz: x\n"
                "kernel/drivers/vfio/vfio.ko.xz:\n"
                "kernel/drivers/vfio/vfio_iommu_type1.ko.xz:\n")


class Doctor(CliTest):
    def healthy(self):
        """A machine with nothing to complain about."""
        machine = self.machine
        machine.add_gpu(GPU, {"1q": (1024, 1, 1)})
        modules = f"root/lib/modules/{RELEASE}"
        machine.write("proc/sys/kernel/osrelease", RELEASE + "\n")
        machine.write("proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n")
        machine.write("proc/self/limits",
                      "Limit                     Soft Limit           Hard Limit           Units     \n"
                      "Max locked memory         8388608              8388608              bytes     \n")
        machine.write(f"{modules}/modules.builtin", "kernel/fs/ext4/ext4.ko\n")
        machine.write(f"{modules}/modules.alias",
                      "alias pci:v00001B36d00000100sv* openvgpu\n")
        machine.write("sys/module/openvgpu/version", VERSION + "\n")
        # What a module is made of is asked of the real one, in this tree.
        os.makedirs(machine.path("root/usr/sbin"))
        os.symlink("/usr/sbin/modinfo", machine.path("root/usr/sbin/modinfo"))
        self.module()
        machine.write("sys/kernel/security/lockdown",
                      "[none] integrity confidentiality\n")
        machine.write("root/dev/vfio/vfio")
        machine.write("root/usr/bin/qemu-system-x86_64",
                      "#!/bin/sh\necho 'QEMU emulator version 11.1.3 (Debian)'\n")
        os.chmod(machine.path("root/usr/bin/qemu-system-x86_64"), 0o755)

    def module(self, suffix="", signer=None, version=VERSION, source="ABCDEF"):
        """Installs a module: ELF with a section of facts, signed, compressed."""
        facts = f"version={version}\\0srcversion={source}\\0license=GPL\\0"
        folder = self.machine.path(f"root/lib/modules/{RELEASE}/updates")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        subprocess.run(["cc", "-xc", "-c", "-o", f"{folder}/openvgpu.ko", "-"], check=True,
                       input='const char facts[] __attribute__((section(".modinfo"))) = '
                             f'"{facts}";'.encode())
        if signer:
            name, key, signature = signer.encode(), b"\1\2\3", b"\4" * 64
            with open(f"{folder}/openvgpu.ko", "ab") as file:
                # struct module_signature of an X.509 key, and the magic.
                file.write(name + key + signature + struct.pack(
                    ">BBBBB3xI", 1, 4, 1, len(name), len(key), len(signature)) +
                           b"~Module signature appended~\n")
        if suffix:
            with open(f"{folder}/openvgpu.ko", "rb") as file:
                text = file.read()
            os.unlink(f"{folder}/openvgpu.ko")
            with open(f"{folder}/openvgpu.ko{suffix}", "wb") as file:
                file.write({".xz": lzma.compress, ".gz": gzip.compress,
                            ".broken.xz": lambda text: text[:99]}[suffix](text))
        self.machine.write(f"root/lib/modules/{RELEASE}/modules.dep",
                           DEPENDENCIES + f"updates/openvgpu.ko{suffix}: x\n")

    def unload(self):
        shutil.rmtree(self.machine.path("sys/module/openvgpu"))

    def distribution(self, **values):
        self.machine.write("root/etc/os-release", "".join(
            f'{name.upper()}="{value}"\n' for name, value in values.items()))

    def checks(self, status=OK):
        before = self.machine.contents()
        value = self.expect_json(status, "doctor")
        self.assertEqual(self.machine.contents(), before)
        self.expect(status, "doctor")
        checks = {check["check"]: check for check in value["checks"]}
        self.assertEqual(set(checks), {
            "kernel", "mdev", "vfio", "module", "signature", "secure_boot",
            "gpu", "vfio_device", "iommu", "migration", "memlock", "mdevctl",
            "restore", "qemu", "guests", "instances", "modes"})
        return checks

    def expect_check(self, name, state, text="", advice="", status=None):
        if status is None:
            status = FAILURE if state == "fail" else OK
        check = self.checks(status)[name]
        self.assertEqual(check["state"], state, check)
        self.assertIn(text, check["text"])
        self.assertIn(advice, check["advice"])
        if state == "fail":
            self.assertTrue(check["advice"], check)

    def test_healthy(self):
        self.healthy()
        for check in self.checks().values():
            self.assertEqual(check["state"], "ok", check)

    def test_empty_machine(self):
        self.checks(FAILURE)

    def test_migration(self):
        self.healthy()
        self.expect_check("migration", "ok", "not known")
        self.machine.add_attributes(GPU, {"dma_logging": 1})
        self.expect_check("migration", "ok", "QEMU migrates vGPUs with its defaults")
        self.machine.add_attributes(GPU, {"dma_logging": 0})
        self.expect_check("migration", "ok", "no device DMA logging",
                          "-global vfio-pci.enable-migration=on")

    def test_kernel(self):
        self.healthy()
        for release, state in (("6.0.9", "fail"), ("5.10.0-26", "fail"),
                               ("nonsense", "fail"), ("../../x", "fail"),
                               ("6.1.0-30-amd64", "ok"), ("99.1.0", "warn")):
            self.machine.write("proc/sys/kernel/osrelease", release + "\n")
            self.assertEqual(
                self.expect_json(FAILURE if state == "fail" else OK, "doctor")
                ["checks"][0]["state"], state, release)

    def test_cloud_kernel(self):
        self.healthy()
        name = "6.12.1-cloud-amd64"
        self.machine.write("proc/sys/kernel/osrelease", name)
        self.machine.write(f"root/lib/modules/{name}/modules.dep",
                           "kernel/drivers/vfio/vfio.ko:\n"
                           "kernel/drivers/vfio/vfio_iommu_type1.ko:\n")
        self.expect_check("mdev", "fail", "no mdev", "cloud kernels lack mediated devices: boot "
                          "a kernel with CONFIG_VFIO_MDEV")
        self.distribution(id="debian", version_id="13")
        self.expect_check("mdev", "fail", "no mdev", "cloud kernels lack mediated devices: apt "
                          "install linux-image-amd64")
        self.assertEqual(self.checks(FAILURE)["vfio"]["state"], "ok")

    def test_builtin(self):
        self.healthy()
        self.machine.write(f"root/lib/modules/{RELEASE}/modules.builtin",
                           "kernel/drivers/vfio/mdev/mdev.ko\n")
        self.expect_check("mdev", "ok", "built in")

    def test_module_not_loaded(self):
        self.healthy()
        self.unload()
        self.expect_check("module", "warn", "not loaded", "modprobe openvgpu")

    def absent(self, text, advice):
        """The running kernel has no openvgpu."""
        self.machine.write(f"root/lib/modules/{RELEASE}/modules.dep", DEPENDENCIES)
        self.expect_check("module", "fail", text, advice)

    def test_module_not_installed(self):
        self.healthy()
        self.unload()
        self.absent(f"not installed for Linux {RELEASE}, nor are its headers",
                    "then install the package openvgpu-dkms, or run 'make && make install'")
        self.machine.write(f"root/lib/modules/{RELEASE}/build/Makefile")
        self.absent(f"not installed for Linux {RELEASE}", "install the package openvgpu-dkms")

    def test_dkms_has_no_headers(self):
        """Each distribution has its own command for them."""
        self.healthy()
        self.unload()
        self.machine.write("root/usr/src/openvgpu-0.2.0/dkms.conf")
        text = f"DKMS has not built openvgpu for Linux {RELEASE}, whose headers are not installed"
        then = f" && dkms autoinstall -k {RELEASE} && modprobe openvgpu"
        self.absent(text, f"install the headers of Linux {RELEASE}{then}")
        for values, command in (
                ({"id": "debian", "version_id": "12"}, f"apt install linux-headers-{RELEASE}"),
                ({"id": "ubuntu"}, f"apt install linux-headers-{RELEASE}"),
                ({"id": "mint", "id_like": "ubuntu debian"}, f"apt install linux-headers-{RELEASE}"),
                ({"id": "fedora"}, f"dnf install kernel-devel-{RELEASE}"),
                ({"id": "rocky", "id_like": "rhel centos fedora"},
                 f"dnf install kernel-devel-{RELEASE}"),
                ({"id": "opensuse-leap", "id_like": "suse opensuse"},
                 "zypper install kernel-amd64-devel"),
                ({"id": "arch"}, "pacman -S linux-amd64-headers"),
                ({"id": "x$(reboot)`;"}, "install the headers of Linux")):
            self.distribution(**values)
            self.absent(text, command + (then if command.split()[0] != "install" else ""))

    def test_headers_of_kernels_with_other_names(self):
        self.healthy()
        self.unload()
        for name, release, command in (
                ("debian", "6.8.12-4-pve", "apt install proxmox-headers-6.8.12-4-pve"),
                ("opensuse", "6.12.0-1-default", "zypper install kernel-default-devel"),
                ("arch", "6.12.3-arch1-1", "pacman -S linux-headers"),
                ("arch", "6.12.3-1-lts", "pacman -S linux-lts-headers")):
            self.distribution(id=name)
            self.machine.write("proc/sys/kernel/osrelease", release)
            self.machine.write(f"root/lib/modules/{release}/modules.dep", DEPENDENCIES)
            self.expect_check("module", "fail", release, command + ", then install")

    def test_dkms_failed(self):
        self.healthy()
        self.unload()
        self.machine.write("root/usr/src/openvgpu-0.2.0/dkms.conf")
        self.machine.write(f"root/lib/modules/{RELEASE}/build/Makefile")
        again = f"dkms autoinstall -k {RELEASE} && modprobe openvgpu"
        self.absent(f"DKMS has not built openvgpu for Linux {RELEASE}", again)
        self.machine.write("root/var/lib/dkms/openvgpu/0.2.0/build/make.log")
        self.absent("/var/lib/dkms/openvgpu/0.2.0/build/make.log says why", again)

    def test_dkms_skips_the_kernel(self):
        self.healthy()
        self.unload()
        self.machine.write("root/usr/src/openvgpu-0.2.0/dkms.conf")
        self.machine.write(f"root/lib/modules/{RELEASE}/modules.dep",
                           DEPENDENCIES.replace("mdev.ko", "other.ko"))
        self.expect_check("module", "fail", "which has no mediated devices",
                          "boot another kernel")

    def test_versions(self):
        """What is loaded, what is installed, and what the command was made for."""
        self.healthy()
        source = "sys/module/openvgpu/srcversion"
        self.machine.write(source, "ABCDEF\n")
        self.expect_check("module", "ok", f"version {VERSION}")
        self.machine.write(source, "123456\n")
        self.expect_check("module", "warn", f"openvgpu {VERSION} is loaded, and another build",
                          "modprobe -r openvgpu && modprobe openvgpu")
        self.module(".xz", version="9.9.9")
        self.expect_check("module", "warn", f"openvgpu {VERSION} is loaded, 9.9.9 is installed",
                          "modprobe -r openvgpu && modprobe openvgpu")
        self.machine.write("sys/module/openvgpu/version", "9.9.9\n")
        self.machine.write(source, "ABCDEF\n")
        self.expect_check("module", "warn", f"openvgpu 9.9.9 is loaded, this command is {VERSION}",
                          "of one version")
        self.machine.add_attributes(GPU, {"abi_version": 7})
        self.expect_check("module", "fail", "the loaded module, openvgpu 9.9.9, has version 7 of "
                          f"its interface; this command, {VERSION}, is for version 1",
                          "openvgpu-dkms and openvgpu-utils of one version")
        self.module(version=VERSION)
        self.expect_check("module", "fail", "has version 7", "modprobe -r openvgpu")

    def test_signature(self):
        self.healthy()
        self.unload()
        self.machine.write("sys/kernel/security/lockdown",
                           "none [integrity] confidentiality\n")
        for suffix in ("", ".xz"):
            self.module(suffix)
            self.expect_check("signature", "fail", "has no signature", "mokutil")
            self.module(suffix, signer="DKMS module signing key")
            self.expect_check("signature", "warn", "is signed by 'DKMS module signing key'")
        self.module(".broken.xz")
        self.expect_check("signature", "warn", "may or may not be signed")
        os.unlink(self.machine.path("root/usr/sbin/modinfo"))
        self.expect_check("signature", "warn", "may or may not be signed")
        self.machine.write("sys/kernel/security/lockdown",
                           "[none] integrity confidentiality\n")
        self.machine.write("sys/module/module/parameters/sig_enforce", "Y\n")
        self.expect_check("signature", "warn", "sig_enforce")

    def variable(self, name, value):
        """A variable of the firmware: four bytes of attributes before it."""
        vendor = {"SecureBoot": "8be4df61-93ca-11d2-aa0d-00e098032b8c"}.get(
            name, "605dab50-e046-4300-abb6-3dd810dd8b23")
        self.machine.write(f"sys/firmware/efi/efivars/{name}-{vendor}",
                           b"\x06\0\0\0" + value)

    def test_secure_boot(self):
        self.healthy()
        self.expect_check("secure_boot", "ok", "not started by UEFI")
        self.machine.write("sys/firmware/efi/systab")
        self.expect_check("secure_boot", "ok", "does not say")
        for value, text in ((b"\0", "is off"), (b"", "does not say"),
                            (b"\1", "the kernel took the module")):
            self.variable("SecureBoot", value)
            self.expect_check("secure_boot", "ok", text)
        self.unload()
        self.expect_check("secure_boot", "warn", "made no key", "mokutil --import")
        key = b"\x30\x82\n\0\xff" * 200
        self.machine.write("root/var/lib/dkms/mok.pub", key)
        self.expect_check("secure_boot", "warn", "key is not enrolled",
                          "mokutil --import /var/lib/dkms/mok.pub")
        self.variable("MokNew", b"\0" * 44 + key)
        self.expect_check("secure_boot", "warn", "waits to be enrolled",
                          "restart")
        self.variable("MokListRT", b"\1" * 44 + key[:-1])
        self.expect_check("secure_boot", "warn", "waits")
        self.variable("MokListRT", b"\1" * 44 + key + b"\2" * 9)
        self.expect_check("secure_boot", "ok", "key is enrolled")
        os.unlink(self.machine.path("root/var/lib/dkms/mok.pub"))
        self.variable("MokSBStateRT", b"\1")
        self.expect_check("secure_boot", "ok", "boot loader")

    def test_restore(self):
        self.healthy()
        self.expect_check("restore", "ok", "nothing is defined")
        folder = f"root/etc/mdevctl.d/{GPU}"
        self.machine.write(f"{folder}/{IDLE}",
                           '{"mdev_type": "openvgpu-1q", "start": "manual"}')
        self.machine.write(f"root/etc/mdevctl.d/{NIC}/{FOREIGN}",
                           '{"mdev_type": "other-1", "start": "auto"}')
        self.machine.write("root/etc/mdevctl.d/scripts.d/x", "no GPU")
        self.machine.write(f"{folder}/{USED}", "not JSON")
        self.expect_check("restore", "ok", "nothing is defined")
        self.machine.write(f"{folder}/{NEW}",
                           '{"mdev_type": "openvgpu-1q", "start": "auto"}')
        self.expect_check("restore", "warn", "1 vGPU is defined to start by "
                          "itself; openvgpu-restore.service is not installed",
                          "openvgpu-utils")
        self.machine.write("root/usr/lib/systemd/system/openvgpu-restore.service")
        self.expect_check("restore", "warn", "is not enabled",
                          "systemctl enable openvgpu-restore.service")
        wants = "root/etc/systemd/system/multi-user.target.wants"
        os.makedirs(self.machine.path(wants))
        os.symlink("/usr/lib/systemd/system/openvgpu-restore.service",
                   self.machine.path(f"{wants}/openvgpu-restore.service"))
        self.expect_check("restore", "warn",
                          f"vGPU {NEW} of GPU {GPU} is defined",
                          f"openvgpu restore {GPU}")
        self.machine.add_vgpu(NEW, GPU, "1q")
        self.expect_check("restore", "ok", "is enabled")

    def test_restore_of_settings(self):
        self.healthy()
        config = "root/etc/openvgpu/config.yaml"
        self.machine.write(config, "# nothing\n")
        self.expect_check("restore", "ok", "nothing is defined")
        self.machine.write(config, "version: v1\nvgpu-configs:\n  a:\n"
                           "    - devices: all\n      settings: {speed: 1}\n")
        self.expect_check("restore", "warn",
                          "/etc/openvgpu/config.yaml, line 5: a GPU has no "
                          "setting 'speed'", "apply --dry-run")
        self.machine.write(config, "version: v1\nvgpu-configs:\n  a:\n"
                           "    - devices: all\n")
        self.expect_check("restore", "warn",
                          "settings in /etc/openvgpu/config.yaml",
                          "openvgpu-utils")

    def define(self, gpu, uuid, kind, start="auto"):
        self.machine.write(f"root/etc/mdevctl.d/{gpu}/{uuid}",
                           f'{{"mdev_type": "{kind}", "start": "{start}"}}')

    def test_restore_without_the_module(self):
        self.healthy()
        self.define(GPU, NEW, "openvgpu-1q")
        self.unload()
        shutil.rmtree(self.machine.path("sys/bus/pci/drivers/openvgpu"))
        self.expect_check("restore", "fail", "1 vGPU is defined to start by itself; "
                          "the module openvgpu is not loaded", "the check 'module'")
        shutil.rmtree(self.machine.path("root/etc/mdevctl.d"))
        self.machine.write("root/etc/openvgpu/config.yaml", "version: v1\nvgpu-configs:\n"
                           "  a:\n    - devices: all\n")
        self.expect_check("restore", "fail", "settings in /etc/openvgpu/config.yaml; "
                          "the module openvgpu is not loaded")

    def test_gpu_got_another_address(self):
        self.healthy()
        old, other = "0000:99:00.0", "88888888-8888-4888-8888-888888888888"
        self.define(old, NEW, "openvgpu-1q")
        self.define(old, other, "openvgpu-1q", "manual")
        self.expect_check("restore", "warn", f"1 vGPU is defined for GPU {old}, and the driver has "
                          "no such GPU", f"if it is GPU {GPU} now: mv /etc/mdevctl.d/{old} "
                          f"/etc/mdevctl.d/{GPU} && openvgpu restore {GPU}")
        # A second one that could be it, one that lacks a type, one that has vGPUs.
        self.machine.add_gpu(GPU2, {"1q": (1024, 1, 1)})
        self.expect_check("restore", "warn", old, "'openvgpu types' lists the GPUs")
        self.define(GPU2, IDLE, "openvgpu-1q", "manual")
        self.expect_check("restore", "warn", old, f"if it is GPU {GPU} now")
        self.define(old, FOREIGN, "openvgpu-9q", "manual")
        self.expect_check("restore", "warn", old, "'openvgpu types' lists the GPUs")
        # What is not ours must not be moved.
        self.define(old, FOREIGN, "other-1", "manual")
        self.expect_check("restore", "warn", old, "'openvgpu types' lists the GPUs")
        # The advice, done.
        os.unlink(self.machine.path(f"root/etc/mdevctl.d/{old}/{FOREIGN}"))
        folder = self.machine.path("root/etc/mdevctl.d")
        os.rename(f"{folder}/{old}", f"{folder}/{GPU}")
        self.expect_check("restore", "warn", "1 vGPU is defined to start by itself; "
                          "openvgpu-restore.service is not installed")

    def test_settings_of_a_gpu_that_is_not_there(self):
        self.healthy()
        self.machine.write("root/etc/openvgpu/config.yaml", "version: v1\nvgpu-configs:\n"
                           f"  a:\n    - devices: ['{GPU}', '0000:99:00.0']\n")
        self.expect_check("restore", "warn", "config.yaml, line 4: no GPU 0000:99:00.0 is bound",
                          "openvgpu apply --dry-run")

    def unbind(self, driver=None):
        """The GPU stays, the driver lets go of it."""
        device = f"sys/devices/pci0000:00/{GPU}"
        os.unlink(self.machine.path(f"sys/bus/pci/drivers/openvgpu/{GPU}"))
        os.unlink(self.machine.path(f"{device}/driver"))
        shutil.rmtree(self.machine.path(f"{device}/mdev_supported_types"))
        if driver:
            os.makedirs(self.machine.path(f"sys/bus/pci/drivers/{driver}"))
            self.machine.link(f"{device}/driver", f"sys/bus/pci/drivers/{driver}")

    def test_gpu_unbound(self):
        self.healthy()
        self.unbind()
        self.expect_check("gpu", "fail", f"{GPU} has no driver", "/bind")

    def test_gpu_of_another_driver(self):
        self.healthy()
        self.unbind("vfio-pci")
        self.expect_check("gpu", "fail", "vfio-pci", f"openvgpu gpu take-back {GPU}")

    def test_gpu_without_types(self):
        self.healthy()
        shutil.rmtree(self.machine.path(
            f"sys/devices/pci0000:00/{GPU}/mdev_supported_types"))
        self.expect_check("gpu", "fail", "no types", "dmesg")

    def test_gpu_dead(self):
        self.healthy()
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/openvgpu/state",
                           "dead\n")
        self.expect_check("gpu", "fail", "does not answer", "unbind")

    def test_no_gpu(self):
        self.healthy()
        self.unbind()
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/modalias", "pci:v8\n")
        self.expect_check("gpu", "fail", "no GPU", "soft_gpus=1")
        # Its aliases say what it can drive: without it nobody knows.
        self.unload()
        self.machine.write(f"root/lib/modules/{RELEASE}/modules.dep", DEPENDENCIES)
        self.expect_check("gpu", "fail", "not known which devices", "the check 'module'")

    def test_no_vfio_device(self):
        self.healthy()
        os.unlink(self.machine.path("root/dev/vfio/vfio"))
        self.expect_check("vfio_device", "fail", "/dev/vfio/vfio", "modprobe")

    def test_iommu(self):
        self.healthy()
        self.expect_check("iommu", "ok", "do not need one")
        self.machine.write("sys/class/iommu/dmar0/x")
        self.expect_check("iommu", "ok", "an IOMMU is on")

    def test_instances(self):
        """Plain vGPUs that are defined need the pool."""
        self.healthy()
        self.machine.add_gpu(GPU2, {"1q": (1024, 1, 1)})
        self.expect_check("instances", "ok", "no GPU is divisible")
        self.add_divisible()
        self.expect_check("instances", "ok", "1 GPU is divisible, with 1 GPU instance")
        self.machine.add_attributes(GPU2, {"pool_slices": 0})
        for uuid, kind in ((INSIDE, "2-256mc"), (PLAIN, "16mq"), (NEW, "1-64mc")):
            self.machine.write(f"root/etc/mdevctl.d/{GPU2}/{uuid}", json.dumps(
                {"mdev_type": "openvgpu-" + kind, "start": "auto"}))
        self.expect_check("instances", "ok")
        self.machine.write(f"root/etc/mdevctl.d/{GPU2}/{NEW}", json.dumps(
            {"mdev_type": "openvgpu-16mq", "start": "auto"}))
        self.expect_check("instances", "warn", f"all compute slices of GPU {GPU2}, and 1 vGPU "
                          "defined", "pool_slices_min: 1")

    def test_modes(self):
        """What is defined and no mode has is not started."""
        self.healthy()
        self.expect_check("modes", "ok")
        for uuid, kind in ((NEW, "1q"), (PLAIN, "1c"), (IDLE, "1q")):
            self.machine.write(f"root/etc/mdevctl.d/{GPU}/{uuid}", json.dumps(
                {"mdev_type": "openvgpu-" + kind, "start": "auto"}))
        self.machine.write(f"root/etc/mdevctl.d/{GPU}/{IDLE}", "{}")
        self.machine.add_attributes(GPU, {
            "work_mode": "[mixed] graphics compute",
            "firmware_mode": "mixed [graphics] compute",
            "firmware_mode_next": "mixed [graphics] compute"})
        self.expect_check("modes", "ok")
        self.machine.add_attributes(GPU, {"work_mode": "mixed graphics [compute]"})
        self.expect_check("modes", "warn", f"1 vGPU defined for GPU {GPU} can't be started: "
                          "work mode compute has no", f"openvgpu mode set mixed --gpu {GPU}")
        self.machine.add_attributes(GPU, {"work_mode": "mixed [graphics] compute"})
        self.expect_check("modes", "warn", "1 vGPU defined", "openvgpu mode set mixed")
        self.machine.add_attributes(GPU, {
            "work_mode": "[mixed]", "firmware_mode": "mixed graphics [compute]",
            "firmware_mode_next": "mixed graphics [compute]"})
        self.expect_check("modes", "warn", "firmware mode compute has no such types",
                          f"openvgpu mode set mixed --firmware --gpu {GPU}")

    def test_guests(self):
        self.healthy()
        self.expect_check("guests", "ok")
        for uuid in (IDLE, USED):
            self.machine.add_vgpu(uuid, GPU, "1q")
        driver = (lambda uuid, line: self.machine.add_attributes(
            f"{GPU}/{uuid}", {"guest_driver": line}))
        driver(IDLE, "none")
        driver(USED, "0.2.0 1.0-1.2 ok")
        self.expect_check("guests", "ok")
        driver(USED, "0.1.0 0.1-0.9 guest_too_old")
        self.expect_check("guests", "warn", f"driver 0.1.0 in the guest of vGPU {USED} is too "
                          "old for this host", "update the driver in the guest")
        driver(IDLE, "3.0.0 2.0-2.1 host_too_old")
        self.expect_check("guests", "warn", "this host is too old for driver 3.0.0 in the guest "
                          f"of vGPU {IDLE}, and 1 more", "update openvgpu on the host")
        # Whatever a guest may bring a broken module to say.
        driver(IDLE, "\x1b[2J" * 9 + " x host_too_old")
        self.expect_check("guests", "warn", "too old")

    def test_memlock(self):
        self.healthy()
        self.machine.write("proc/self/status",
                           "Name:\tx\nCapEff:\t0000000000000000\n")
        self.expect_check("memlock", "warn", "8192 KiB", "ulimit -l")
        self.machine.write("proc/self/limits",
                           "Max locked memory         unlimited            unlimited            bytes\n")
        self.expect_check("memlock", "ok", "off")

    def test_mdevctl(self):
        """Debian's rule names a path that Debian's package does not have."""
        self.healthy()
        self.machine.write("root/usr/bin/mdevctl")
        os.chmod(self.machine.path("root/usr/bin/mdevctl"), 0o755)
        self.expect_check("mdevctl", "ok")
        self.machine.write("root/usr/lib/udev/rules.d/60-mdevctl.rules",
                           'ACTION=="change", RUN+="/usr/sbin/mdevctl start-parent-mdevs %k"\n')
        self.expect_check("mdevctl", "warn", "/usr/sbin/mdevctl",
                          "openvgpu-restore.service")
        unit = "root/usr/lib/systemd/system/openvgpu-restore.service"
        self.machine.write(unit)
        self.expect_check("mdevctl", "ok", "its own autostart does nothing")
        os.unlink(self.machine.path(unit))
        self.machine.write("root/usr/sbin/mdevctl")
        os.chmod(self.machine.path("root/usr/sbin/mdevctl"), 0o755)
        self.expect_check("mdevctl", "ok")

    def test_qemu(self):
        self.healthy()
        program = "root/usr/bin/qemu-system-x86_64"
        for script, state, text in (
                ("echo QEMU emulator version 7.2.1", "warn", "QEMU 7.2"),
                ("echo QEMU emulator version 10.0.3", "ok", "QEMU 10.0"),
                ("echo nothing", "warn", "does not tell"),
                ("exit 1", "warn", "does not tell"),
                ("cat /dev/zero", "warn", "does not tell")):
            self.machine.write(program, f"#!/bin/sh\n{script}\n")
            self.expect_check("qemu", state, text)
        os.unlink(self.machine.path(program))
        self.expect_check("qemu", "warn", "no qemu", "install QEMU 10 or newer")
        for values, command in (
                ({"id": "debian", "version_id": "12"},
                 "apt install -t bookworm-backports qemu-system-x86"),
                ({"id": "debian", "version_id": "13"}, "apt install qemu-system-x86"),
                ({"id": "fedora"}, "dnf install qemu-kvm")):
            self.distribution(**values)
            self.expect_check("qemu", "warn", "no qemu", command)
        self.distribution(id="debian", version_id="12")
        self.machine.write(program, "#!/bin/sh\necho QEMU emulator version 7.2.22\n")
        os.chmod(self.machine.path(program), 0o755)
        self.expect_check("qemu", "warn", "QEMU 7.2", "tested are QEMU 10 and 11: "
                          "apt install -t bookworm-backports qemu-system-x86")


if __name__ == "__main__":
    main()
