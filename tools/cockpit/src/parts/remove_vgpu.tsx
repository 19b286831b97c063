// SPDX-License-Identifier: GPL-2.0-only
import { Checkbox, Content, Stack, StackItem } from "@patternfly/react-core";
import { useState } from "react";

import { Breaks } from "./breaks";
import { Confirm } from "./confirm";
import { useMachine, userOf } from "../machine";
import { openvgpu } from "../openvgpu";
import type { Vgpu } from "../types";
import { _, memory, say, typeName } from "../words";

interface Props {
    vgpu: Vgpu;
    close: () => void;
    done: () => void;
}

/** Asks before a vGPU is removed. One that is in use needs a second consent. */
export function RemoveVgpu({ vgpu, close, done }: Props) {
    const { gpus, again } = useMachine();
    const [force, setForce] = useState(false);
    const user = userOf(vgpu);
    const type = gpus.find(gpu => gpu.gpu === vgpu.gpu)?.types.find(one => one.type === vgpu.type);

    return (
        <Confirm title={_("Remove this vGPU?")} action={_("Remove")} danger disabled={user !== null && !force}
                 act={() => openvgpu.remove(vgpu.uuid, force)} close={close}
                 done={() => { again(); done(); }}>
            <Stack hasGutter>
                <StackItem>
                    <Content component="p">
                        {say("vGPU $0 of type $1 goes, and what is in its video memory of $2 with it.", vgpu.uuid,
                             typeName(vgpu.type), memory(type?.framebuffer_bytes ?? 0))}
                    </Content>
                </StackItem>
                {user && <>
                    <StackItem>
                        <Breaks title={_("It is in use. It breaks the work of:")} vgpus={[vgpu]} />
                    </StackItem>
                    <StackItem>
                        <Checkbox id="force" isChecked={force} onChange={(_event, checked) => setForce(checked)}
                                  label={say("Ask $0 to let go of it, and wait until it has", user)} />
                    </StackItem>
                </>}
            </Stack>
        </Confirm>
    );
}
