// SPDX-License-Identifier: GPL-2.0-only
import { Alert, List, ListItem } from "@patternfly/react-core";

import { userOf } from "../machine";
import type { Vgpu } from "../types";
import { say, typeName } from "../words";

interface Props {
    title: string;
    vgpus: Vgpu[];
}

/** Names those that feel a change: who uses which vGPU. Nothing, if nobody does. */
export function Breaks({ title, vgpus }: Props) {
    const used = vgpus.filter(vgpu => userOf(vgpu));

    if (!used.length)
        return null;
    return (
        <Alert isInline variant="warning" title={title} component="h2">
            <List>
                {used.map(vgpu =>
                    <ListItem key={vgpu.uuid}>
                        {say("$0: vGPU $1, $2", userOf(vgpu) ?? "", vgpu.uuid, typeName(vgpu.type))}
                    </ListItem>)}
            </List>
        </Alert>
    );
}
