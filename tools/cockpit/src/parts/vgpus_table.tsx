// SPDX-License-Identifier: GPL-2.0-only
import { Button, Content } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";

import { Link } from "./link";
import { RemoveVgpu } from "./remove_vgpu";
import { StateLabel } from "./state_label";
import { paths, shareOf, useMachine, userOf } from "../machine";
import type { Vgpu } from "../types";
import { _, memory, percent, say, typeName } from "../words";

/** vGPUs, who uses them and what they get now. */
export function VgpusTable({ vgpus }: { vgpus: Vgpu[] }) {
    const { admin, top } = useMachine();
    const [chosen, setChosen] = useState<Vgpu | null>(null);

    if (!vgpus.length)
        return <Content component="p">{_("There are no vGPUs.")}</Content>;
    return (
        <>
            <Table aria-label={_("vGPUs")} variant="compact" gridBreakPoint="grid-xl">
                <Thead>
                    <Tr>
                        <Th>{_("vGPU")}</Th>
                        <Th>{_("GPU")}</Th>
                        <Th>{_("Type")}</Th>
                        <Th>{_("State")}</Th>
                        <Th modifier="nowrap">{_("Used by")}</Th>
                        <Th modifier="nowrap">{_("Share")}</Th>
                        <Th modifier="nowrap">{_("Waits")}</Th>
                        <Th modifier="nowrap">{_("Memory in use")}</Th>
                        <Th screenReaderText={_("Actions")} />
                    </Tr>
                </Thead>
                <Tbody>
                    {vgpus.map(vgpu => {
                        const share = shareOf(top, vgpu);

                        return (
                            <Tr key={vgpu.uuid}>
                                <Td dataLabel={_("vGPU")} className="uuid">
                                    <Link to={paths.vgpu(vgpu.uuid)}>{vgpu.uuid}</Link>
                                </Td>
                                <Td dataLabel={_("GPU")}>{vgpu.gpu}</Td>
                                <Td dataLabel={_("Type")}>{typeName(vgpu.type)}</Td>
                                <Td dataLabel={_("State")}><StateLabel state={vgpu.state ?? "?"} /></Td>
                                <Td dataLabel={_("Used by")}>{userOf(vgpu) ?? "-"}</Td>
                                <Td dataLabel={_("Share")}>{percent(share?.share_percent)}</Td>
                                <Td dataLabel={_("Waits")}>{percent(share?.wait_percent)}</Td>
                                <Td dataLabel={_("Memory in use")}>
                                    {share?.framebuffer_bytes
                                        ? say("$0 of $1", memory(share.framebuffer_used_bytes ?? 0), memory(share.framebuffer_bytes))
                                        : "-"}
                                </Td>
                                <Td dataLabel={_("Actions")} className="actions">
                                    <Button variant="secondary" size="sm" isDanger isDisabled={!admin}
                                            onClick={() => setChosen(vgpu)}
                                            aria-label={say("Remove vGPU $0", vgpu.uuid)}>
                                        {_("Remove")}
                                    </Button>
                                </Td>
                            </Tr>
                        );
                    })}
                </Tbody>
            </Table>
            {chosen && <RemoveVgpu vgpu={chosen} close={() => setChosen(null)} done={() => setChosen(null)} />}
        </>
    );
}
