#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whose a vGPU is, and ceilings: what list, show, sched and definitions say of them;
and tenants of configurations, on a made-up machine. Ceilings themselves are the
module's."""

import json

from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, GPU_SETTINGS, IDLE, NEW, NO_CAPACITY, OK, USAGE, USED,
    VGPU_SETTINGS, CliTest, main)


class Tenant(CliTest):
    def fill(self):
        super().fill()
        self.machine.add_attributes(GPU, GPU_SETTINGS)
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", VGPU_SETTINGS)

    def attributes(self, uuid, **values):
        self.machine.add_attributes(f"{GPU}/{uuid}", values)

    def columns(self, *args):
        """The header's, and of each vGPU the last ones."""
        lines = self.expect(OK, "list", *args).out.decode().splitlines()
        return lines[0].split(), {line.split()[0]: line.split()[-2:] for line in lines[1:]}

    def test_list(self):
        """Columns come with the first that has something to say."""
        self.fill()
        self.assertEqual(self.columns()[0][-1], "USED-BY")
        self.attributes(USED, tenant="blue")
        header, lines = self.columns()
        self.assertEqual(header[-2:], ["USED-BY", "TENANT"])
        self.assertEqual((lines[USED][1], lines[IDLE][1]), ("blue", "-"))
        self.attributes(IDLE, notice="none grace [limited]")
        header, lines = self.columns()
        self.assertEqual(header[-2:], ["TENANT", "NOTICE"])
        self.assertEqual(lines, {USED: ["blue", "-"], IDLE: ["-", "limited"]})
        self.attributes(USED, tenant="none")
        self.assertEqual(self.columns()[0][-2:], ["USED-BY", "NOTICE"])
        self.assertEqual(self.columns("--columns", "UUID,TENANT,NOTICE")[1][USED], ["-", "-"])
        vgpus = self.expect_json(OK, "list")["vgpus"]
        self.assertEqual([(vgpu["tenant"], vgpu["notice"]) for vgpu in vgpus],
                         [(None, None), (None, "limited")])

    def test_it_is_text(self):
        """Also where it looks like a number, everywhere."""
        self.fill()
        self.attributes(USED, tenant="042")
        self.assertEqual(self.expect_json(OK, "list")["vgpus"][0]["tenant"], "042")
        self.assertEqual(self.expect_json(OK, "show", USED)["vgpu"]["attributes"]["tenant"],
                         "042")
        self.attributes(IDLE, tenant="")
        value = self.expect_json(OK, "set", IDLE, "tenant=7")
        self.assertEqual(value["set"], {"tenant": "7"})
        self.assertIn('tenant: "042"', self.expect(OK, "export").out.decode())
        config = ("version: v1\nvgpu-configs:\n  default:\n    - devices: [0]\n"
                  "      vgpu-devices:\n        256mq:\n"
                  f"          - {{uuid: {USED}, tenant: '42'}}\n          - uuid: {IDLE}\n")
        self.machine.write("config.yaml", config)
        result = self.run_cli("assert", self.machine.path("config.yaml"))
        self.assertEqual((result.status, result.out.decode()),
                         (FAILURE, f"vGPU {USED}: tenant: 042 -> 42\n"))
        self.machine.write("config.yaml", config.replace("'42'", "'042'"))
        self.expect(OK, "assert", self.machine.path("config.yaml"))

    def test_strange_values(self):
        """A module that says nonsense can't forge a line."""
        self.fill()
        for text in ("a b", "\x1b[2J", "x" * 64, "a/b", ""):
            self.attributes(USED, tenant=text)
            self.assertIsNone(self.expect_json(OK, "list")["vgpus"][0]["tenant"], text)

    def test_bad_values(self):
        self.fill()
        for text in ("tenant=", "tenant=a b", "tenant=" + "x" * 64, "tenant=a/b",
                     "tenant=\x1b", "notice=", "notice=soon", "cap_ceiling_percent=0",
                     "cap_ceiling_percent=101", "frame_rate_ceiling=61"):
            self.expect_unchanged(USAGE, "set", IDLE, "weight=5", text)

    def test_ceilings(self):
        """The cap that is shown is the one in force; the settings are both there."""
        self.fill()
        self.attributes(USED, cap_percent=80, cap_ceiling_percent=25)
        self.attributes(IDLE, cap_percent=20, cap_ceiling_percent=25)
        lines = {line.split()[0]: line.split()[3] for line in
                 self.expect(OK, "sched", "show", GPU).out.decode().splitlines()
                 if line.startswith((USED, IDLE))}
        self.assertEqual(lines, {USED: "25", IDLE: "20"})
        vgpu = self.expect_json(OK, "sched", "show", GPU)["gpus"][0]["vgpus"][0]
        self.assertEqual((vgpu["cap_percent"], vgpu["cap_ceiling_percent"]), (80, 25))
        # A setting of the scheduler.
        self.attributes(IDLE, cap_ceiling_percent="")
        self.expect(OK, "sched", "set", IDLE, "cap_ceiling_percent=50")

    def test_for_now(self):
        """What is for the moment is kept nowhere."""
        self.fill()
        self.attributes(USED, cap_ceiling_percent=25, frame_rate_ceiling=15,
                        notice="none grace [limited]", admission="allow [refuse]", tenant="blue")
        out = self.expect(OK, "export").out.decode()
        self.assertIn("tenant: blue", out)
        for name in ("cap_ceiling_percent", "frame_rate_ceiling", "notice", "admission"):
            self.assertNotIn(name, out)
            self.machine.write("config.yaml", "version: v1\nvgpu-configs:\n  default:\n"
                               "    - devices: [0]\n      vgpu-devices:\n        256mq:\n"
                               f"          - {{uuid: {USED}, {name}: 1}}\n")
            self.expect_unchanged(USAGE, "apply", self.machine.path("config.yaml"),
                                  err=f"'{name}' is for the moment")
        settings = self.expect_json(OK, "settings")["settings"]
        self.assertEqual({one["name"] for one in settings if one["for_now"]},
                         {"frozen", "cap_ceiling_percent", "frame_rate_ceiling", "notice", "admission"})

    def test_definition(self):
        """mdevctl keeps it as an attribute."""
        self.fill()
        self.attributes(IDLE, tenant="blue")
        callout = ("callout", "--", "-t", "openvgpu-256mq", "-u", IDLE, "-p", GPU,
                   "-s", "none")
        out = self.expect(OK, *callout, "-e", "get", "-a", "attributes").out
        self.assertIn({"openvgpu/tenant": "blue"}, json.loads(out))
        for value, status in (("blue", OK), ("none", OK), ("a b", FAILURE)):
            self.machine.write("definition", json.dumps({
                "mdev_type": "openvgpu-256mq", "start": "manual",
                "attrs": [{"openvgpu/tenant": value}]}))
            with open(self.machine.path("definition"), "rb") as file:
                self.expect(status, *callout, "-e", "pre", "-a", "define", stdin=file,
                            err="1 to 63 letters" if status else None)


