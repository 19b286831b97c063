#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The agent of quotas with enforce: deny-new: closed vGPUs without a seat can't be opened, open ones go on."""
import os
import signal
import sys

from entitled_server import DAY, main, vgpu
from entitlement_host import AgentTest, CURL, Host

A, B = vgpu(1), vgpu(2)
OPEN, SHUT = ("allow", (100, 0, "none")), ("refuse", (100, 0, "limited"))


class Deny(AgentTest):
    def start_host(self, *uuids, **settings):
        """With vGPUs that nobody has open."""
        host = self.host(enforce="deny-new", **settings)
        for uuid in uuids:
            host.add(uuid)
            host.close(uuid)
        return host

    def stands(self, host, uuid, state, doors, *more):
        """How the vGPU stands, and who may open it."""
        self.assertEqual((host.states().get(uuid), (host.admission(uuid), host.ceilings(uuid))), (state, doors), more)

    def test_full(self):
        """Until somebody closes one."""
        self.put(vgpus=1)
        host = self.start_host(A, B)
        self.assertEqual(host.round(), "")
        for uuid in (A, B):
            self.stands(host, uuid, ("admitted", None), OPEN)
        self.assertEqual((self.leased(), host.run("status").returncode), ({}, 0))
        host.open(A)
        host.round()
        self.stands(host, A, ("leased", None), OPEN)
        self.wait(61, host)
        said = host.round()
        self.assertIn(f"vGPU {B} of blue: denied: pool-full: pool 'blue' has 1 of 1", said)
        self.stands(host, B, ("denied", "pool-full"), SHUT)
        self.assertEqual(host.run("status").returncode, 5)
        self.assertEqual(host.round(), "")
        host.close(A)
        host.round()
        self.assertEqual(self.leased(), {})
        self.stands(host, A, ("admitted", None), OPEN)
        self.wait(61, host)
        self.assertIn(f"vGPU {B} of blue: admitted\n", host.round())
        self.stands(host, B, ("admitted", None), OPEN)
        # Nothing is counted by that.
        self.assertEqual(self.leased(), {})

    def test_two_hosts(self):
        """Who has the seat on another host keeps others out here; both open at once: none is stopped."""
        self.put(vgpus=1)
        one, two = self.start_host(A), self.host("h2", enforce="deny-new")
        two.add(A)
        two.round()
        one.round()
        self.stands(one, A, ("denied", "pool-full"), SHUT)
        two.close(A)
        two.round()
        self.wait(61, one, two)
        for host in (one, two):
            host.round()
            self.stands(host, A, ("admitted", None), OPEN)
        for host in (one, two):
            host.open(A)
            host.round()
        self.stands(one, A, ("leased", None), OPEN)
        # It goes on as it is, and can't be opened again.
        self.stands(two, A, ("limited", "pool-full"), ("allow", (100, 0, "limited")))
        two.close(A)
        two.round()
        self.stands(two, A, ("denied", "pool-full"), SHUT)

    def test_server_away(self):
        """Then nobody waits for it, whoever was denied before neither."""
        self.put(vgpus=0)
        host = self.start_host(A)
        host.round()
        self.stands(host, A, ("denied", "pool-full"), SHUT)
        self.end(signal.SIGKILL)
        self.wait(61, host)
        host.round()
        self.stands(host, A, ("admitted", "server-away"), OPEN)
        host.open(A)
        host.round()
        self.stands(host, A, ("grace", "server-away"), ("allow", (100, 0, "grace")))
        self.wait(DAY + 1, host)
        host.round()
        self.stands(host, A, ("limited", "server-away"), ("allow", (100, 0, "limited")))
        # One that can't tell whether there is a seat is as one that is away.
        self.start()
        host.close(A)
        self.wait(400, host)
        host.round()
        self.stands(host, A, ("denied", "pool-full"), SHUT)
        host.script("curl", "printf '{\"error\":{\"reason\":\"unknown-key\",\"message\":\"m\"}}\\n@@ 400 \\n'")
        self.wait(61, host)
        host.round()
        self.stands(host, A, ("admitted", "server-away"), OPEN)
        host.program("curl", CURL)

    def test_tokens(self):
        """Refused: nobody opens it. Gone: anybody does."""
        self.put(vgpus=1)
        host = self.start_host(A)
        good = host.token()
        urls = [f"http://127.0.0.1:{self.port}"]
        for reason, token in (("token-expired", self.signed(scope="host", urls=urls, exp=1000)),
                              ("token-host", self.host_token("h2"))):
            host.give(token)
            self.wait(61, host)
            host.round()
            self.stands(host, A, ("denied", reason), SHUT, reason)
        host.give(good)
        self.wait(61, host)
        host.round()
        self.stands(host, A, ("admitted", None), OPEN)
        self.put(vgpus=0)
        self.wait(61, host)
        host.round()
        self.stands(host, A, ("denied", "pool-full"), SHUT)
        os.unlink(os.path.join(host.root, "etc/openvgpu/entitlement/blue.tok"))
        host.round()
        self.stands(host, A, None, OPEN)

    def test_switches(self):
        """What another setting has put there goes; what an administrator refuses stays."""
        self.put(vgpus=0)
        host = self.start_host(A, B)
        host.attributes(B, admission="allow [refuse]")
        host.round()
        for uuid in (A, B):
            self.stands(host, uuid, ("denied", "pool-full"), SHUT)
        host.configure(enforce="observe")
        host.round()
        self.stands(host, A, None, OPEN)
        self.stands(host, B, None, ("refuse", OPEN[1]))
        host.configure(enforce="limit")
        host.open(A)
        host.round()
        self.stands(host, A, ("limited", "pool-full"), ("allow", (25, 15, "limited")))
        host.configure(enforce="deny-new")
        host.round()
        self.stands(host, A, ("limited", "pool-full"), ("allow", (100, 0, "limited")))
        # All that it knew is lost: by the notice the admission is its own.
        host.close(A)
        self.wait(61, host)
        host.round()
        self.stands(host, A, ("denied", "pool-full"), SHUT)
        os.unlink(os.path.join(host.root, "var/lib/openvgpu/entitlement.json"))
        self.put(vgpus=2)
        host.round()
        self.stands(host, A, ("admitted", None), OPEN)

    def test_tenant_changes(self):
        """The new tenant's quota counts, also while the old one's seat is not returned."""
        self.put(vgpus=1)
        self.put("red", vgpus=0)
        host = self.host(enforce="deny-new")
        host.give(self.host_token("h1", "red"), "red")
        host.add(A)
        host.round()
        host.attributes(A, tenant="red")
        host.close(A)
        host.script("curl", f'grep -q DELETE "$3" && exit 7\nexec {CURL} "$@"')
        for _ in range(2):
            host.round()
            self.assertEqual((host.admission(A), host.notice(A)), ("refuse", "limited"))
        self.assertEqual(sorted((one["tenant"], one["state"]) for one in host.status()["vgpus"]),
                         [("blue", "returned"), ("red", "denied")])
        host.attributes(A, tenant="none")
        host.program("curl", CURL)
        self.wait(400, host)
        host.round()
        self.stands(host, A, None, OPEN)
        self.assertEqual(self.leased(), {})

    def test_without_a_network(self):
        host = Host(self, "h1")
        host.configure(enforce="deny-new")
        for uuid in (A, B):
            host.add(uuid)
        host.close(B)
        with open(self.path("h1.tok"), "w", encoding="ascii") as file:
            file.write(self.token("blue", "host", "--host", "h1", "--vgpus", "1", "--days", "2") + "\n")
        self.assertEqual(host.run("import", self.path("h1.tok"), self.path("token.pub")).returncode, 0)
        host.round()
        self.stands(host, A, ("leased", None), OPEN)
        self.stands(host, B, ("denied", "pool-full"), SHUT)
        host.close(A)
        host.round()
        for uuid in (A, B):
            self.stands(host, uuid, ("admitted", None), OPEN)
        host.clock.set(today=3 * DAY)
        host.round()
        self.stands(host, A, ("denied", "token-expired"), SHUT)
        host.clock.set(today=0)
        # Nobody can tell: it is opened, and waits.
        host.script("openssl", "kill -9 $$")
        host.round()
        self.stands(host, A, ("admitted", "check-failed"), OPEN)
        host.open(A)
        host.round()
        self.stands(host, A, ("grace", "check-failed"), ("allow", (100, 0, "grace")))


if __name__ == "__main__":
    sys.exit(main("entitlement_deny"))
