#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How often the agent of quotas looks at vGPUs and runs programs, with a real kernel's events in a
network namespace of the test's own."""
import os
import socket
import struct
import subprocess
import sys
import time

from cli_machine import GPU, OPENVGPU
from entitled_server import ServerTest, main, vgpu
from entitlement_host import AgentTest, Host, OPENSSL

A = vgpu(1)


class Rounds(AgentTest):
    def setUp(self):
        # The quota is in the token, so there is no server.
        ServerTest.setUp(self)
        self.sender = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)
        self.addCleanup(self.sender.close)
        self.host = Host(self, "h1")
        self.host.configure()
        self.host.give(self.token("blue", "host", "--host", "h1", "--vgpus", "2", "--days", "9"))
        self.host.write("etc/openvgpu/entitlement/token.pub", self.read("token.pub").decode())
        self.host.add(A)

    def send(self, event):
        """The kernel passes it on as its own."""
        path = f"/devices/pci0000:00/{GPU}/{A}"
        data = "\0".join((f"change@{path}", "ACTION=change", f"DEVPATH={path}", "SUBSYSTEM=mdev",
                          f"OPENVGPU_EVENT={event}", "OPENVGPU_TYPE=openvgpu-256mq", f"OPENVGPU_GPU={GPU}",
                          "")).encode()
        self.sender.sendto(struct.pack("=IHHII", 16 + len(data), 16, 1, 0, 0) + data, (0, 0))

    def openssl(self, then):
        """A script instead of it, which notes when it was started."""
        self.host.script("openssl", f"read -r now rest </proc/uptime\necho $now >>$0.ran\n{then}")

    def starts(self):
        """When that was, s."""
        path = os.path.join(self.host.root, "usr/bin/openssl.ran")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as file:
            return [float(line) for line in file.read().split("\n")[:-1]]

    def agent(self):
        process = subprocess.Popen([OPENVGPU, "entitlement", "agent"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env=self.host.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def until(self, what, condition, event):
        """There are events until it is so."""
        tries = 0
        while not condition():
            tries += 1
            self.assertLess(tries, 6000, f"no {what}; openssl was started at {self.starts()}")
            self.send(event)
            time.sleep(0.02)

    def test_once_a_second(self):
        """However many events there are. With an openssl that fails, it runs in each round."""
        self.openssl("echo cannot load a library; exit 1")
        self.agent()
        self.until("five rounds", lambda: len(self.starts()) >= 5, "open")
        starts = self.starts()
        # The file of the kernel has hundredths.
        self.assertGreaterEqual(min(b - a for a, b in zip(starts, starts[1:])), 0.98, starts)

    def test_openssl_seldom(self):
        """A token that was found good is not checked again; another one is, and so is another key."""
        self.openssl(f'exec {OPENSSL} "$@"')
        agent = self.agent()
        self.assertEqual(agent.stderr.readline(), f"openvgpu: vGPU {A} of blue: leased\n")
        for _ in range(2):
            self.host.close(A)
            self.until("closed", lambda: not self.host.states(), "close")
            self.host.open(A)
            self.until("open", lambda: self.host.states() == {A: ("leased", None)}, "open")
        self.assertEqual(len(self.starts()), 1)
        self.host.give(self.token("blue", "host", "--host", "h1", "--vgpus", "3", "--days", "9"))
        self.until("another token", lambda: len(self.starts()) == 2, "open")
        # Nobody takes one for good that another key says is forged.
        self.make_keys("other")
        self.host.write("etc/openvgpu/entitlement/token.pub", self.read("other.pub").decode())
        self.until("another key", lambda: self.host.states() == {A: ("limited", "token-forged")}, "open")


if __name__ == "__main__":
    # Events are of the namespace; a user namespace makes us its owner.
    if "--inside" not in sys.argv:
        sys.exit(subprocess.run(
            ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-n",
             sys.executable, *sys.argv, "--inside"], check=False).returncode)
    sys.exit(main("entitlement_rounds"))