class Tenants(CliTest):
    """tenants: of configurations. The first GPU has two vGPUs of 256mq."""

    def fill(self):
        super().fill()
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, GPU_SETTINGS)
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", VGPU_SETTINGS)

    def own(self, uuid, **values):
        self.machine.add_attributes(f"{GPU}/{uuid}", values)

    def config(self, tenants, vgpus="", device=1):
        """A file with tenants and vGPUs, of 256mq, of a GPU."""
        text = f"version: v1\ntenants:\n  {tenants}\n"
        if vgpus:
            text += ("vgpu-configs:\n  default:\n"
                     f"    - devices: [{device}]\n      vgpu-devices:\n        256mq:\n"
                     + "".join(f"          - {vgpu}\n" for vgpu in vgpus.split("; ")))
        self.machine.write("config.yaml", text)
        return self.machine.path("config.yaml")

    def plan(self, *args, status=OK):
        """(UUID, what, from, to) of what would be changed."""
        value = self.expect_json(status, "apply", "--dry-run", self.config(*args))
        return [(change["uuid"], change["name"] or change["action"], change["from"], change["to"])
                for change in value["changes"]]

    def refused(self, status, err, *args):
        path = self.config(*args)
        for command in ("apply", "assert"):
            self.expect_unchanged(status, command, path, err=err)

    def test_what_a_vgpu_gets(self):
        """What it does not say itself, its tenant says."""
        self.fill()
        blue = "blue: {weight: 200, cap_percent: 50, migration: false}"
        self.assertEqual(self.plan(blue, f"{{uuid: {NEW}, tenant: blue}}"), [
            (NEW, "create", None, None), (NEW, "tenant", None, "blue"),
            (NEW, "weight", None, "200"), (NEW, "cap_percent", None, "50"),
            (NEW, "migration", None, "off")])
        self.assertEqual(self.plan(blue, f"{{uuid: {NEW}, weight: 7, cap_percent: 20, "
                                   "tenant: blue, migration: off}"), [
            (NEW, "create", None, None), (NEW, "weight", None, "7"),
            (NEW, "cap_percent", None, "20"), (NEW, "tenant", None, "blue"),
            (NEW, "migration", None, "off")])
        # One that is no tenant's, and one whose tenant says nothing.
        self.assertEqual(self.plan(blue, f"{{uuid: {NEW}, tenant: none}}")[1:],
                         [(NEW, "tenant", None, "none")])
        self.assertEqual(self.plan("blue: {}", f"{{uuid: {NEW}, tenant: blue}}")[1:],
                         [(NEW, "tenant", None, "blue")])

    def test_vgpus_of_others(self):
        """Those that mdevctl or libvirt created are held, too, in force or not."""
        self.fill()
        blue = "blue: {weight: 200, cap_percent: 50}"
        self.own(USED, tenant="blue", cap_percent=80)
        self.own(IDLE, tenant="blue", cap_percent=20)
        self.assertEqual(self.plan(blue), [(USED, "cap_percent", "80", "50")])
        result = self.run_cli("assert", self.config(blue))
        self.assertEqual((result.status, result.out.decode()),
                         (FAILURE, f"vGPU {USED}: cap_percent: 80 -> 50\n"))
        self.own(USED, cap_percent="")
        self.own(USED, cap_percent=50)
        self.expect(OK, "assert", self.config(blue))
        self.own(IDLE, migration="[auto] stop_copy off")
        self.assertEqual(self.plan("red: {}", f"{{uuid: {NEW}}}"), [(NEW, "create", None, None)])
        # It can change only while nobody uses it.
        self.own(USED, tenant="none")
        self.assertEqual(self.plan("blue: {migration: false}"),
                         [(IDLE, "migration", "auto", "off")])
        self.own(USED, tenant="blue")
        self.refused_apply("blue: {migration: false}", "4242")
        # Written.
        self.own(IDLE, tenant="none")
        self.own(USED, cap_percent=99)
        self.expect(OK, "apply", self.config(blue))
        self.assertEqual(self.machine.read(
            f"sys/devices/pci0000:00/{GPU}/{USED}/openvgpu/cap_percent"), "50\n")

    def refused_apply(self, tenants, err):
        self.expect_unchanged(BUSY, "apply", self.config(tenants), err=err)

    def test_quotas(self):
        """Of all GPUs, with what there is and stays."""
        self.fill()
        new = f"{{uuid: {NEW}, tenant: blue}}"
        for quota in ("vgpus: 1", "framebuffer: 256", "vgpus: 1, framebuffer: 9999"):
            self.assertEqual(len(self.plan(f"blue: {{{quota}}}", new)), 2)
        self.own(IDLE, tenant="blue")
        for quota in ("vgpus", "framebuffer"):
            most = 1 if quota == "vgpus" else 511
            self.refused(NO_CAPACITY, f"tenant blue would have {quota} "
                         f"{2 if most == 1 else 512}, with what there is, and may have {most}",
                         f"blue: {{{quota}: {most}}}", new)
        self.assertEqual(len(self.plan("blue: {vgpus: 2, framebuffer: 512}", new)), 2)
        # One that the file removes, or gives to another, counts no more.
        self.assertEqual(len(self.plan("blue: {vgpus: 1}",
                                       f"{new}; {{uuid: {USED}, tenant: none}}", 0)), 3)
        self.refused(NO_CAPACITY, "tenant blue would have vgpus 1", "blue: {vgpus: 0}")
        self.refused(NO_CAPACITY, "line 3: tenant blue", "blue: {vgpus: 1}",
                     f"{{uuid: {IDLE}}}; {{uuid: {USED}, tenant: blue}}", 0)
        self.assertEqual(self.plan("{blue: {vgpus: 1}, red: {vgpus: 1}}",
                                   f"{{uuid: {IDLE}, tenant: red}}; {{uuid: {USED}, tenant: blue}}",
                                   0), [(IDLE, "tenant", "blue", "red"),
                                        (USED, "tenant", "none", "blue")])

    def test_compute_slices(self):
        self.fill_divisible()
        self.machine.add_attributes(GPU2, GPU_SETTINGS)
        self.machine.add_vgpu(NEW, GPU2, "2-256mc")
        self.machine.add_attributes(f"{GPU2}/{NEW}", {**VGPU_SETTINGS, "tenant": "blue"})
        self.expect(OK, "assert", self.config("blue: {compute-slices: 2}"))
        self.refused(NO_CAPACITY, "compute-slices 2", "blue: {compute-slices: 1}")

    def test_types(self):
        self.fill()
        self.own(IDLE, tenant="blue")
        self.expect(OK, "assert", self.config("blue: {types: [openvgpu-256MQ, 1q]}"))
        self.refused(FAILURE, f"may not have vGPUs of type openvgpu-256mq, and has {IDLE}",
                     "blue: {types: [1q]}")
        self.own(IDLE, tenant="none")
        for types in ("[]", "[1q, 2-256mc]"):
            self.refused(USAGE, "tenant blue may not have vGPUs of type openvgpu-256mq",
                         f"blue: {{types: {types}}}", f"{{uuid: {NEW}, tenant: blue}}")

    def test_contradictions(self):
        self.fill()
        for tenant, vgpu, err in (
                ("blue: {cap_percent: 50}", "tenant: blue, cap_percent: 51",
                 "cap_percent of a vGPU of tenant blue is 50 at most, as line 3 says"),
                ("blue: {migration: false}", "tenant: blue, migration: auto",
                 "migration of a vGPU of tenant blue is off"),
                ("blue: {}", "tenant: red", "there is no tenant 'red'")):
            self.refused(USAGE, err, tenant, f"{{uuid: {NEW}, {vgpu}}}")
        self.own(USED, tenant="blue")
        self.refused(USAGE, f"cap_percent of vGPU {USED} can't be 60", "blue: {cap_percent: 50}",
                     f"{{uuid: {USED}, cap_percent: 60}}", 0)

    def test_mistakes(self):
        self.fill()
        for tenants, err in (
                ("blue: {vgpus: -1}", "vgpus can't be '-1'"),
                ("blue: {vgpus: 1000000}", "vgpus can't be '1000000'"),
                ("blue: {framebuffer: 2 GiB}", "framebuffer can't be '2 GiB'"),
                ("blue: {vgpus: 1, vgpus: 2}", "'vgpus' is there twice"),
                ("blue: {types: 1q}", "types must be a list"),
                ("blue: {types: [..]}", "'..' is not the name of a type"),
                ("blue: {types: [], types: []}", "'types' is there twice"),
                ("blue: {migration: off}", "true or false"),
                ("blue: {migration: true, migration: true}", "'migration' is there twice"),
                ("blue: {weight: 0}", "weight can't be '0'"),
                ("blue: {cap_percent: 101}", "cap_percent can't be '101'"),
                ("blue: {frozen: 1}", "unknown key 'frozen' of a tenant"),
                ("blue: 4", "a tenant must be what it may have"),
                ("none: {}", "'none' can't be the name of a tenant"),
                ("a b: {}", "'a b' can't be the name of a tenant"),
                ("blue: {}\n  blue: {}", "'blue' is there twice, first on line 3"),
                ("[]", "tenants must be"),
                ("\ntenants: {}", "tenants")):
            self.refused(USAGE, err, tenants)
        self.machine.write("config.yaml", "version: v1\ntenants: {}\ntenants: {}\n")
        self.expect(USAGE, "apply", self.machine.path("config.yaml"),
                    err="'tenants' is there twice")

    def test_left_alone(self):
        """Without a word of vGPUs, with --no-vgpus, and of another GPU."""
        self.fill()
        self.own(USED, tenant="blue", cap_percent=80)
        path = self.config("blue: {cap_percent: 50, vgpus: 0}",)
        self.expect_unchanged(OK, "apply", "--no-vgpus", path)
        path = self.config("blue: {cap_percent: 50}")
        self.expect_unchanged(OK, "apply", "--gpu", GPU2, path)
        self.expect(OK, "apply", "--dry-run", path)


if __name__ == "__main__":
    main()
