// SPDX-License-Identifier: GPL-2.0-only
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";

import { Link } from "./link";
import { StateLabel } from "./state_label";
import { paths } from "../machine";
import type { Check } from "../types";
import { _ } from "../words";

function About({ check }: { check: Check }) {
    if (check.uuid)
        return <Link to={paths.vgpu(check.uuid)}>{check.uuid}</Link>;
    return check.gpu ? <Link to={paths.gpu(check.gpu)}>{check.gpu}</Link> : _("this machine");
}

/** What doctor or health saw, the worst first. */
export function ChecksTable({ label, checks }: { label: string; checks: Check[] }) {
    const order = ["fail", "warn", "ok"];
    const sorted = [...checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));

    return (
        <Table aria-label={label} variant="compact">
            <Thead>
                <Tr>
                    <Th>{_("State")}</Th>
                    <Th>{_("About")}</Th>
                    <Th>{_("Check")}</Th>
                    <Th>{_("What was seen")}</Th>
                    <Th>{_("What to do")}</Th>
                </Tr>
            </Thead>
            <Tbody>
                {sorted.map((check, index) =>
                    <Tr key={index}>
                        <Td dataLabel={_("State")}><StateLabel state={check.state} /></Td>
                        <Td dataLabel={_("About")}><About check={check} /></Td>
                        <Td dataLabel={_("Check")}>{check.check}</Td>
                        <Td dataLabel={_("What was seen")}>{check.text}</Td>
                        <Td dataLabel={_("What to do")}>{check.advice || "-"}</Td>
                    </Tr>)}
            </Tbody>
        </Table>
    );
}
