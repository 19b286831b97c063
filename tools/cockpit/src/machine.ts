// SPDX-License-Identifier: GPL-2.0-only
// What the machine has, for all pages.

import { createContext, useContext } from "react";

import type { Gpu, HandedOver, Top, TopVgpu, Vgpu, VgpuEvent } from "./types";

export interface Machine {
    gpus: Gpu[];
    handedOver: HandedOver[];
    top: Top | null;
    events: VgpuEvent[];
    eventsFailure: Error | null;
    admin: boolean;
    /** Looks again, after something was changed. */
    again: () => void;
}

export const MachineContext = createContext<Machine | null>(null);

export function useMachine(): Machine {
    const machine = useContext(MachineContext);

    if (!machine)
        throw new Error("a page outside of the app");
    return machine;
}

/** How much a vGPU gets now. */
export const shareOf = (top: Top | null, vgpu: Vgpu): TopVgpu | undefined =>
    top?.gpus.find(gpu => gpu.gpu === vgpu.gpu)?.vgpus.find(one => one.uuid === vgpu.uuid);

/** Who has a vGPU open, in words; null: nobody. */
export function userOf(vgpu: Vgpu): string | null {
    if (vgpu.owner_pid === null)
        return null;
    return vgpu.vm_name ?? `${vgpu.owner_name ?? "?"} (${vgpu.owner_pid})`;
}

/** Where the pages are. */
export const paths = {
    overview: [] as string[],
    gpu: (gpu: string) => ["gpu", gpu],
    vgpu: (uuid: string) => ["vgpu", uuid],
    instances: ["instances"],
    events: ["events"],
    doctor: ["doctor"],
};
