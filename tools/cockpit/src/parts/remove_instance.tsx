// SPDX-License-Identifier: GPL-2.0-only
import { Alert, Content, List, ListItem, Stack, StackItem } from "@patternfly/react-core";

import { Confirm } from "./confirm";
import { useMachine } from "../machine";
import { openvgpu } from "../openvgpu";
import type { Gpu, Instance } from "../types";
import { _, say, typeName } from "../words";

interface Props {
    gpu: Gpu;
    instance: Instance;
    close: () => void;
}

/** Asks before an instance is removed. One that has vGPUs stays, and they are named. */
export function RemoveInstance({ gpu, instance, close }: Props) {
    const { again } = useMachine();
    const members = gpu.vgpus.filter(vgpu => vgpu.instance === instance.id);

    return (
        <Confirm title={say("Remove instance $0?", instance.name)} action={_("Remove")} danger
                 disabled={members.length > 0} close={close}
                 act={() => openvgpu.removeInstance(gpu.gpu, instance.name)}
                 done={() => { again(); close(); }}>
            <Stack hasGutter>
                <StackItem>
                    <Content component="p">
                        {say("The $0 compute slices of $1 go back to the pool, whose vGPUs get faster by them.",
                             instance.compute_slices, instance.name)}
                    </Content>
                </StackItem>
                {members.length > 0 &&
                    <StackItem>
                        <Alert isInline variant="warning" title={_("It has vGPUs, which have to be removed first:")}
                               component="h2">
                            <List>
                                {members.map(vgpu =>
                                    <ListItem key={vgpu.uuid}>{vgpu.uuid}, {typeName(vgpu.type)}</ListItem>)}
                            </List>
                        </Alert>
                    </StackItem>}
            </Stack>
        </Confirm>
    );
}
