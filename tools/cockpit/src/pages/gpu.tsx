// SPDX-License-Identifier: GPL-2.0-only
import { Spinner } from "@patternfly/react-core";

import { useAnswer } from "../hooks/use_answer";
import { useMachine } from "../machine";
import { openvgpu } from "../openvgpu";
import { FailureAlert } from "../parts/failure_alert";
import { Facts } from "../parts/facts";
import { Gone } from "../parts/gone";
import { Heading } from "../parts/heading";
import { Part } from "../parts/part";
import { SettingsForm } from "../parts/settings_form";
import { StateLabel } from "../parts/state_label";
import { TypesTable } from "../parts/types_table";
import { VgpusTable } from "../parts/vgpus_table";
import { _, memory, percent, say } from "../words";

/** A GPU: what it is, which vGPUs it has and could have, its settings. */
export function GpuPage({ address }: { address: string }) {
    const { gpus, top, again } = useMachine();
    const settings = useAnswer(openvgpu.settings);
    const gpu = gpus.find(one => one.gpu === address);

    if (!gpu)
        return <Gone title={say("There is no GPU $0", address)} />;
    const { attributes } = gpu;
    const bytes = (name: string) => attributes[name] === undefined ? null : memory(Number(attributes[name]));

    return (
        <>
            <Heading below title={say("GPU $0", gpu.gpu)} />
            <Part title={_("What it is")}>
                <Facts facts={[
                    [_("State"), <StateLabel key="state" state={String(attributes.state ?? "?")} />],
                    [_("Busy"), percent(top?.gpus.find(one => one.gpu === gpu.gpu)?.busy_percent)],
                    [_("Family"), attributes.family],
                    [_("PCI device"), `${gpu.vendor}:${gpu.device}`],
                    [_("UUID"), gpu.uuid],
                    [_("Video memory"), bytes("framebuffer_total")],
                    [_("Free video memory"), bytes("framebuffer_free")],
                    [_("Compute slices"), attributes.compute_slices],
                    [_("Why the last request was refused"), attributes.last_error],
                ]} />
            </Part>
            <Part title={_("vGPUs")}><VgpusTable vgpus={gpu.vgpus} /></Part>
            <Part title={_("Types of vGPUs")}><TypesTable types={gpu.types} /></Part>
            <Part title={_("Settings")}>
                {settings.failure && <FailureAlert failure={settings.failure} />}
                {settings.answer
                    ? <SettingsForm settings={settings.answer.settings.filter(one => one.of === "gpu")}
                                    values={attributes} vgpus={gpu.vgpus} done={again}
                                    set={values => openvgpu.set(gpu.gpu, values)} />
                    : !settings.failure && <Spinner aria-label={_("Asking the machine")} />}
            </Part>
        </>
    );
}
