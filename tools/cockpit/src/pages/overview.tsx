// SPDX-License-Identifier: GPL-2.0-only
import { EmptyState, EmptyStateBody, Gallery, PageSection } from "@patternfly/react-core";

import { useAnswer } from "../hooks/use_answer";
import { useMachine } from "../machine";
import { openvgpu } from "../openvgpu";
import { FailureAlert } from "../parts/failure_alert";
import { GpuCard } from "../parts/gpu_card";
import { HandedOverTable } from "../parts/handed_over_table";
import { Heading } from "../parts/heading";
import { Part } from "../parts/part";
import { VgpusTable } from "../parts/vgpus_table";
import { _ } from "../words";

/** GPUs and how they are, and all vGPUs. */
export function OverviewPage() {
    const { gpus, handedOver, events } = useMachine();
    const health = useAnswer(openvgpu.health, events.length, gpus.length);

    return (
        <>
            <Heading title={_("Virtual GPUs")} />
            {!gpus.length && !handedOver.length &&
                <PageSection>
                    <EmptyState titleText={_("No GPU is bound to the driver openvgpu")} headingLevel="h2">
                        <EmptyStateBody>{_("The page Doctor says what is missing on this machine.")}</EmptyStateBody>
                    </EmptyState>
                </PageSection>}
            {health.failure && gpus.length > 0 &&
                <PageSection><FailureAlert failure={health.failure} /></PageSection>}
            {gpus.length > 0 && <>
                <PageSection hasBodyWrapper={false}>
                    <Gallery hasGutter minWidths={{ default: "22rem" }}>
                        {gpus.map(gpu =>
                            <GpuCard key={gpu.gpu} gpu={gpu}
                                     checks={health.answer?.checks.filter(check => check.gpu === gpu.gpu) ?? []} />)}
                    </Gallery>
                </PageSection>
                <Part title={_("vGPUs")}>
                    <VgpusTable vgpus={gpus.flatMap(gpu => gpu.vgpus)} />
                </Part>
            </>}
            {handedOver.length > 0 &&
                <Part title={_("GPUs that another driver has")}>
                    <HandedOverTable gpus={handedOver} />
                </Part>}
        </>
    );
}
