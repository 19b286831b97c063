// SPDX-License-Identifier: GPL-2.0-only
import { ExpandableSection } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";

import type { Value } from "../types";
import { _ } from "../words";

/** All counters of a vGPU, by their names in sysfs. */
export function CountersTable({ counters }: { counters: Record<string, Value> }) {
    const [shown, setShown] = useState(false);

    return (
        <ExpandableSection isExpanded={shown} onToggle={(_event, value) => setShown(value)}
                           toggleText={shown ? _("Hide counters") : _("Show counters")}>
            <Table aria-label={_("Counters")} variant="compact">
                <Thead>
                    <Tr>
                        <Th>{_("Counter")}</Th>
                        <Th>{_("Value")}</Th>
                    </Tr>
                </Thead>
                <Tbody>
                    {Object.entries(counters).map(([name, value]) =>
                        <Tr key={name}>
                            <Td dataLabel={_("Counter")}>{name}</Td>
                            <Td dataLabel={_("Value")}>{value}</Td>
                        </Tr>)}
                </Tbody>
            </Table>
        </ExpandableSection>
    );
}
