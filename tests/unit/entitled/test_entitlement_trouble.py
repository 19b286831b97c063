#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the agent of quotas does when programs, files, people and servers do what they should not."""
import os
import sys

from entitled_server import main, vgpu
from entitlement_host import AgentTest, CURL, Host

A, B = vgpu(1), vgpu(2)
FREE, SLOW, WARNED = (100, 0, "none"), (25, 15, "limited"), (100, 0, "grace")


class Trouble(AgentTest):
    def test_only_authority(self):
        """With a certificate beside the token, those of the system are none."""
        self.make_certificate()
        host = self.host()
        host.write("etc/openvgpu/entitlement/blue.crt", self.read("tls.crt").decode())
        host.add(A)
        host.script("curl", 'cp "$3" "$0.saw"')
        host.round()
        with open(os.path.join(host.root, "usr/bin/curl.saw"), encoding="ascii") as file:
            saw = dict(line.strip().split(" = ", 1) for line in file if " = " in line)
        self.assertEqual(saw["cacert"], f'"{host.root}/etc/openvgpu/entitlement/blue.crt"')
        self.assertEqual(os.listdir(saw["capath"].strip('"')), [])


if __name__ == "__main__":
    sys.exit(main("entitlement_trouble"))
