// SPDX-License-Identifier: GPL-2.0-only
import { ClipboardCopy, ClipboardCopyVariant, Content, Stack, StackItem } from "@patternfly/react-core";

import { FailureAlert } from "./failure_alert";
import { useAnswer } from "../hooks/use_answer";
import { openvgpu } from "../openvgpu";
import type { Vgpu } from "../types";
import { _ } from "../words";

const ask = (uuid: string) => Promise.all([openvgpu.libvirt(uuid), openvgpu.qemu(uuid)]);

/** What one pastes to give a vGPU to a VM. */
export function Attach({ vgpu }: { vgpu: Vgpu }) {
    const { answer, failure } = useAnswer(() => ask(vgpu.uuid), vgpu.uuid);

    if (failure)
        return <FailureAlert failure={failure} />;
    if (!answer)
        return null;
    const [{ libvirt }, { qemu }] = answer;
    const blocks = [
        [_("For libvirt: an element of <devices> of the domain"), libvirt],
        [_("For QEMU: an argument"), qemu],
    ] as const;

    return (
        <Stack hasGutter>
            {blocks.map(([title, text]) =>
                <StackItem key={title}>
                    <Content component="p">{title}</Content>
                    <ClipboardCopy isReadOnly isCode isExpanded variant={ClipboardCopyVariant.expansion}
                                   hoverTip={_("Copy")} clickTip={_("Copied")} textAriaLabel={title}
                                   copyAriaLabel={_("Copy")} toggleAriaLabel={_("Show all of it")}>
                        {text}
                    </ClipboardCopy>
                </StackItem>)}
        </Stack>
    );
}
