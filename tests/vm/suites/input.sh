#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 1G" --gpu "--vram 256M" --timeout 900
# own machine: two GPUs of different size
# check: 6.12
#
# Bad input against the real module: every file that can be written, and every
# command, with what is missing, wrong, huge, not text, or too late. Nothing may
# change, the exit status must be right, and a reason must be given.

modprobe openvgpu || { echo "not ok modprobe openvgpu: status $?"; echo "0 passed, 1 failed"; exit 1; }
exec python3 - <<'END'
import errno, json, os, re, subprocess, sys, threading

passed = failed = 0


def check(name, good, saw=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok {name}")
    else:
        failed += 1
        print(f"not ok {name}: {str(saw)[:600]}")
    sys.stdout.flush()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, value):
    """0, or the errno."""
    fd = os.open(path, os.O_WRONLY)
    try:
        return 0 if os.write(fd, value) == len(value) else errno.EIO
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)


def run(*args, **options):
    return subprocess.run(["openvgpu", *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False,
                          **options)


def value(*args):
    return json.loads(run(*args, "--json").stdout)


types = value("types")["types"]
gpus = sorted({t["gpu"] for t in types})
big = max(types, key=lambda t: t["framebuffer_bytes"])["gpu"]
small = [g for g in gpus if g != big][0]
uuid = run("create", "256mq", "--gpu", big).stdout.decode().strip()
GPU = f"/sys/bus/pci/devices/{big}/openvgpu"
VGPU = f"/sys/bus/mdev/devices/{uuid}/openvgpu"


def files(folder):
    return {n: read(f"{folder}/{n}") for n in sorted(os.listdir(folder))
            if os.stat(f"{folder}/{n}").st_mode & 0o444}


def writable(folder):
    return [n for n in sorted(os.listdir(folder))
            if os.stat(f"{folder}/{n}").st_mode & 0o222]


def settings(folder):
    """What an administrator can see of what was set."""
    return {n: read(f"{folder}/{n}") for n in writable(folder)}


# ------------------------------------------------------------ attribute files

BAD = {
    "nothing": b"\n", "blanks": b"   ", "a word": b"frobnicate",
    "negative": b"-1", "too large": b"99999999", "2^64": b"18446744073709551616",
    "many digits": b"9" * 300, "hexadecimal": b"0x10", "a fraction": b"1.5",
    "an exponent": b"1e3", "two values": b"1 2", "a zero byte": b"1\0" b"2",
    "only zero bytes": b"\0" * 8, "not UTF-8": b"\xff\xfe\xc3\x28",
    "an escape sequence": b"\x1b[2J", "a format": b"%s%n%p",
    "a page": b"a" * 4095, "more than a page": b"1" * 5000,
    "lines": b"100\n200\n", "blank before": b" \t100", "a path": b"../../1",
    "brackets": b"[best_effort]", "fullwidth digits": "\uff11\uff10".encode(),
}


def is_name(setting, text):
    """A tenant is any name: not all that is bad elsewhere is bad here."""
    return setting == "tenant" and re.fullmatch(rb"[A-Za-z0-9._-]{1,63}", text)


for folder, what in ((GPU, "GPU"), (VGPU, "vGPU")):
    names = writable(folder)
    check(f"{what}: files that can be written", len(names) >= 7, names)
    for name in names:
        path = f"{folder}/{name}"
        wrong = []
        for kind, text in BAD.items():
            if is_name(name, text):
                continue
            before = settings(folder)
            result = write(path, text)
            after = settings(folder)
            if not result or before != after:
                wrong.append(f"{kind}: errno {result}, "
                             f"{ {n: (before[n], after[n]) for n in before if before[n] != after[n]} }")
                for other, old in before.items():
                    write(f"{folder}/{other}", re.sub(rb".*\[(.*)\].*\n", rb"\1", old))
                continue
            # The mdev core and kernfs refuse what is larger than a page.
            if len(text) < 4096:
                reason = read(f"{GPU}/last_error").rstrip(b"\n")
                if not reason or len(reason) > 300 or \
                        any(not 32 <= c < 127 for c in reason):
                    wrong.append(f"{kind}: last_error is {reason}")
        check(f"{what}: bad values of {name}", not wrong, wrong)
    read_only = [n for n in files(folder) if n not in names]
    wrong = []
    for name in read_only:
        # Root may open them all the same.
        try:
            if not write(f"{folder}/{name}", b"1"):
                wrong.append(name)
        except OSError:
            pass
    check(f"{what}: files that can't be written", not wrong, wrong)

create = f"/sys/class/mdev_bus/{big}/mdev_supported_types/openvgpu-256mq/create"
before = sorted(os.listdir("/sys/bus/mdev/devices"))
wrong = []
for text in (b"", b"x", uuid.encode(), uuid.upper().encode(), uuid[:-1].encode(),
             uuid.encode() + b"0", b"{" + uuid.encode() + b"}", b"\0" * 36,
             b"\xff" * 36, b"g" * 36, uuid.replace("-", "").encode(),
             b"../" + uuid.encode(), b"a" * 4000):
    result = write(create, text) if text else errno.EINVAL
    if not result:
        wrong.append(text)
check("create: bad UUIDs", not wrong, wrong)
check("create: none of them is there",
      sorted(os.listdir("/sys/bus/mdev/devices")) == before,
      os.listdir("/sys/bus/mdev/devices"))
wrong = []
for text in (b"x", b"0", b"-", b"\xff", b"9" * 4000):     # any number removes
    if os.path.exists(VGPU):
        write(f"/sys/bus/mdev/devices/{uuid}/remove", text)
        if not os.path.exists(VGPU):
            wrong.append(text)
check("remove: bad values leave the vGPU", not wrong, wrong)

# ------------------------------------------------------------------- commands

def unchanged(name, status, *args):
    """A command that ends with that status, says why, and changes nothing."""
    state = lambda: (settings(GPU), settings(VGPU) if os.path.exists(VGPU) else 0,
                     sorted(os.listdir("/sys/bus/mdev/devices")))
    before = state()
    done = run(*args)
    statuses = (status,) if isinstance(status, int) else status
    good = done.returncode in statuses and done.stderr and \
        state() == before and \
        all(c == 10 or 32 <= c < 127 for c in done.stderr + done.stdout)
    check(name, good, f"status {done.returncode}, said {done.stderr}, "
          f"changed {state() != before}")


absent = "abcdef01-2345-6789-abcd-ef0123456789"
huge = "9" * 100000
for command in (["show"], ["remove"], ["set"], ["sched", "show"], ["sched", "set"]):
    more = ["weight=1"] if command[-1] == "set" else []
    unchanged(f"{' '.join(command)}: no such vGPU", 3, *command, absent, *more)
    unchanged(f"{' '.join(command)}: no UUID", 2, *command, "x\x1b[31m", *more)
    unchanged(f"{' '.join(command)}: not UTF-8", 2, *command, b"\xff" * 36, *more)
    unchanged(f"{' '.join(command)}: huge", 2, *command, huge, *more)
for command in (["create"], ["remove"], ["set"], ["apply"], ["assert"], ["sched", "set"]):
    unchanged(f"{' '.join(command)}: nothing given", 2, *command)
for command in ("list", "types", "create", "remove", "show", "set", "events", "top",
                "apply", "assert", "metrics", "restore", "doctor", "sched show",
                "sched set", "sched log"):
    unchanged(f"{command}: unknown option", 2, *command.split(), "--frobnicate")
    unchanged(f"{command}: option that is not UTF-8", 2, *command.split(), b"--\xff\xfe")
    unchanged(f"{command}: too many arguments", 2, *command.split(), *["a"] * 200)
for name in writable(VGPU):
    for bad in ("", "-1", huge, "18446744073709551616", "\x1b", "1 ", "0x1", b"\xff"):
        bad = bad if isinstance(bad, bytes) else bad.encode()
        if not is_name(name, bad):
            unchanged(f"set {name}={bad[:12]!r}", (1, 2), "set", uuid,
                      name.encode() + b"=" + bad)
for name in writable(GPU):
    for bad in ("", "-1", huge, "\x1b", b"\xff"):
        text = name.encode() + b"=" + (bad if isinstance(bad, bytes) else bad.encode())
        unchanged(f"set GPU {name}={bad[:12]!r}", (1, 2), "set", big, text)
unchanged("set: one bad value of two", 2, "set", uuid, "weight=5", "cap_percent=500")
unchanged("set: a name of the other kind", 2, "set", uuid, "scheduler=equal_share")
unchanged("set: none of the choices", 2, "set", uuid, "display=frobnicate")
unchanged("set console: no such vGPU", (1, 3), "set", big, f"console={absent}")
unchanged("create: no such type", 3, "create", "7q")
unchanged("create: the UUID is there", 4, "create", "256mq", "--uuid", uuid)
unchanged("create: no capacity", 5, "create", "1q", "--gpu", big)
unchanged("create: no such GPU", 3, "create", "1q", "--gpu", "0000:99:00.0")

# -------------------------------------------------------------- too late, at once

def at_once(jobs):
    """What each said; all start at the same time."""
    results, barrier = [None] * len(jobs), threading.Barrier(len(jobs))

    def one(i):
        barrier.wait()
        results[i] = jobs[i]()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def vgpus_of(bdf):
    return [v["uuid"] for v in value("list")["vgpus"] if v["gpu"] == bdf]


def room(bdf, kind):
    return [t["available_instances"] for t in value("types", "--gpu", bdf)["types"]
            if t["type"] == f"openvgpu-{kind}"][0]


for _ in range(2):
    fits = room(small, "32mq")
    done = at_once([lambda: run("create", "32mq", "--gpu", small)] * (fits + 8))
    check("creating at once: so many as fit", sum(d.returncode == 0 for d in done) == fits
          == len(vgpus_of(small)), [d.returncode for d in done])
    check("creating at once: the others are told", all(d.returncode in (0, 5) for d in done),
          [(d.returncode, d.stderr) for d in done if d.returncode not in (0, 5)])
    names = vgpus_of(small)
    done = at_once([lambda n=n: run("remove", n) for n in names * 2])
    # The mdev core tells both of two that write in the same moment that it was
    # removed, which it was.
    check("removing at once: each is", all(0 in (done[i].returncode,
          done[i + len(names)].returncode) for i in range(len(names))),
          [d.returncode for d in done])
    check("removing at once: the others find none", all(d.returncode in (0, 3) for d in done),
          [(d.returncode, d.stderr) for d in done if d.returncode not in (0, 3)])
    check("removing at once: none is left", not vgpus_of(small), vgpus_of(small))

for _ in range(2):
    name = "11111111-1111-4111-8111-111111111111"
    done = at_once([lambda b=b: run("create", "64mq", "--gpu", b, "--uuid", name)
                    for b in (big, small) * 4])
    check("one UUID at once: one vGPU", sum(d.returncode == 0 for d in done) == 1,
          [d.returncode for d in done])
    check("one UUID at once: the others are told", all(d.returncode in (0, 4) for d in done),
          [(d.returncode, d.stderr) for d in done if d.returncode not in (0, 4)])
    done = at_once([lambda: run("remove", name)] +
                   [lambda w=w: run("set", name, f"weight={w}") for w in range(1, 7)] +
                   [lambda: run("show", name), lambda: run("sched", "show", name),
                    lambda: run("metrics")])
    check("setting while it is removed", done[0].returncode == 0 and
          all(d.returncode in (0, 3) for d in done) and
          not os.path.exists(f"/sys/bus/mdev/devices/{name}"),
          [(d.returncode, d.stderr) for d in done])

with open("/tmp/four.yaml", "w") as file:
    file.write("version: v1\nvgpu-configs:\n  default:\n"
               f"    - devices: ['{small}']\n      vgpu-devices: {{32mq: 4}}\n")
done = at_once([lambda: run("apply", "/tmp/four.yaml")] * 6)
check("applying at once: all succeed", all(d.returncode == 0 for d in done),
      [(d.returncode, d.stderr) for d in done])
check("applying at once: four, not more", len(vgpus_of(small)) == 4, vgpus_of(small))

# Readers of everything, while vGPUs come and go.
stop, broken = threading.Event(), []


def churn():
    while not stop.is_set():
        name = run("create", "32mq", "--gpu", small).stdout.decode().strip()
        if name:
            run("remove", name)


def look(*args):
    done = run(*args)
    if done.returncode:
        broken.append((args, done.returncode, done.stderr))


threads = [threading.Thread(target=churn) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(8):
    for args in (["list"], ["types"], ["show"], ["sched", "show"], ["metrics"],
                 ["top", "--once", "--interval", "50"], ["sched", "log"]):
        look(*args)
stop.set()
for thread in threads:
    thread.join()
check("looking while vGPUs come and go", not broken, broken)

print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
END
