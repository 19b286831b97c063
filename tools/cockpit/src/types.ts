// SPDX-License-Identifier: GPL-2.0-only
// The JSON of the command, as doc/json.md has it; only keys that the page uses.

export type Value = number | string;

export interface Answer {
    version: number;
}

export interface Vgpu {
    uuid: string;
    gpu: string;
    type: string;
    name: string;
    state: string | null;
    owner_pid: number | null;
    owner_name: string | null;
    owner_ended: boolean | null;
    iommu_group: number | null;
    guest_driver: string | null;
    guest_verdict: string | null;
    instance: number | null;
    tenant: string | null;
    notice: string | null;
    vm_name: string | null;
    vm_uuid: string | null;
}

export interface VgpuType {
    gpu: string;
    type: string;
    name: string;
    available_instances: number;
    max_instance: number | null;
    num_heads: number | null;
    framebuffer_bytes: number;
    compute_slices: number;
    why_unavailable: string | null;
    series: string | null;
    max_width: number | null;
    max_height: number | null;
}

export interface Instance {
    id: number;
    name: string;
    profile: string;
    compute_mask: number;
    compute_slices: number;
    memory_first: number;
    memory_slices: number;
    framebuffer_bytes: number;
    reserved: boolean;
    vgpus: number;
    scheduler: string | null;
}

export interface Gpu {
    gpu: string;
    uuid: string | null;
    vendor: string;
    device: string;
    attributes: Record<string, Value>;
    types: VgpuType[];
    vgpus: Vgpu[];
    instances: Instance[];
}

export interface Show extends Answer {
    gpus: Gpu[];
}

export interface ShowVgpu extends Answer {
    vgpu: Vgpu & { attributes: Record<string, Value>; stats: Record<string, Value> };
}

export interface HandedOver {
    gpu: string;
    driver: string;
    owner_pid: number | null;
    owner_name: string | null;
}

export interface List extends Answer {
    vgpus: Vgpu[];
    handed_over: HandedOver[];
}

export interface TopVgpu {
    uuid: string;
    share_percent: number | null;
    busy_percent: number | null;
    wait_percent: number | null;
    framebuffer_bytes: number | null;
    framebuffer_used_bytes: number | null;
}

export interface Top extends Answer {
    gpus: { gpu: string; busy_percent: number | null; vgpus: TopVgpu[] }[];
}

export interface Setting {
    of: "gpu" | "vgpu";
    name: string;
    kind: "number" | "choice" | "uuid" | "name";
    minimum: number | null;
    maximum: number | null;
    zero: boolean;
    choices: string[] | null;
    default: Value | null;
    scheduler: boolean;
    closed_only: boolean;
    for_now: boolean;
    meaning: string;
}

export interface Settings extends Answer {
    settings: Setting[];
}

export interface Created extends Answer {
    uuid: string;
}

export interface Profile {
    gpu: string;
    profile: string;
    compute_slices: number;
    memory_slices: number;
    framebuffer_bytes: number;
    available: number;
    usual: boolean;
}

export interface Profiles extends Answer {
    profiles: Profile[];
}

export interface PlanStep {
    step: "place" | "move-vgpu" | "move-instance" | "refuse" | "obstacle";
    name: string;
    reason: string | null;
    instance: number;
    uuid: string | null;
}

export interface Plan extends Answer {
    steps: PlanStep[];
}

/** Of doctor and of health. */
export interface Check {
    check: string;
    state: "ok" | "warn" | "fail";
    gpu: string | null;
    uuid: string | null;
    text: string;
    advice: string;
}

export interface Report extends Answer {
    state: Check["state"];
    checks: Check[];
}

/** A line of events; the other keys are missing when event is "lost". */
export interface VgpuEvent extends Answer {
    event: string;
    time?: string;
    uuid?: string | null;
    gpu?: string | null;
    type?: string | null;
    pid?: number | null;
    fault_name?: string | null;
    instance_name?: string | null;
    tenant?: string | null;
    notice?: string | null;
}
