#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the agent of quotas does when programs, files, people and servers do what they should not."""
import errno
import fcntl
import os
import struct
import subprocess
import sys
import time

from cli_machine import GPU, OPENVGPU
from entitled_server import DAY, main, vgpu
from entitlement_host import AgentTest, CURL, Host, OPENSSL

A, B, C = vgpu(1), vgpu(2), vgpu(3)
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

    def test_openssl_fails(self):
        """That says nothing of the token: who has a seat keeps it, who has none waits."""
        host = Host(self, "h1")
        host.configure(enforce="limit")
        host.add(A)
        with open(self.path("h1.tok"), "w", encoding="ascii") as file:
            file.write(self.token("blue", "host", "--host", "h1", "--vgpus", "2", "--days", "9") + "\n")
        self.assertEqual(host.run("import", self.path("h1.tok"), self.path("token.pub")).returncode, 0)
        host.round()
        self.assertEqual((host.states()[A], host.ceilings(A)), (("leased", None), FREE))
        key = os.path.join(host.root, "etc/openvgpu/entitlement/token.pub")
        for number, fails in enumerate((
                lambda: host.program("openssl", None), lambda: host.script("openssl", "kill -9 $$"),
                lambda: host.script("openssl", "echo cannot load a library; exit 1"),
                lambda: (host.program("openssl", OPENSSL), os.unlink(key)))):
            fails()
            uuid = vgpu(9 + number)
            host.add(uuid)
            host.round()
            for each in (A, uuid):
                self.assertEqual((host.states()[each], host.ceilings(each)), (("grace", "check-failed"), WARNED))
            host.close(uuid)
            host.round()
            self.assertEqual(list(host.states()), [A])
        host.write("etc/openvgpu/entitlement/token.pub", self.read("token.pub").decode())
        host.round()
        self.assertEqual((host.states()[A], host.ceilings(A)), (("leased", None), FREE))

    def test_new_tenant(self):
        """Of a vGPU with two seats, one of which the server is not told of yet, one has the notice."""
        self.put(vgpus=1)
        self.put("red", vgpus=0)
        host = self.host(enforce="limit")
        host.give(self.host_token("h1", "red"), "red")
        host.add(A)
        host.round()
        self.end()
        host.close(A)
        host.round()
        host.attributes(A, tenant="red")
        host.open(A)
        host.round()
        self.assertEqual(host.ceilings(A), WARNED)
        self.assertEqual(len(host.status()["vgpus"]), 2)
        before = host.written(A, "notice")
        host.round()
        self.assertEqual((host.ceilings(A), host.written(A, "notice")), (WARNED, before))

    def test_ceilings_of_another_tenant(self):
        """The new tenant's seat takes them over, and lifts them."""
        self.put(vgpus=0)
        self.put("red", vgpus=1)
        host = self.host(enforce="limit")
        host.give(self.host_token("h1", "red"), "red")
        host.add(A)
        host.round()
        self.assertEqual(host.ceilings(A), SLOW)
        host.attributes(A, tenant="red")
        host.configure(enforce="observe")
        for _ in range(2):
            host.round()
        self.assertEqual((host.states(), host.ceilings(A)), ({A: ("leased", None)}, FREE))

    def test_killed_in_between(self):
        """By the notice the next round knows that ceilings are the agent's."""
        self.put(vgpus=1)
        host = self.host(enforce="limit")
        host.add(A)
        for attributes in ({"cap_ceiling_percent": 25}, {"frame_rate_ceiling": 15}, {}):
            host.attributes(A, notice="none grace [limited]", **attributes)
            host.round()
            self.assertEqual((host.states()[A], host.ceilings(A)), (("leased", None), FREE))

    def test_ceiling_stays(self):
        """The notice stays with it, and it is lifted when that can be done."""
        self.put(vgpus=0)
        host = self.host(enforce="limit")
        host.add(A)
        host.round()
        self.assertEqual(host.ceilings(A), SLOW)
        cap = host.machine.path(f"sys/devices/pci0000:00/{GPU}/{A}/openvgpu/cap_ceiling_percent")
        os.rename(cap, cap + ".good")
        # It can be read, and not written.
        sealed = os.memfd_create("cap", os.MFD_ALLOW_SEALING)
        self.addCleanup(os.close, sealed)
        os.write(sealed, b"25\n")
        fcntl.fcntl(sealed, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        os.symlink(f"/proc/{os.getpid()}/fd/{sealed}", cap)
        self.put(vgpus=1)
        self.wait(61, host)
        host.round()
        self.assertEqual((host.states()[A], host.notice(A)), (("leased", None), "limited"))
        os.unlink(cap)
        os.rename(cap + ".good", cap)
        host.round()
        self.assertEqual(host.ceilings(A), FREE)

    def borrowed(self, uuid=A):
        """A host with a seat for 30 days."""
        self.put(vgpus=1)
        host = self.host()
        host.add(uuid)
        host.round()
        self.assertEqual(host.run("borrow", uuid, "--days", "30").returncode, 0)
        return host

    def test_return_by_uuid(self):
        """Also when the vGPU is another tenant's, or gone."""
        host = self.borrowed()
        link = host.machine.path(f"sys/bus/mdev/devices/{A}")
        for leave in (lambda: host.attributes(A, tenant="red"), lambda: os.unlink(link)):
            host.close(A)
            leave()
            host.round()
            self.assertEqual((host.states(), len(self.leased())), ({A: ("leased", None)}, 1))
            done = host.run("return", A)
            self.assertEqual((done.returncode, done.stdout), (0, A + "\n"), done)
            self.assertEqual((host.states(), self.leased()), ({}, {}))
            self.assertEqual(host.run("return", A).returncode, 3)
            if os.path.lexists(link):
                host.attributes(A, tenant="blue")
                self.assertEqual(host.run("borrow", A, "--days", "30").returncode, 0)

    def test_borrow_again(self):
        """What fails leaves what was borrowed before."""
        host = self.borrowed()
        self.end()
        done = host.run("borrow", A, "--days", "60")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("server-away", done.stderr)
        for day in (0, 29):
            host.clock.set(uptime=day * DAY, today=day * DAY)
            host.close(A)
            host.round()
            status = host.status()["vgpus"][0]
            self.assertEqual((status["state"], status["borrowed_days"]), ("leased", 30))
        self.start()
        self.assertEqual(len(self.leased()), 1)

    def test_unreadable_token(self):
        """For a round: no seat is forgotten."""
        host = self.borrowed()
        host.close(A)
        host.round()
        token = host.token()
        host.give(token[:50])
        host.round()
        self.assertEqual(host.states(), {A: ("leased", None)})
        host.give(token)
        self.assertEqual(host.run("return", A).returncode, 0)
        self.assertEqual((host.states(), self.leased()), ({}, {}))
        # But one that is over is, and its vGPU is nobody's business then.
        host.configure(enforce="limit")
        host.open(A)
        host.round()
        host.give(token[:50])
        self.wait(DAY + 1, host)
        host.round()
        self.assertEqual((host.states(), host.ceilings(A)), ({}, FREE))

    def test_late_answer_is_lost(self):
        """Long after the vGPU was opened: the seat is returned all the same."""
        self.put(vgpus=0)
        host = self.host()
        host.add(A)
        host.round()
        self.wait(25 * 3600, host)
        self.put(vgpus=1)
        host.script("curl", f'{CURL} "$@" >/dev/null\nexit 56')
        host.round()
        self.assertEqual(len(self.leased()), 1)
        host.program("curl", None)
        host.close(A)
        host.round()
        self.assertEqual(list(host.states()), [A])
        host.program("curl", CURL)
        self.wait(400, host)
        host.round()
        self.assertEqual((host.states(), self.leased()), ({}, {}))

    def test_administrator(self):
        """Stricter ceilings are the administrator's, and observe changes nothing."""
        self.put(vgpus=1)
        host = self.host()
        host.add(A)
        strict = (10, 5, "limited")
        host.attributes(A, cap_ceiling_percent=10, frame_rate_ceiling=5, notice="none grace [limited]")
        host.round()
        self.assertEqual((host.states()[A], host.ceilings(A)), (("leased", None), strict))
        # One is stricter, the other one is not.
        self.put(vgpus=0)
        host.add(B)
        host.attributes(B, cap_ceiling_percent=10, frame_rate_ceiling=30)
        host.round()
        self.assertEqual(host.ceilings(B), (10, 30, "none"))
        host.configure(enforce="limit")
        host.round()
        self.assertEqual(host.ceilings(B), (10, 15, "limited"))
        # Set meanwhile; and what the agent has put there follows the configuration.
        host.add(C)
        host.configure(enforce="limit", cap_percent=30)
        host.round()
        self.assertEqual(host.ceilings(C), (30, 15, "limited"))
        host.configure(enforce="limit", cap_percent=40, frame_rate=20)
        host.attributes(C, frame_rate_ceiling=3)
        host.round()
        self.assertEqual(host.ceilings(C), (40, 3, "limited"))
        for switch in ("observe", "limit", "observe"):
            host.configure(enforce=switch, cap_percent=40, frame_rate=20)
            host.round()
            strict = "limited" if switch == "limit" else "none"
            self.assertEqual(host.ceilings(B), (10, 20 if switch == "limit" else 0, strict))
            self.assertEqual(host.ceilings(C), (40 if switch == "limit" else 100, 3, strict))

    def test_state_is_lost(self):
        """By the notice, ceilings are lifted; those of others stay."""
        self.put(vgpus=0)
        host = self.host(enforce="limit")
        for uuid in (A, B):
            host.add(uuid)
        host.attributes(B, cap_ceiling_percent=10)
        host.round()
        os.unlink(os.path.join(host.root, "var/lib/openvgpu/entitlement.json"))
        self.put(vgpus=2)
        host.round()
        self.assertEqual((host.ceilings(A), host.ceilings(B)), (FREE, (10, 0, "none")))

    def test_no_rest(self):
        """A server that has a renewal wanted at once, or knows no lease, is asked seldom."""
        lease = '{"id":"%s","expires_in":86400,"renew_in":0}' % ("0" * 32)
        refusal = '{"error":{"reason":"no-lease","message":"m"}}'
        for answer, status, state, least in ((lease, 200, ("leased", None), 10),
                                             (refusal, 404, ("limited", "no-lease"), 300)):
            host = Host(self, f"h{status}")
            host.configure(enforce="limit")
            host.give(self.host_token(host.name))
            host.add(A)
            host.script("curl", f"echo x >>$0.ran\nprintf '{answer}\\n@@ {status} \\n'")
            host.round()
            self.assertEqual(host.states()[A], state)
            self.assertEqual(os.path.getsize(os.path.join(host.root, "usr/bin/curl.ran")), 2)
            seat = host.saved()["seats"][0]
            self.assertGreaterEqual(seat["renew"], seat["since"] + least)

    def test_saves_seldom(self):
        """What is the same is written once a minute, for status to see an agent."""
        self.put(vgpus=1)
        host = self.host()
        host.add(A)
        host.round()
        before = host.saved()
        host.round()
        after = host.saved()
        if after["boottime"] < before["boottime"] + 60:     # the machine may be slow
            self.assertEqual(after, before)
        self.wait(61, host)
        host.round()
        self.assertGreaterEqual(host.saved()["boottime"], before["boottime"] + 61)
        host.close(A)
        host.round()
        self.assertEqual(host.saved()["seats"], [])

    def test_import_refuses(self):
        """What would be of no use on this host, today, or alone."""
        host = Host(self, "h1")
        host.configure()
        self.make_certificate()
        urls = [f"http://127.0.0.1:{self.port}"]
        good = self.host_token("h1")
        for files, code, why in (
                ({"a": self.host_token("h2")}, 1, "token-host: it is for host 'h2', and this is 'h1'"),
                ({"a": self.signed(scope="host", urls=urls, exp=1000)}, 1, "token-expired: "),
                ({"a": self.read("tls.crt").decode()}, 2, "a certificate goes with a token"),
                ({"a": good + "\n" * 65536}, 1, "File too large"),
                ({"a": good, "b": self.read("tls.crt").decode()}, 0, "")):
            for name, text in files.items():
                with open(self.path(name), "w", encoding="ascii") as file:
                    file.write(text + "\n")
            done = host.run("import", *(self.path(name) for name in files))
            self.assertEqual(done.returncode, code, done)
            self.assertIn(why, done.stderr)
            folder = os.path.join(host.root, "etc/openvgpu/entitlement")
            self.assertEqual(os.listdir(folder) != [], code == 0)
        # Just as large as it may be; and the key goes without a token.
        with open(self.path("a"), "w", encoding="ascii") as file:
            file.write(good + "\n" * (65536 - len(good)))
        self.assertEqual(host.run("import", self.path("a")).returncode, 0)
        self.assertEqual(host.run("import", self.path("token.pub")).returncode, 0)

    def test_urls(self):
        """Where a token goes is what it looks like, and nowhere else."""
        host = Host(self, "h1")
        host.configure()
        for url, good in (("http://127.0.0.1:x@evil.example", False), ("http://127.0.0.1:1[1-9]", False),
                          ("https://{a,b}.example", False), ("https://[a-c].example", False),
                          ("https://me@example.org", False), ("https://[::1", False),
                          ("ftp://[::1]:8484", False), ("http://[::2]:8484", False),
                          ("http://[::1]:8484", True), ("https://[2001:db8::1]:8484/", True),
                          ("https://quota.example.org:8484", True)):
            with open(self.path("a"), "w", encoding="ascii") as file:
                file.write(self.signed(scope="host", urls=[url]))
            done = host.run("import", self.path("a"))
            self.assertEqual((done.returncode, "token-url" in done.stderr), (0, False) if good else (1, True), url)

    def test_proxy(self):
        """The loopback is asked without one."""
        self.put(vgpus=1)
        host = self.host()
        host.add(A)
        host.variables["http_proxy"] = host.variables["all_proxy"] = "http://127.0.0.1:1"
        host.round()
        self.assertEqual(host.states()[A], ("leased", None))

    def test_ceiling_is_refused(self):
        """What a vGPU can't have is tried once each time that it is opened."""
        self.put(vgpus=0)
        host = self.host(enforce="limit")
        host.add(A)
        host.machine.write(f"sys/devices/pci0000:00/{GPU}/{A}/openvgpu/frame_rate_ceiling.errno",
                           f"{errno.EOPNOTSUPP}\n")
        self.assertIn("frame_rate_ceiling=15", host.round())
        for _ in range(2):
            self.assertEqual((host.round(), host.ceilings(A)), ("", (25, 0, "limited")))
        host.close(A)
        host.round()
        self.assertEqual(host.ceilings(A), FREE)
        host.open(A)
        self.assertIn("frame_rate_ceiling=15", host.round())

    def test_slow_servers(self):
        """They get two minutes in a round, all servers of a token together."""
        host = Host(self, "h1")
        host.configure()
        host.give(self.token("blue", "host", "--host", "h1", *(
            word for port in range(1, 6) for word in ("--url", f"https://127.0.0.1:{port}"))))
        host.add(A)
        # A minute each, by the clock of the test.
        host.script("curl", f"echo x >>$0.ran; exec python3 -S {self.path('slow.py')}")
        with open(self.path("slow.py"), "w", encoding="ascii") as file:
            file.write(f"import struct\nwith open({host.clock.path!r}, 'r+b') as file:\n"
                       "    ahead = struct.unpack('=qq', file.read())\n    file.seek(0)\n"
                       "    file.write(struct.pack('=qq', *(seconds + 60 for seconds in ahead)))\n")
        host.round()
        self.assertEqual(os.path.getsize(os.path.join(host.root, "usr/bin/curl.ran")), 4)
        self.assertEqual(host.states()[A], ("grace", "server-away"))
        self.assertTrue(host.status()["agent"])     # its file has the time of the end
        host.clock.set(*struct.unpack("=qq", self.read(host.clock.path)))

    def test_state_cannot_be_written(self):
        """What is there is renewed; what could be lost is not asked for."""
        self.put(vgpus=2)
        host = self.host()
        host.add(A)
        host.round()
        new = os.path.join(host.root, "var/lib/openvgpu/entitlement.json.new")
        os.mkdir(new)
        host.add(B)
        self.wait(DAY // 3 + 1, host)
        before = self.renewals()
        self.assertEqual(host.run("agent", "--once").returncode, 1)
        self.assertEqual((self.renewals(), [uuid for _, uuid in self.leased()]), (before + 1, [A]))
        os.rmdir(new)
        self.wait(61, host)
        host.round()
        self.assertEqual(host.states(), {A: ("leased", None), B: ("leased", None)})

    def renewals(self):
        """How many the server has had."""
        for line in self.ask("GET", "/metrics", self.admin).text.splitlines():
            if line.startswith('openvgpu_entitled_events_total{event="renewed"}'):
                return int(line.split()[-1])
        return 0

    def test_configuration(self):
        """A mistake in it enforces nothing."""
        self.put(vgpus=0)
        host = self.host()
        host.add(A)
        host.write("etc/openvgpu/config.yaml", "version: v1\nentitlement:\n"
                   "  enforce: limit\n  host: h1\n  enforce: observe\n")
        self.assertIn("line 5: 'enforce' is there twice: nothing is enforced", host.round())

    def test_nobody_waits_for_others(self):
        """What is known of a token's vGPUs is done before the next one's servers are asked."""
        self.put(vgpus=0)
        self.put("red", vgpus=1)
        host = self.host(enforce="limit")
        host.give(self.host_token("h1", "red"), "red")
        host.add(A)
        host.add(B, "red")
        notice = host.machine.path(f"sys/devices/pci0000:00/{GPU}/{A}/openvgpu/notice")
        host.script("curl", f'cat {notice} >$0.saw\nexec {CURL} "$@"')
        host.round()
        with open(os.path.join(host.root, "usr/bin/curl.saw"), encoding="ascii") as file:
            self.assertEqual(file.read(), "limited")

    def test_command_waits(self):
        """For the agent, a minute at most."""
        host = self.host()
        host.add(A)
        with open(os.path.join(host.root, "var/lib/openvgpu/entitlement.lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            command = subprocess.Popen([OPENVGPU, "entitlement", "return", A], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True, env=host.environment())
            self.addCleanup(command.kill)
            while command.poll() is None:
                host.clock.wait(20)
                time.sleep(0.1)
            self.assertEqual(command.returncode, 4)
            self.assertIn("the agent has been asking servers for 60 s", command.stderr.read())
            command.stderr.close()


if __name__ == "__main__":
    sys.exit(main("entitlement_trouble"))
