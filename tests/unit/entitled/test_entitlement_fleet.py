#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hosts with many vGPUs each want more seats than the real service has. Answers are lost, the server
is killed, hosts die: no seat is given twice, and none is lost. There are 20 hosts and 500 seats;
ENTITLEMENT_FLEET=full makes that 200 hosts and 10,000 seats, which takes minutes."""
import os
import random
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from cli_machine import GPU, Machine
from entitled_server import main, signal, vgpu
from entitlement_host import AgentTest, CURL

POOLS, VGPUS, SEATS = (20, 60, 500) if os.environ.get("ENTITLEMENT_FLEET") == "full" else (2, 30, 250)
HOSTS = 10                                      # of a pool; vGPUs are each host's, seats the pool's
LEASE = 10                                      # minutes


class Fleet(AgentTest):
    def test_fleet(self):
        chance = random.Random(16)
        machines, hosts = self.fleet()
        # All at the same time, while the server is killed over and over.
        with ThreadPoolExecutor(4) as pool:
            for count, each in enumerate(as_completed([pool.submit(host.round) for host in hosts])):
                each.result()
                if count % (len(hosts) // 4) == 1:
                    self.end(signal.SIGKILL)
                    self.start()
        self.look_twice(hosts, pool_full=False)
        self.again(hosts)
        self.look_twice(hosts)
        # One of each pool dies, with all that it knows; some forget everything, and go on.
        dead = {chance.choice(hosts[first:first + HOSTS]) for first in range(0, len(hosts), HOSTS)}
        alive = [host for host in hosts if host not in dead]
        for host in chance.sample(alive, len(hosts) // 10):
            os.unlink(os.path.join(host.root, "var/lib/openvgpu/entitlement.json"))
        self.again(alive)
        self.look_twice(alive)
        # Their seats come back when those of nobody else have ended.
        for host in hosts:
            host.clock.wait(201)
        self.server_waits(201)
        for _ in range(2):
            self.again(alive, 201)
            self.server_waits(201)
        self.again(alive, 61)
        held = self.look_twice(alive)
        self.assertFalse({host.name for host in dead} & {name for name, _ in held})
        # Half of the VMs end, and nothing is left over.
        for machine in machines:
            for number in range(VGPUS // 2):
                machine.add_attributes(f"{GPU}/{vgpu(number)}", {"owner_pid": 0})
        self.again(alive, 1)
        self.again(alive, 61)
        held = self.look_twice(alive, pool_full=False)
        self.assertEqual(len(held), len(alive) * VGPUS // 2)

    def fleet(self):
        """Hosts of a pool look at the same made-up vGPUs, which are as many as they have."""
        machines, hosts = [], []
        for pool in range(POOLS):
            machine = Machine()
            self.addCleanup(shutil.rmtree, machine.top)
            machine.add_gpu(GPU, {"256mq": (256, 64, 64)})
            for number in range(VGPUS):
                machine.add_vgpu(vgpu(number), GPU, "256mq", pid=4242)
                machine.add_attributes(f"{GPU}/{vgpu(number)}", {"tenant": f"pool{pool}"})
            machines.append(machine)
            self.put(f"pool{pool}", vgpus=SEATS)
            for number in range(HOSTS):
                hosts.append(self.host(f"h{pool}-{number}", f"pool{pool}", machine, lease_minutes=LEASE))
        for host in hosts[::7]:
            self.lose_answers(host)
        return machines, hosts

    def lose_answers(self, host):
        """Of its first question."""
        host.program("curl", None)
        host.write("usr/bin/curl", f'#!/bin/sh\n[ -e "$0".lost ] && exec {CURL} "$@"\n'
                                   f'touch "$0".lost\n{CURL} "$@" >/dev/null\nexit 56\n')
        os.chmod(os.path.join(host.root, "usr/bin/curl"), 0o755)

    def again(self, hosts, seconds=61):
        """All look once more, later."""
        for host in hosts:
            host.clock.wait(seconds)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda host: host.round(), hosts))

    def look_twice(self, hosts, pool_full=True):
        """What hosts believe to have, the server has given them; and no pool has more than it may."""
        names, held = {host.name: host for host in hosts}, {}
        for pool in range(POOLS):
            given = self.leased(f"pool{pool}")
            self.assertLessEqual(len(given), SEATS)
            if pool_full:
                self.assertEqual(len(given), SEATS, f"pool{pool}")
            held.update(given)
        self.assertEqual(len(set(held.values())), len(held))
        for name, host in names.items():
            for uuid, lease in host.seats().items():
                self.assertEqual(held.get((name, uuid)), lease, f"{name} {uuid}")
        return held


if __name__ == "__main__":
    sys.exit(main("entitlement_fleet"))
