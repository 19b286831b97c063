#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The agent of quotas on a host, against the real service: seats, ceilings, outages, clocks."""
import json
import os
import subprocess
import sys

from cli_machine import OPENVGPU
from entitled_server import DAY, main, signal, vgpu
from entitlement_host import AgentTest, CURL, Host

A, B, C = vgpu(1), vgpu(2), vgpu(3)
FREE, SLOW, WARNED = (100, 0, "none"), (25, 15, "limited"), (100, 0, "grace")
YEAR = 365 * DAY


class Agent(AgentTest):
    def test_seats_and_ceilings(self):
        """Who has no seat is slow until there is one."""
        self.put(vgpus=1, framebuffer_mib=256)
        host = self.host(enforce="limit")
        for uuid in (A, B):
            host.add(uuid)
        host.add(C, "red")      # nobody counts these
        said = host.round()
        self.assertIn(f"vGPU {A} of blue: leased\n", said)
        self.assertIn(f"vGPU {B} of blue: limited: pool-full: pool 'blue' has 1 of 1", said)
        self.assertEqual(host.states(), {A: ("leased", None), B: ("limited", "pool-full")})
        self.assertEqual([host.ceilings(uuid) for uuid in (A, B, C)], [FREE, SLOW, FREE])
        self.assertEqual(self.leased(), {("h1", A): host.seats()[A]})
        self.assertEqual(host.run("status").returncode, 5)
        self.assertEqual(host.round(), "")          # nothing is said twice
        host.close(A)
        host.round()
        self.assertEqual(self.leased(), {})
        self.wait(61, host)
        self.assertIn(f"vGPU {B} of blue: leased", host.round())
        self.assertEqual(host.ceilings(B), FREE)
        self.assertEqual(host.states(), {B: ("leased", None)})
        self.assertEqual(host.run("status").returncode, 0)
        # It is another's now, or nobody's.
        host.machine.add_attributes(f"0000:01:00.0/{B}", {"tenant": "none"})
        host.round()
        self.assertEqual(self.leased(), {})

    def test_only_observed(self):
        """By default nobody is slow; and without a token nothing is done."""
        self.put(vgpus=0)
        host = self.host()
        host.add(A)
        self.assertIn("limited: pool-full", host.round())
        self.assertEqual(host.ceilings(A), FREE)
        self.assertEqual(host.status()["enforce"], "observe")
        host.configure(enforce="limit")
        host.round()
        self.assertEqual(host.ceilings(A), SLOW)
        os.unlink(os.path.join(host.root, "etc/openvgpu/entitlement/blue.tok"))
        host.round()
        self.assertEqual((host.ceilings(A), host.status()["vgpus"]), (FREE, []))
        self.assertEqual((host.status()["enforce"], host.run("status").returncode), ("off", 0))

    def test_outage(self):
        """It ends no VM, and slows none before the lease is over."""
        self.put(vgpus=2)
        host = self.host(enforce="limit")
        host.add(A)
        host.round()
        self.end(signal.SIGKILL)
        self.wait(DAY // 3 - 60, host)
        host.round()
        self.assertEqual((host.states()[A], host.ceilings(A)), (("leased", None), FREE))
        self.wait(61, host)
        self.assertIn("grace: server-away: ", host.round())
        self.assertEqual((host.states()[A], host.ceilings(A)), (("grace", "server-away"), WARNED))
        self.assertEqual(host.run("status").returncode, 1)
        host.add(B)             # opened now
        host.round()
        self.assertEqual((host.states()[B], host.ceilings(B)), (("grace", "server-away"), WARNED))
        self.wait(2 * DAY // 3 + 1, host)
        host.round()
        self.assertEqual((host.states()[A], host.ceilings(A)), (("limited", "server-away"), SLOW))
        self.assertEqual(host.states()[B], ("grace", "server-away"))
        self.wait(DAY // 3, host)
        host.round()
        self.assertEqual(host.ceilings(B), SLOW)
        self.start()
        self.wait(400, host)
        host.round()
        self.assertEqual([host.states()[uuid] for uuid in (A, B)], 2 * [("leased", None)])
        self.assertEqual([host.ceilings(uuid) for uuid in (A, B)], 2 * [FREE])

    def test_closed_while_the_server_is_away(self):
        self.put(vgpus=1)
        host = self.host()
        host.add(A)
        host.round()
        self.end(signal.SIGKILL)
        host.close(A)
        host.round()
        self.assertEqual(host.states(), {A: ("returned", "server-away")})
        self.start()
        self.wait(400, host)
        host.round()
        self.assertEqual((host.states(), self.leased()), ({}, {}))

    def test_answers_are_lost(self):
        """A seat that nobody was told of is found again, and returned."""
        self.put(vgpus=2)
        host = self.host()
        for uuid in (A, B):
            host.add(uuid)
        host.script("curl", f'{CURL} "$@" >/dev/null\nexit 56')
        host.round()
        self.assertEqual((len(self.leased()), host.seats()), (2, {}))
        host.close(B)
        host.program("curl", CURL)
        self.wait(400, host)
        host.round()
        self.assertEqual(self.leased(), {("h1", A): host.seats()[A]})

    def test_clocks(self):
        """Set a year ahead or back, on the host or the server: no lease ends."""
        self.put(vgpus=1)
        host = self.host()
        host.give(self.host_token("h1", "blue", "--days", "900"))
        host.add(A)
        host.round()
        first = self.leased()
        for clock in (host.clock, self.clock):
            for today in (YEAR, -YEAR, 0):
                clock.set(today=today)
                self.wait(DAY // 3 + 1, host)
                host.round()
                state = host.states()[A]
                if clock is self.clock and today == -YEAR:
                    self.assertEqual(state, ("grace", "token-early"))
                    self.wait(301, host)
                else:
                    self.assertEqual(state, ("leased", None), today)
                self.assertEqual((self.leased() if today >= 0 else first), first)

    def test_reboots(self):
        """Over those the time of the day has to do; one that goes back gives nothing."""
        self.put(vgpus=1)
        host = self.host(enforce="limit")
        host.add(A)
        host.round()
        self.end(signal.SIGKILL)
        host.boot("second")
        host.clock.set(today=3600, uptime=-60)
        host.round()
        status = host.status()["vgpus"][0]
        self.assertEqual(status["state"], "grace")      # asked at once, and nobody answers
        self.assertTrue(DAY - 3700 < status["expires_in"] <= DAY - 3600, status)
        host.boot("third")
        host.clock.set(today=-3600)
        host.round()
        self.assertEqual((host.states()[A][0], host.ceilings(A)), ("limited", SLOW))

    def test_server_restarts(self):
        """Killed and started again, it has the same leases, and renews them."""
        self.put(vgpus=1)
        host = self.host()
        host.add(A)
        host.round()
        before = self.leased()
        for _ in range(3):
            self.end(signal.SIGKILL)
            self.start()
            self.wait(DAY // 3 + 1, host)
            host.round()
            self.assertEqual((host.states()[A], self.leased()), (("leased", None), before))
        # And one that has lost all gives it again.
        self.end()
        for name in ("leases.db", "leases.db-wal", "leases.db-shm"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        self.start()
        self.put(vgpus=1)
        self.wait(DAY // 3 + 1, host)
        host.round()
        self.assertEqual(host.states()[A], ("leased", None))
        self.assertEqual(self.leased(), {("h1", A): host.seats()[A]})

    def test_borrow(self):
        """For a host that leaves the network: also closed, and nobody else has the seat."""
        self.put(vgpus=1)
        host, other = self.host(), self.host("h2")
        host.add(A)
        other.add(A)
        host.round()
        self.assertEqual(host.run("borrow", A).returncode, 2)
        self.assertEqual(host.run("borrow", A, "--days", "91").returncode, 2)
        self.assertEqual(host.run("return", A).returncode, 3)
        self.assertEqual(other.run("borrow", A, "--days", "30").returncode, 5)
        self.assertEqual(other.states()[A], ("limited", "pool-full"))
        done = host.run("borrow", A, "--days", "30")
        self.assertEqual((done.returncode, done.stdout), (0, A + "\n"), done)
        self.end()
        for day in (1, 10, 29):
            host.clock.set(uptime=day * DAY, today=day * DAY)
            host.close(A) if day == 10 else host.open(A)
            host.round()
            self.assertEqual(host.states()[A], ("leased", None), day)
        self.start()
        other.clock.wait(61)
        other.round()
        self.assertEqual(other.states()[A], ("limited", "pool-full"))
        host.close(A)
        self.assertEqual(host.run("return", A).returncode, 0)
        self.assertEqual((self.leased(), host.states()), ({}, {}))

    def test_tokens(self):
        """Refused with the reason, and nobody is stopped."""
        self.put(vgpus=1)
        self.make_keys("other")
        host = self.host(enforce="limit")
        host.add(A)
        urls = [f"http://127.0.0.1:{self.port}"]
        for reason, token in (
                ("token-forged", self.host_token("h1", key="other")),
                ("token-expired", self.signed(scope="host", urls=urls, exp=1000)),
                ("token-algorithm", self.signed({"alg": "none"}, key=None, scope="host", urls=urls)
                 + "AAAA"),
                ("token-foreign", self.signed(scope="host", urls=urls, iss="bank")),
                ("token-scope", self.signed(scope="read", urls=urls)),
                ("token-host", self.host_token("h2")),
                ("token-url", self.signed(scope="host", urls=["http://192.0.2.1:8484"])),
                ("token-url", self.token()),
                ("token-malformed", "x.y")):
            host.give(token)
            self.wait(301, host)
            host.round()
            status = host.status()
            tokens = [(token["reason"]) for token in status["tokens"] if token["reason"]]
            seats = [vgpu["reason"] for vgpu in status["vgpus"]]
            self.assertIn(reason, tokens + seats, f"{token}: {status}")
            self.assertEqual(self.leased(), {}, reason)
            self.assertNotEqual(host.run("status").returncode, 0)
        # One of another pool has no seats of this one.
        host.give(self.host_token("h1", "red"))
        host.round()
        self.assertEqual((host.states(), self.leased()), ({}, {}))
        host.give(self.host_token("h1"))
        self.wait(301, host)
        host.round()
        self.assertEqual((host.states()[A], host.ceilings(A)), (("leased", None), FREE))

    def test_without_a_network(self):
        """A token with a quota: of one host, checked there, by the time of the day."""
        host = Host(self, "h1")
        host.configure(enforce="limit")
        for uuid in (A, B, C):
            host.add(uuid)
        token = self.token("blue", "host", "--host", "h1", "--vgpus", "2", "--days", "2")
        self.end()
        self.assertIn("--vgpus is for one --host", self.run_program(
            "token", "--token-key", self.path("token.key"), "--pool", "blue", "--vgpus", "2").stderr)
        with open(self.path("h1.tok"), "w", encoding="ascii") as file:
            file.write(token + "\n")
        self.assertEqual(host.run("import", self.path("h1.tok"), self.path("token.pub")).stdout, "blue\n")
        host.round()
        states = host.states()
        self.assertEqual(sorted(states.values()), [("leased", None)] * 2 + [("limited", "pool-full")])
        slow = [uuid for uuid, state in states.items() if state[0] == "limited"][0]
        self.assertEqual(host.ceilings(slow), SLOW)
        host.round()
        self.assertEqual(host.states(), states)
        host.close(A if slow != A else B)
        host.round()
        self.assertEqual((host.states()[slow], host.ceilings(slow)), (("leased", None), FREE))
        head, claims, signature = token.split(".")
        for reason, bad, today in (
                ("token-forged", f"{head}.{claims}.{signature[:-2]}AA", 0),
                ("token-forged", self.signed(scope="host", host="h1", vgpus=9, key="other")
                 if self.make_keys("other") is None else "", 0),
                ("token-host", self.signed(scope="host", vgpus=9), 0),
                ("token-host", self.signed(scope="host", host="h2", vgpus=9), 0),
                ("token-early", token, -DAY), ("token-expired", token, 2 * DAY)):
            host.give(bad)
            host.clock.set(today=today)
            host.round()
            self.assertEqual((host.states()[slow], host.ceilings(slow)), (("limited", reason), SLOW))
            self.assertEqual(host.run("status").returncode, 5)
        host.clock.set(today=0)
        host.give(token)
        host.round()
        self.assertEqual(host.states()[slow], ("leased", None))
        # No server takes it: the host would have both.
        self.start()
        self.expect(401, "GET", "/v1/usage", token, reason="token-foreign")

    def test_import(self):
        """What is refused changes nothing; what is taken is root's alone."""
        host = Host(self, "h1")
        host.configure()
        folder = os.path.join(host.root, "etc/openvgpu/entitlement")
        os.rmdir(folder)
        for name, text in (("good", self.host_token("h1")), ("bad", "x.y.z"), ("read", self.token("blue", "read"))):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(text + "\n")
        self.make_certificate()
        for bad, reason in (("bad", "token-malformed"), ("read", "token-scope"), ("token.key", "token-malformed")):
            done = host.run("import", self.path("good"), self.path(bad))
            self.assertEqual((done.returncode, os.path.exists(folder)), (1, False), done)
            self.assertIn(reason, done.stderr)
        self.assertEqual(host.run("import", self.path("none")).returncode, 3)
        done = host.run("import", self.path("good"), self.path("tls.crt"), "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["pools"]), (0, ["blue"]))
        self.assertEqual(sorted(os.listdir(folder)), ["blue.crt", "blue.tok"])
        for name in ("", "blue.crt", "blue.tok"):
            self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o077, 0)

    def test_tls(self):
        """Who the server is, the certificate beside the token says."""
        self.end()
        self.make_certificate()
        self.start("--tls-cert", self.path("tls.crt"), "--tls-key", self.path("tls.key"))
        self.trust_server()
        self.put(vgpus=1)
        host = self.host()
        host.give(self.token("blue", "host", "--host", "h1", "--url", "https://127.0.0.1:1",
                             "--url", f"https://127.0.0.1:{self.port}/"))
        host.add(A)
        host.round()
        self.assertEqual(host.states()[A], ("grace", "server-away"))
        self.assertIn("certificate", host.status()["vgpus"][0]["message"])
        host.write("etc/openvgpu/entitlement/blue.crt", self.read("tls.crt").decode())
        self.wait(60, host)
        host.round()
        self.assertEqual(host.states()[A], ("leased", None))

    def test_certificate_changes(self):
        """While a server changes its own, the old and the new one are good; then the new one alone."""
        def serve(name):
            if self.server:
                self.end()
            self.start("--tls-cert", self.path(f"{name}.crt"), "--tls-key", self.path(f"{name}.key"))

        for name in ("old", "new"):
            self.make_certificate(name)
        serve("old")
        self.trust_server("old", "new")
        self.put(vgpus=1)
        host = self.host()
        host.add(A)
        with open(self.path("h1.tok"), "w", encoding="ascii") as file:
            file.write(self.token("blue", "host", "--host", "h1", "--url", f"https://127.0.0.1:{self.port}") + "\n")
        for known, server, state in ((("old", "new"), "old", ("leased", None)),
                                     (("old", "new"), "new", ("leased", None)),
                                     (("new",), "new", ("leased", None)),
                                     (("new",), "old", ("grace", "server-away"))):
            self.assertEqual(host.run("import", self.path("h1.tok"),
                                      *(self.path(f"{name}.crt") for name in known)).returncode, 0)
            serve(server)
            self.wait(DAY // 3 + 1, host)
            host.round()
            self.assertEqual(host.states()[A], state, f"a host that knows {known}, a server that is {server}")
        self.assertIn("certificate", host.status()["vgpus"][0]["message"])

    def test_agent_follows(self):
        """Until SIGTERM, which leaves everything as it is."""
        self.put(vgpus=1)
        host = self.host()
        host.add(A)
        agent = subprocess.Popen([OPENVGPU, "entitlement", "agent"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                 env=host.environment())
        self.addCleanup(agent.kill)
        self.assertEqual(agent.stderr.readline(), f"openvgpu: vGPU {A} of blue: leased\n")
        agent.terminate()
        self.assertEqual((agent.wait(60), agent.stderr.read()), (0, ""))
        agent.stderr.close()
        self.assertEqual(len(self.leased()), 1)


if __name__ == "__main__":
    sys.exit(main("entitlement_agent"))
