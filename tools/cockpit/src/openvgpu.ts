// SPDX-License-Identifier: GPL-2.0-only
// The only module that reaches the machine: it runs the command, always with --json.

import type {
    Answer, Created, List, Plan, Profiles, Report, Settings, Show, ShowVgpu, Top, Value, VgpuEvent,
} from "./types";
import { _ } from "./words";

const VERSION = 1;

/** The command's own words for why it failed. */
export class Failure extends Error {}

type Rights = "try" | "require";

const spawn = (args: string[], superuser: Rights) =>
    cockpit.spawn(["openvgpu", ...args, "--json"], { superuser, err: "message" });

function parse<T extends Answer>(output: string): T | null {
    try {
        const answer = JSON.parse(output) as T;
        return answer.version === VERSION ? answer : null;
    } catch {
        return null;
    }
}

function reason(failure: CockpitFailure, answer: Answer | null): Failure {
    const error = (answer as { error?: { message: string } } | null)?.error;

    if (failure.problem === "not-found")
        return new Failure(_("The command openvgpu is not installed on this machine."));
    if (failure.problem === "access-denied")
        return new Failure(_("Administrative access is needed."));
    return new Failure(error?.message ?? failure.message);
}

/** Runs the command; a report that says what is wrong (doctor, health) is an answer, too. */
function run<T extends Answer>(args: string[], rights: Rights): Promise<T> {
    return new Promise((resolve, reject) => {
        spawn(args, rights).then(
            output => {
                const answer = parse<T>(output);
                if (answer)
                    resolve(answer);
                else
                    reject(new Failure(_("The command openvgpu is of another version than this page.")));
            },
            (failure, output) => {
                const answer = parse<T>(output);
                if (answer && !("error" in answer))
                    resolve(answer);
                else
                    reject(reason(failure, answer));
            });
    });
}

/**
 * Runs a command that prints an object a line until it is stopped.
 * Returns what stops it; ended is not called then.
 */
function follow<T extends Answer>(args: string[], each: (answer: T) => void, ended: (failure: Failure) => void) {
    let rest = "", stopped = false;
    const process = spawn([...args, "--follow"], "try").stream(text => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
            const answer = parse<T>(line);
            if (answer && !stopped)
                each(answer);
        }
    });
    const end = (failure: Failure) => {
        if (!stopped)
            ended(failure);
    };

    process.then(() => end(new Failure(_("The command openvgpu has ended."))),
                 failure => end(reason(failure, null)));
    return () => {
        stopped = true;
        process.close("cancelled");
    };
}

const read = <T extends Answer>(...args: string[]) => run<T>(args, "try");
const change = <T extends Answer>(...args: string[]) => run<T>(args, "require");
const words = (values: Record<string, Value>) =>
    Object.entries(values).map(([name, value]) => `${name}=${value}`);

export const openvgpu = {
    show: () => read<Show>("show"),
    showVgpu: (uuid: string) => read<ShowVgpu>("show", uuid),
    libvirt: (uuid: string) => read<Answer & { libvirt: string }>("show", uuid, "--libvirt"),
    qemu: (uuid: string) => read<Answer & { qemu: string }>("show", uuid, "--qemu"),
    list: () => read<List>("list"),
    settings: () => read<Settings>("settings"),
    health: () => read<Report>("health"),
    doctor: () => read<Report>("doctor"),
    profiles: () => read<Profiles>("instance", "profiles"),
    plan: (gpu: string, request: string) => read<Plan>("instance", "plan", request, "--gpu", gpu),

    top: (each: (top: Top) => void, ended: (failure: Failure) => void) =>
        follow<Top>(["top", "--interval", "2s"], each, ended),
    events: (each: (event: VgpuEvent) => void, ended: (failure: Failure) => void) =>
        follow<VgpuEvent>(["events"], each, ended),

    create: (gpu: string, type: string) => change<Created>("create", type, "--gpu", gpu),
    remove: (uuid: string, force: boolean) => change("remove", uuid, ...(force ? ["--force"] : [])),
    set: (of: string, values: Record<string, Value>) => change("set", of, ...words(values)),
    createInstance: (gpu: string, profile: string, name: string) =>
        change("instance", "create", profile, "--gpu", gpu, ...(name ? ["--name", name] : [])),
    removeInstance: (gpu: string, name: string) => change("instance", "remove", name, "--gpu", gpu),
};
