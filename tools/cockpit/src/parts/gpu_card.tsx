// SPDX-License-Identifier: GPL-2.0-only
import {
    Alert, Card, CardBody, CardHeader, CardTitle, Progress, ProgressMeasureLocation, Stack, StackItem,
} from "@patternfly/react-core";

import { Link } from "./link";
import { StateLabel } from "./state_label";
import { paths, useMachine, userOf } from "../machine";
import type { Check, Gpu } from "../types";
import { _, memory, percent, say } from "../words";

interface Props {
    gpu: Gpu;
    checks: Check[];
}

/** A GPU: its state, how much of it is in use, and what is not well. */
export function GpuCard({ gpu, checks }: Props) {
    const { top } = useMachine();
    const total = Number(gpu.attributes.framebuffer_total ?? 0);
    const taken = total - Number(gpu.attributes.framebuffer_free ?? total);
    const busy = top?.gpus.find(one => one.gpu === gpu.gpu)?.busy_percent ?? null;
    const open = gpu.vgpus.filter(userOf).length;

    return (
        <Card component="section" aria-label={say("GPU $0", gpu.gpu)}>
            <CardHeader actions={{ actions: <StateLabel state={String(gpu.attributes.state ?? "?")} />, hasNoOffset: true }}>
                <CardTitle component="h2"><Link to={paths.gpu(gpu.gpu)}>{say("GPU $0", gpu.gpu)}</Link></CardTitle>
            </CardHeader>
            <CardBody>
                <Stack hasGutter>
                    <StackItem>
                        <Progress id={`memory-${gpu.gpu}`} title={_("Video memory of vGPUs")} size="sm"
                                  value={total ? 100 * taken / total : 0}
                                  label={say("$0 of $1", memory(taken), memory(total))}
                                  measureLocation={ProgressMeasureLocation.outside}
                                  valueText={say("$0 of $1", memory(taken), memory(total))} />
                    </StackItem>
                    <StackItem>
                        <Progress id={`busy-${gpu.gpu}`} title={_("Busy")} size="sm" value={busy ?? 0}
                                  label={percent(busy)} valueText={percent(busy)}
                                  measureLocation={ProgressMeasureLocation.outside} />
                    </StackItem>
                    <StackItem>{say("$0 vGPUs, $1 of them in use", gpu.vgpus.length, open)}</StackItem>
                    {checks.filter(check => check.state !== "ok").map((check, index) =>
                        <StackItem key={index}>
                            <Alert isInline isPlain variant={check.state === "fail" ? "danger" : "warning"}
                                   title={check.text} component="h3">
                                {check.advice}
                            </Alert>
                        </StackItem>)}
                </Stack>
            </CardBody>
        </Card>
    );
}
