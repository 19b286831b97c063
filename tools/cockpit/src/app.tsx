// SPDX-License-Identifier: GPL-2.0-only
import { EmptyState, EmptyStateBody, Page, PageSection, Spinner } from "@patternfly/react-core";
import { useEffect, type ReactElement } from "react";

import { useAdmin } from "./hooks/use_admin";
import { useAnswer } from "./hooks/use_answer";
import { useEvents } from "./hooks/use_events";
import { usePath } from "./hooks/use_path";
import { useTop } from "./hooks/use_top";
import { MachineContext } from "./machine";
import { openvgpu } from "./openvgpu";
import { DoctorPage } from "./pages/doctor";
import { EventsPage } from "./pages/events";
import { GpuPage } from "./pages/gpu";
import { InstancesPage } from "./pages/instances";
import { OverviewPage } from "./pages/overview";
import { VgpuPage } from "./pages/vgpu";
import { FailureAlert } from "./parts/failure_alert";
import { Menu } from "./parts/menu";
import { _ } from "./words";

const ask = () => Promise.all([openvgpu.show(), openvgpu.list()]);

const names = (gpus: { vgpus: { uuid: string }[] }[]) =>
    gpus.flatMap(gpu => gpu.vgpus.map(vgpu => vgpu.uuid)).sort().join(" ");

function page(path: string[]): ReactElement {
    const [name, which = ""] = path;

    switch (name) {
    case "gpu": return <GpuPage key={which} address={which} />;
    case "vgpu": return <VgpuPage key={which} uuid={which} />;
    case "instances": return <InstancesPage />;
    case "events": return <EventsPage />;
    case "doctor": return <DoctorPage />;
    default: return <OverviewPage />;
    }
}

/** The whole page: asks for the machine, and again at each event. */
export function App() {
    const path = usePath();
    const admin = useAdmin();
    const { answer, failure, again } = useAnswer(ask, admin);
    const { events, failure: eventsFailure } = useEvents(again);
    const [show, list] = answer ?? [null, null];
    const top = useTop(show?.gpus.map(gpu => gpu.gpu).join(" ") ?? "");

    // An event may have come before anybody listened, or be lost.
    useEffect(() => {
        if (show && top && names(top.gpus) !== names(show.gpus))
            again();
    }, [top]);

    return (
        <Page isContentFilled className="pf-m-no-sidebar">
            <Menu current={path[0] ?? ""} divisible={!!show?.gpus.some(gpu => gpu.attributes.compute_slices)} />
            {failure && <PageSection><FailureAlert failure={failure} /></PageSection>}
            {show && list
                ? <MachineContext.Provider value={{ gpus: show.gpus, handedOver: list.handed_over, top, events,
                                                    eventsFailure, admin, again }}>
                    {page(path)}
                </MachineContext.Provider>
                : !failure && <PageSection>
                    <EmptyState icon={Spinner} titleText={_("Virtual GPUs")} headingLevel="h1">
                        <EmptyStateBody>{_("Asking the machine")}</EmptyStateBody>
                    </EmptyState>
                </PageSection>}
        </Page>
    );
}
