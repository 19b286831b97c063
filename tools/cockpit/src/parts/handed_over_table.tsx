// SPDX-License-Identifier: GPL-2.0-only
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";

import type { HandedOver } from "../types";
import { _ } from "../words";

/** Whole GPUs that went to a VM, or to the host's own driver. */
export function HandedOverTable({ gpus }: { gpus: HandedOver[] }) {
    return (
        <Table aria-label={_("GPUs that another driver has")} variant="compact">
            <Thead>
                <Tr>
                    <Th>{_("GPU")}</Th>
                    <Th>{_("Driver")}</Th>
                    <Th>{_("Used by")}</Th>
                </Tr>
            </Thead>
            <Tbody>
                {gpus.map(gpu =>
                    <Tr key={gpu.gpu}>
                        <Td dataLabel={_("GPU")}>{gpu.gpu}</Td>
                        <Td dataLabel={_("Driver")}>{gpu.driver}</Td>
                        <Td dataLabel={_("Used by")}>
                            {gpu.owner_pid === null ? "-" : `${gpu.owner_name ?? "?"} (${gpu.owner_pid})`}
                        </Td>
                    </Tr>)}
            </Tbody>
        </Table>
    );
}
