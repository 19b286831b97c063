// SPDX-License-Identifier: GPL-2.0-only
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";

import { Link } from "./link";
import { paths } from "../machine";
import type { VgpuEvent } from "../types";
import { _, say } from "../words";

function details(event: VgpuEvent) {
    if (event.event === "lost")
        return _("events came too fast, and some are missing");
    return [
        event.pid ? say("by process $0", event.pid) : "",
        event.fault_name ?? "",
        event.instance_name ?? "",
        event.tenant ?? "",
        event.notice ?? "",
    ].filter(Boolean).join(", ") || "-";
}

function time(event: VgpuEvent) {
    return event.time ? new Date(event.time).toLocaleTimeString(cockpit.language.replace("_", "-")) : "-";
}

/** Events, newest first. */
export function EventsTable({ events }: { events: VgpuEvent[] }) {
    return (
        <Table aria-label={_("Events")} variant="compact">
            <Thead>
                <Tr>
                    <Th>{_("Time")}</Th>
                    <Th>{_("Event")}</Th>
                    <Th>{_("vGPU")}</Th>
                    <Th>{_("GPU")}</Th>
                    <Th>{_("Details")}</Th>
                </Tr>
            </Thead>
            <Tbody>
                {events.map((event, index) =>
                    <Tr key={events.length - index}>
                        <Td dataLabel={_("Time")}>{time(event)}</Td>
                        <Td dataLabel={_("Event")}>{event.event}</Td>
                        <Td dataLabel={_("vGPU")} className="uuid">
                            {event.uuid ? <Link to={paths.vgpu(event.uuid)}>{event.uuid}</Link> : "-"}
                        </Td>
                        <Td dataLabel={_("GPU")}>{event.gpu ?? "-"}</Td>
                        <Td dataLabel={_("Details")}>{details(event)}</Td>
                    </Tr>)}
            </Tbody>
        </Table>
    );
}
