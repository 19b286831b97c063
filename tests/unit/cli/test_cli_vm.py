#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which virtual machine uses a vGPU: what libvirt has written down, and what QEMU's
command line says."""

import os

from cli_machine import IDLE, OK, USED, CliTest, main

VM = "0fa6e1ce-8d3f-4a55-9d5b-0c7a1c1b7a10"
OTHER = "1fa6e1ce-8d3f-4a55-9d5b-0c7a1c1b7a11"

# As libvirt 10 writes it, but for what is left out.
STATUS = """\
<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
  virsh edit {name}
or other application using the libvirt API.
-->

<domstatus state='running' reason='booted' pid='{pid}'>
  <taint flag='high-privileges'/>
  <monitor path='/var/lib/libvirt/qemu/domain-1-{name}/monitor.sock' type='unix'/>
  <qemuCaps>
{flags}
  </qemuCaps>
  <libDir path='/var/lib/libvirt/qemu/domain-1-{name}'/>
  <domainx><name>wrong</name></domainx>
  <domain type='kvm' id='1'>
    <name>{name}</name>
    <uuid>{uuid}</uuid>
    <metadata><a:name xmlns:a="b">other</a:name></metadata>
  </domain>
</domstatus>
"""


class Vm(CliTest):
    def libvirt(self, pid, name, uuid):
        self.machine.write(f"root/run/libvirt/qemu/vm-{pid}.xml", STATUS.format(
            pid=pid, name=name, uuid=uuid, flags="    <flag name='x'/>\n" * 2000))

    def qemu(self, *args, pid=4242):
        self.machine.write(f"proc/{pid}/cmdline", b"".join(
            (arg if isinstance(arg, bytes) else arg.encode()) + b"\0" for arg in args))

    def vm(self, uuid=USED):
        """Name and UUID as JSON has them."""
        vgpu = self.run_json_utf8("show", uuid)["vgpu"]
        return vgpu["vm_name"], vgpu["vm_uuid"]

    def test_list_and_show(self):
        self.fill()
        self.qemu("qemu-system-x86_64", "-name", "guest=build 7,debug-threads=on",
                  "-uuid", VM)
        out = self.expect_unchanged(OK, "list", "-o", "UUID,VM,VM-UUID",
                                    "--no-legend").out.decode().splitlines()
        self.assertEqual(out[0], f"{USED}  build 7  {VM}")
        self.assertRegex(out[1], rf"^{IDLE}  - +-$")
        self.assertRegex(self.expect(OK, "show", USED).out.decode(),
                         rf"\n  VM +build 7 {VM}\n")
        self.assertNotIn(b" VM ", self.expect(OK, "show", IDLE).out)
        self.assertEqual([(v["vm_name"], v["vm_uuid"]) for v in
                          self.expect_json(OK, "list")["vgpus"]],
                         [("build 7", VM), (None, None)])

    def test_command_lines(self):
        self.fill()
        for args, wanted in (
                (["-name", "plain"], ("plain", None)),
                (["--name", "plain", "--uuid", VM.upper()], ("plain", VM)),
                (["-name", "debug-threads=on,guest=x", "-uuid", VM], ("x", VM)),
                (["-name", "guest=a,,b=c,,,process=p"], ("a,b=c,", None)),
                (["-name", "plain,process=p"], ("plain", None)),
                (["-name", "debug-threads=on"], (None, None)),
                (["-name", ""], (None, None)),
                (["-name"], (None, None)),
                (["-uuid", "no-uuid"], (None, None)),
                (["-uuid", VM], (None, VM)),
                (["-name", b"\xff\x1b"], ("\ufffd\x1b", None)),
                (["-name", "x" * 5000], ("x" * 511, None)),
                ([], (None, None)), (["-name", "y" * (1 << 21)], ("y" * 511, None))):
            self.qemu("qemu", *args)
            self.assertEqual(self.vm(), wanted, str(args)[:100])
            self.expect(OK, "list", "-o", "vm,vm-uuid")
        os.unlink(self.machine.path("proc/4242/cmdline"))
        self.assertEqual(self.vm(), (None, None))

    def test_libvirt_first(self):
        """It knows better than the process."""
        self.fill()
        self.qemu("qemu", "-name", "guest=liar", "-uuid", OTHER)
        self.libvirt(42, "another", OTHER)
        self.libvirt(42421, "longer", OTHER)
        self.assertEqual(self.vm(), ("liar", OTHER))
        self.libvirt(4242, "web &lt;1&gt; &amp; &quot;2&quot; &apos;&x;", VM)
        self.assertEqual(self.vm(), ("web <1> & \"2\" '&x;", VM))
        self.expect_unchanged(OK, "list", "-o", "vm")
        self.assertEqual(self.vm(IDLE), (None, None))

    def test_broken_files_of_libvirt(self):
        self.fill()
        self.qemu("qemu", "-name", "guest=qemu", "-uuid", OTHER)
        file = "root/run/libvirt/qemu/vm.xml"
        good = STATUS.format(pid=4242, name="n", uuid=VM, flags="")
        at = good.index("<domain type")
        for text in ("", "<domstatus pid='4242'>", good[:at], good[:at + 30],
                     good.replace("<uuid>" + VM, "<uuid>x"), good.replace(VM, ""),
                     good.replace("<name>n", "<name>"),
                     good.replace("<name>n", "<name>" + "n" * 600),
                     good.replace("pid='4242'>", "pid='4242"), "\0" * 5000,
                     good.replace("<domstatus state", "<domstatus>pid")):
            self.machine.write(file, text)
            self.assertEqual(self.vm(), ("qemu", OTHER), text[-300:])
        self.machine.write(file, good)
        self.assertEqual(self.vm(), ("n", VM))

    def test_of_a_container(self):
        """There, procfs has another process by that number."""
        self.fill()
        self.qemu("qemu", "-name", "wrong", "-uuid", VM)
        self.libvirt(4242, "wrong", VM)
        os.makedirs(self.machine.path("proc/self/ns"))
        os.symlink("pid:[4026532999]", self.machine.path("proc/self/ns/pid"))
        self.machine.write("proc/self/status", "Name:\topenvgpu\nNSpid:\t7\n")
        self.assertEqual(self.vm(), (None, None))


if __name__ == "__main__":
    main()
