// SPDX-License-Identifier: GPL-2.0-only
import { Content, PageSection } from "@patternfly/react-core";

import { useMachine } from "../machine";
import { EventsTable } from "../parts/events_table";
import { FailureAlert } from "../parts/failure_alert";
import { Heading } from "../parts/heading";
import { Part } from "../parts/part";
import { _ } from "../words";

/** What happened to vGPUs since the page was opened. */
export function EventsPage() {
    const { events, eventsFailure } = useMachine();

    return (
        <>
            <Heading title={_("Events")} />
            {eventsFailure && <PageSection><FailureAlert failure={eventsFailure} /></PageSection>}
            <Part title={_("Since this page was opened")}>
                {events.length
                    ? <EventsTable events={events} />
                    : <Content component="p">{_("Nothing has happened yet.")}</Content>}
            </Part>
        </>
    );
}
