// SPDX-License-Identifier: GPL-2.0-only
import { Button } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";

import { RemoveInstance } from "./remove_instance";
import { useMachine } from "../machine";
import type { Gpu, Instance } from "../types";
import { _, memory, say } from "../words";

function slices(mask: number) {
    return Array.from({ length: 32 }, (_slice, index) => index).filter(index => (mask >>> index) & 1).join(", ");
}

/** GPU instances, and what no instance has. */
export function InstancesTable({ gpu }: { gpu: Gpu }) {
    const { admin } = useMachine();
    const [chosen, setChosen] = useState<Instance | null>(null);
    const all = 2 ** Number(gpu.attributes.compute_slices) - 1;
    const pool = gpu.instances.reduce((left, instance) => left & ~instance.compute_mask, all);
    const inPool = gpu.vgpus.filter(vgpu => !vgpu.instance).length;

    return (
        <>
            <Table aria-label={say("Instances of GPU $0", gpu.gpu)} variant="compact">
                <Thead>
                    <Tr>
                        <Th>{_("Name")}</Th>
                        <Th>{_("Profile")}</Th>
                        <Th modifier="nowrap">{_("Compute slices")}</Th>
                        <Th modifier="nowrap">{_("Video memory")}</Th>
                        <Th>{_("vGPUs")}</Th>
                        <Th>{_("Scheduler")}</Th>
                        <Th screenReaderText={_("Actions")} />
                    </Tr>
                </Thead>
                <Tbody>
                    {gpu.instances.map(instance =>
                        <Tr key={instance.id}>
                            <Td dataLabel={_("Name")}>{instance.name}</Td>
                            <Td dataLabel={_("Profile")}>{instance.profile}</Td>
                            <Td dataLabel={_("Compute slices")}>{slices(instance.compute_mask)}</Td>
                            <Td dataLabel={_("Video memory")}>{memory(instance.framebuffer_bytes)}</Td>
                            <Td dataLabel={_("vGPUs")}>{instance.vgpus}</Td>
                            <Td dataLabel={_("Scheduler")}>{instance.scheduler ?? "-"}</Td>
                            <Td dataLabel={_("Actions")} className="actions">
                                <Button variant="secondary" size="sm" isDanger isDisabled={!admin}
                                        onClick={() => setChosen(instance)}
                                        aria-label={say("Remove instance $0", instance.name)}>
                                    {_("Remove")}
                                </Button>
                            </Td>
                        </Tr>)}
                    <Tr>
                        <Td dataLabel={_("Name")}>{_("pool")}</Td>
                        <Td dataLabel={_("Profile")}>-</Td>
                        <Td dataLabel={_("Compute slices")}>{slices(pool) || "-"}</Td>
                        <Td dataLabel={_("Video memory")}>-</Td>
                        <Td dataLabel={_("vGPUs")}>{inPool}</Td>
                        <Td dataLabel={_("Scheduler")}>-</Td>
                        <Td />
                    </Tr>
                </Tbody>
            </Table>
            {chosen && <RemoveInstance gpu={gpu} instance={chosen} close={() => setChosen(null)} />}
        </>
    );
}
