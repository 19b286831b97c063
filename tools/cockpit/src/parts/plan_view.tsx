// SPDX-License-Identifier: GPL-2.0-only
import { Alert, List, ListItem } from "@patternfly/react-core";

import { FailureAlert } from "./failure_alert";
import { useAnswer } from "../hooks/use_answer";
import { openvgpu } from "../openvgpu";
import type { PlanStep } from "../types";
import { _, say } from "../words";

function sentence(step: PlanStep) {
    switch (step.step) {
    case "place": return say("$0 gets its place", step.name);
    case "move-vgpu": return say("vGPU $0, which nobody uses, moves", step.uuid ?? "");
    case "move-instance": return say("instance $0, which nobody uses, moves", step.instance);
    case "refuse": return say("$0 is refused: $1", step.name, step.reason ?? "");
    case "obstacle": return step.uuid
        ? say("vGPU $0 is in the way", step.uuid)
        : say("instance $0 is in the way", step.instance);
    }
}

/** What creating an instance of a profile would do, as the command plans it. */
export function PlanView({ gpu, profile }: { gpu: string; profile: string }) {
    const { answer, failure } = useAnswer(() => openvgpu.plan(gpu, profile), gpu, profile);

    if (failure)
        return <FailureAlert failure={failure} />;
    if (!answer)
        return null;
    return (
        <Alert isInline variant="info" title={_("What it would do")} component="h2">
            <List>
                {answer.steps.map((step, index) => <ListItem key={index}>{sentence(step)}</ListItem>)}
            </List>
        </Alert>
    );
}
