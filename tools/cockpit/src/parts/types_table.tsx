// SPDX-License-Identifier: GPL-2.0-only
import { Button } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";

import { CreateVgpu } from "./create_vgpu";
import { useMachine } from "../machine";
import type { VgpuType } from "../types";
import { _, memory, say, typeName } from "../words";

/** The types of a GPU: how many there is room for, or why there is none. */
export function TypesTable({ types }: { types: VgpuType[] }) {
    const { admin } = useMachine();
    const [chosen, setChosen] = useState<VgpuType | null>(null);

    return (
        <>
            <Table aria-label={_("Types of vGPUs")} variant="compact">
                <Thead>
                    <Tr>
                        <Th>{_("Type")}</Th>
                        <Th>{_("For")}</Th>
                        <Th modifier="nowrap">{_("Video memory")}</Th>
                        <Th>{_("Displays")}</Th>
                        <Th modifier="nowrap">{_("Compute slices")}</Th>
                        <Th width={30}>{_("Room for")}</Th>
                        <Th screenReaderText={_("Actions")} />
                    </Tr>
                </Thead>
                <Tbody>
                    {types.map(type =>
                        <Tr key={type.type}>
                            <Td dataLabel={_("Type")}>{typeName(type.type)}</Td>
                            <Td dataLabel={_("For")}>{type.series ?? "-"}</Td>
                            <Td dataLabel={_("Video memory")}>{memory(type.framebuffer_bytes)}</Td>
                            <Td dataLabel={_("Displays")}>
                                {type.num_heads && type.max_width
                                    ? say("$0, up to $1 × $2", type.num_heads, type.max_width, type.max_height ?? 0)
                                    : "-"}
                            </Td>
                            <Td dataLabel={_("Compute slices")}>{type.compute_slices || _("shared")}</Td>
                            <Td dataLabel={_("Room for")}>
                                {type.available_instances || say("none: $0", type.why_unavailable ?? _("no reason is known"))}
                            </Td>
                            <Td dataLabel={_("Actions")} className="actions">
                                <Button variant="secondary" size="sm" onClick={() => setChosen(type)}
                                        isDisabled={!admin || !type.available_instances}
                                        aria-label={say("Create a vGPU of type $0", typeName(type.type))}>
                                    {_("Create")}
                                </Button>
                            </Td>
                        </Tr>)}
                </Tbody>
            </Table>
            {chosen && <CreateVgpu type={chosen} close={() => setChosen(null)} />}
        </>
    );
}
