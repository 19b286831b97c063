#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu-entitled on the loopback: pools, leases, usage, metrics, and its end, clean or not."""
import http.client
import sqlite3
import sys
import threading

from entitled_server import DAY, ServerTest, main, signal, vgpu


class Leases(ServerTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.admin, self.host = self.token("*", "admin"), self.token()

    def put(self, status=201, pool="blue", **limits):
        return self.expect(status, "PUT", f"/v1/pools/{pool}", self.admin, limits).json

    def test_life_of_a_lease(self):
        self.lease(404, 1, self.host, "no-pool")
        self.assertEqual(self.put(vgpus=1), {"pool": "blue", "created": True})
        first = self.lease(201, 1, self.host, framebuffer_mib=1024, compute_slices=2)
        self.assertRegex(first["id"], "^[0-9a-f]{32}$")
        self.assertEqual({key: first[key] for key in first if key != "id"}, {
            "pool": "blue", "host": "h1", "vgpu": vgpu(1), "series": "q", "framebuffer_mib": 1024,
            "compute_slices": 2, "ttl": DAY, "expires_in": DAY, "renew_in": DAY // 3})
        # Asked for again, it is the same one.
        self.assertEqual(self.lease(200, 1, self.host, ttl=600)["id"], first["id"])
        refused = self.lease(409, 2, self.host, "pool-full")
        self.assertEqual(refused["limit"], {
            "pool": "blue", "measure": "vgpus", "limit": 1, "used": 1, "asked": 1})
        self.assertIn("1 of 1 vgpus", refused["error"]["message"])
        path = f"/v1/leases/{first['id']}"
        self.assertEqual(self.expect(200, "POST", path + "/renew", self.host).json["ttl"], 600)
        self.assertEqual(self.expect(200, "POST", path + "/renew", self.host, {"ttl": 90 * DAY}
                                     ).json["expires_in"], 90 * DAY)
        self.expect(200, "DELETE", path, self.host)
        self.expect(404, "DELETE", path, self.host, reason="no-lease")
        self.expect(404, "POST", path + "/renew", self.host, reason="no-lease")
        self.lease(201, 2, self.host)
        log = self.log()
        for what in ("pool blue: made", "granted,", "granted again", "refused, the pool is full", "returned"):
            self.assertIn(what, log)

    def test_limits_change(self):
        self.put(vgpus=2, framebuffer_mib=2048, series={"c": {"vgpus": 1}})
        self.lease(201, 1, self.host, series="c", framebuffer_mib=1024)
        self.assertEqual(self.lease(409, 2, self.host, "pool-full", series="c")["limit"]["series"], "c")
        self.assertEqual(self.lease(409, 2, self.host, "pool-full", framebuffer_mib=1025)["limit"], {
            "pool": "blue", "measure": "framebuffer_mib", "limit": 2048, "used": 1024, "asked": 1025})
        self.lease(201, 2, self.host, framebuffer_mib=1024)
        self.assertEqual(self.put(200, vgpus=0), {"pool": "blue", "created": False})
        # None is taken away, and none is added.
        self.assertEqual(self.used(self.host), 2)
        self.lease(200, 2, self.host)
        self.lease(409, 3, self.host, "pool-full")

    def test_dry_run(self):
        """It says what a lease would come to, and takes none."""
        self.put(vgpus=1)
        answer = self.expect(200, "POST", "/v1/leases", self.host, {
            "host": "h1", "vgpu": vgpu(1), "series": "q", "dry_run": True})
        self.assertEqual(answer.json, {"pool": "blue", "fits": True})
        self.assertEqual(self.used(self.host), 0)
        lease = self.lease(201, 1, self.host, dry_run=False)
        self.lease(409, 2, self.host, "pool-full", dry_run=True)
        # Who has one has it still, with the same id.
        self.lease(200, 1, self.host, dry_run=True)
        self.assertEqual(self.lease(200, 1, self.host)["id"], lease["id"])
        self.lease(400, 2, self.host, "bad-value", dry_run=1)
        text = self.expect(200, "GET", "/metrics", self.token("*", "read")).text
        for event, count in (("granted", 1), ("granted-again", 1), ("refused", 0)):
            self.assertIn('openvgpu_entitled_events_total{event="%s"} %d\n' % (event, count), text)
        # Nor is there anything of it after a restart.
        self.expect(200, "DELETE", f"/v1/leases/{lease['id']}", self.host)
        self.lease(200, 1, self.host, dry_run=True)
        self.end(signal.SIGKILL)
        self.start()
        self.assertEqual(self.used(self.host), 0)

    def test_usage(self):
        self.put(vgpus=1500, series={"c": {"vgpus": 3, "compute_slices": 7}})
        self.put(pool="red", vgpus=1)
        red = self.token("red")
        lease = self.lease(201, 1, self.host, series="c", compute_slices=2, framebuffer_mib=64)
        self.lease(201, 1, red)
        own = self.expect(200, "GET", "/v1/usage", self.host).json
        self.assertEqual(own, {"pools": [{
            "pool": "blue", "limits": {"vgpus": 1500, "framebuffer_mib": None, "compute_slices": None},
            "used": {"vgpus": 1, "framebuffer_mib": 64, "compute_slices": 2},
            "series": {"c": {"limits": {"vgpus": 3, "framebuffer_mib": None, "compute_slices": 7},
                             "used": {"vgpus": 1, "framebuffer_mib": 64, "compute_slices": 2}}}}]})
        everything = self.expect(200, "GET", "/v1/usage", self.admin).json
        self.assertEqual([pool["pool"] for pool in everything["pools"]], ["blue", "red"])
        self.assertNotIn("leases", everything)
        self.expect(403, "GET", "/v1/usage?pool=red", self.host, reason="token-pool")
        self.expect(404, "GET", "/v1/usage?pool=green", self.admin, reason="no-pool")
        self.expect(400, "GET", "/v1/usage?pool=%27", self.admin, reason="bad-value")
        # Who has the seats: without the ids, which return them, but for an administrator.
        listed = self.expect(200, "GET", "/v1/usage?pool=blue", self.host).json["leases"]
        self.assertEqual([(entry["host"], entry["vgpu"], "id" in entry) for entry in listed],
                         [("h1", vgpu(1), False)])
        listed = self.expect(200, "GET", "/v1/usage?pool=blue", self.admin).json["leases"]
        self.assertEqual(listed[0]["id"], lease["id"])
        self.expect(200, "DELETE", f"/v1/leases/{lease['id']}", self.admin)
        # In pages.
        connection = self.connect()
        for number in range(1001):
            if number % 50 == 0:
                connection.close()      # the next request opens it; the server ends one that is a minute old
            connection.request("POST", "/v1/leases", '{"host": "h1", "series": "q", "vgpu": "%s"}' %
                               vgpu(number), {"Authorization": f"Bearer {self.host}"})
            self.assertEqual(connection.getresponse().read()[:1], b"{")
        connection.close()
        page = self.expect(200, "GET", "/v1/usage?pool=blue", self.host).json
        self.assertEqual((len(page["leases"]), page["next"]), (1000, f"h1/{vgpu(999)}"))
        page = self.expect(200, "GET", f"/v1/usage?pool=blue&after={page['next']}", self.host).json
        self.assertEqual([entry["vgpu"] for entry in page["leases"]], [vgpu(1000)])
        self.assertNotIn("next", page)

    def test_metrics(self):
        self.put(vgpus=2, framebuffer_mib=4096, series={"c": {"vgpus": 1}})
        self.lease(201, 1, self.host, framebuffer_mib=256)
        self.lease(409, 2, self.host, "pool-full", framebuffer_mib=4096)
        self.expect(401, "GET", "/v1/usage", "x", reason="token-malformed")
        answer = self.expect(200, "GET", "/metrics", self.token("*", "read"))
        self.assertIn("text/plain", answer.headers["Content-Type"])
        lines = answer.text.splitlines()
        for line in ('openvgpu_entitled_limit{pool="blue",series="",measure="framebuffer_mib"} 4096',
                     'openvgpu_entitled_used{pool="blue",series="",measure="framebuffer_mib"} 256',
                     'openvgpu_entitled_limit{pool="blue",series="c",measure="vgpus"} 1',
                     'openvgpu_entitled_used{pool="blue",series="c",measure="vgpus"} 0',
                     'openvgpu_entitled_events_total{event="granted"} 1',
                     'openvgpu_entitled_events_total{event="refused"} 1',
                     'openvgpu_entitled_events_total{event="token-refused"} 1'):
            self.assertIn(line, lines)
        self.assertNotIn("compute_slices\"} -1", answer.text)
        # Of one pool only what is its own.
        self.expect(404, "GET", "/metrics", self.token("red", "read"), reason="no-pool")
        answer = self.expect(200, "GET", "/metrics", self.token("blue", "read"))
        self.assertNotIn("events_total", answer.text)


class Ends(ServerTest):
    def open(self):
        self.start()
        self.admin, self.host = self.token("*", "admin"), self.token()
        self.expect(201, "PUT", "/v1/pools/blue", self.admin, {"vgpus": 20})

    def test_clean_end(self):
        self.open()
        lease = self.lease(201, 1, self.host)
        self.assertEqual(self.end(), 0, self.log())
        self.assertTrue(self.log().endswith("ended\n"), self.log())
        self.start()
        self.assertEqual(self.lease(200, 1, self.host)["id"], lease["id"])
        self.assertEqual(self.end(signal.SIGINT), 0)

    def test_time_stands_still_while_it_is_away(self):
        self.open()
        self.expect(200, "PUT", "/v1/pools/blue", self.admin, {"vgpus": 25})
        for number in range(25):
            lease = self.lease(201, number, self.host, ttl=600)
        self.end()
        self.start()
        page = self.expect(200, "GET", "/v1/usage?pool=blue", self.host).json
        self.assertGreater(page["leases"][0]["expires_in"], 500)
        self.end()
        # As if the server had run for ten minutes more.
        with sqlite3.connect(self.path("leases.db")) as database:
            database.execute("UPDATE clock SET now = now + 601")
        database.close()
        self.start()
        self.assertEqual(self.used(self.host), 0)
        self.expect(404, "POST", f"/v1/leases/{lease['id']}/renew", self.host, reason="no-lease")
        self.assertEqual(self.log().count("ended, it was not renewed for 600 s"), 20)
        self.assertIn("lease: 5 more ended at the same time\n", self.log())
        self.assertIn('event="expired"} 25\n', self.expect(200, "GET", "/metrics", self.admin).text)

    def test_one_server_on_a_database(self):
        self.open()
        result = self.run_program(*self.serve_options())
        self.assertEqual(result.returncode, 1)
        self.assertIn("another server uses it", result.stderr)
        self.lease(201, 1, self.host)

    def test_killed_under_load(self):
        """Hosts ask and ask again while the server is killed: 20 seats, none twice."""
        self.open()
        held, lock, over, problems = {}, threading.Lock(), threading.Event(), []

        def fleet(first):
            number = first
            while not over.is_set():
                number = first + (number - first + 1) % 10
                try:
                    answer = self.ask("POST", "/v1/leases", self.host, {
                        "host": f"h{first}", "vgpu": vgpu(number), "series": "q"})
                except (OSError, http.client.HTTPException):
                    continue
                if answer.status not in (200, 201, 409):
                    problems.append(answer.text)
                if answer.status != 409:
                    with lock:
                        other = held.setdefault((first, number), answer.json["id"])
                    if other != answer.json["id"]:
                        problems.append(f"{first} {number} had {other} and has {answer.text}")

        threads = [threading.Thread(target=fleet, args=(first,)) for first in range(0, 40, 10)]
        for thread in threads:
            thread.start()
        for kills in range(6):
            wanted = min(20, 4 * (kills + 1))
            while len(held) < wanted and not problems:
                over.wait(0.01)
            self.end(signal.SIGKILL)
            self.start()
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        listed = self.expect(200, "GET", "/v1/usage?pool=blue", self.admin).json["leases"]
        self.assertEqual(len(listed), 20)
        # All that a host was told is there.
        self.assertLessEqual(set(held.values()), {entry["id"] for entry in listed})


if __name__ == "__main__":
    sys.exit(main("entitled"))
