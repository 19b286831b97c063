// SPDX-License-Identifier: GPL-2.0-only
import { Content } from "@patternfly/react-core";

import { Confirm } from "./confirm";
import { useMachine } from "../machine";
import { openvgpu } from "../openvgpu";
import type { VgpuType } from "../types";
import { _, memory, say, typeName } from "../words";

interface Props {
    type: VgpuType;
    close: () => void;
}

/** Asks before a vGPU is created, then shows it. */
export function CreateVgpu({ type, close }: Props) {
    const { again } = useMachine();

    return (
        <Confirm title={say("Create a vGPU of type $0?", typeName(type.type))} action={_("Create")}
                 act={() => openvgpu.create(type.gpu, type.type)} close={close}
                 done={() => { again(); close(); }}>
            <Content component="p">
                {say("It takes $0 of the video memory of GPU $1, and shares its time with the vGPUs there are. No VM is interrupted. It lasts until it is removed or the machine restarts.",
                     memory(type.framebuffer_bytes), type.gpu)}
            </Content>
        </Confirm>
    );
}
