// SPDX-License-Identifier: GPL-2.0-only
import { Button, PageSection, Spinner } from "@patternfly/react-core";
import { useState } from "react";

import { useAnswer } from "../hooks/use_answer";
import { paths, shareOf, useMachine, userOf } from "../machine";
import { openvgpu } from "../openvgpu";
import { Attach } from "../parts/attach";
import { CountersTable } from "../parts/counters_table";
import { FailureAlert } from "../parts/failure_alert";
import { Facts } from "../parts/facts";
import { Gone } from "../parts/gone";
import { Heading } from "../parts/heading";
import { Link } from "../parts/link";
import { Part } from "../parts/part";
import { RemoveVgpu } from "../parts/remove_vgpu";
import { SettingsForm } from "../parts/settings_form";
import { StateLabel } from "../parts/state_label";
import type { Vgpu } from "../types";
import { _, percent, say, typeName } from "../words";

const ask = (uuid: string) => Promise.all([openvgpu.showVgpu(uuid), openvgpu.settings()]);

function Details({ vgpu, removed }: { vgpu: Vgpu; removed: () => void }) {
    const { admin, top, again, events } = useMachine();
    const [removing, setRemoving] = useState(false);
    const { answer, failure, again: askAgain } = useAnswer(() => ask(vgpu.uuid), vgpu.uuid, vgpu.state, events.length);
    const share = shareOf(top, vgpu);

    return (
        <>
            <Heading below title={say("vGPU $0", vgpu.uuid)}
                     actions={<Button variant="secondary" isDanger isDisabled={!admin} onClick={() => setRemoving(true)}>
                         {_("Remove")}
                     </Button>} />
            {failure && <PageSection><FailureAlert failure={failure} /></PageSection>}
            <Part title={_("What it is")}>
                <Facts facts={[
                    [_("State"), <StateLabel key="state" state={vgpu.state ?? "?"} />],
                    [_("Type"), typeName(vgpu.type)],
                    [_("GPU"), <Link key="gpu" to={paths.gpu(vgpu.gpu)}>{vgpu.gpu}</Link>],
                    [_("Used by"), userOf(vgpu) ?? _("nobody")],
                    [_("UUID of the VM"), vgpu.vm_uuid],
                    [_("Driver of the guest"), vgpu.guest_driver],
                    [_("Instance"), vgpu.instance],
                    [_("Tenant"), vgpu.tenant],
                    [_("Why it has ceilings"), vgpu.notice],
                    [_("Share"), percent(share?.share_percent)],
                    [_("Busy"), percent(share?.busy_percent)],
                    [_("Waits"), percent(share?.wait_percent)],
                ]} />
            </Part>
            <Part title={_("Give it to a VM")}><Attach vgpu={vgpu} /></Part>
            {answer
                ? <>
                    <Part title={_("Settings")}>
                        <SettingsForm settings={answer[1].settings.filter(one => one.of === "vgpu")}
                                      values={answer[0].vgpu.attributes} vgpus={[vgpu]} open={userOf(vgpu) !== null}
                                      set={values => openvgpu.set(vgpu.uuid, values)}
                                      done={() => { askAgain(); again(); }} />
                    </Part>
                    <Part title={_("Counters")}><CountersTable counters={answer[0].vgpu.stats} /></Part>
                </>
                : !failure && <PageSection><Spinner aria-label={_("Asking the machine")} /></PageSection>}
            {removing && <RemoveVgpu vgpu={vgpu} close={() => setRemoving(false)} done={removed} />}
        </>
    );
}

/** A vGPU: who uses it, what it gets, how a VM gets it, its settings. */
export function VgpuPage({ uuid }: { uuid: string }) {
    const { gpus } = useMachine();
    const vgpu = gpus.flatMap(gpu => gpu.vgpus).find(one => one.uuid === uuid);

    if (!vgpu)
        return <Gone title={say("There is no vGPU $0", uuid)} />;
    return <Details vgpu={vgpu} removed={() => cockpit.location.go(paths.overview)} />;
}
