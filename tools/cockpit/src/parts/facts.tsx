// SPDX-License-Identifier: GPL-2.0-only
import {
    DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm,
} from "@patternfly/react-core";
import type { ReactNode } from "react";

/** Names and what stands for them; an empty one is left out. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
    return (
        <DescriptionList isCompact isHorizontal horizontalTermWidthModifier={{ default: "20ch" }} columnModifier={{ lg: "2Col" }}>
            {facts.filter(([, what]) => what !== null && what !== undefined && what !== "").map(([name, what]) =>
                <DescriptionListGroup key={name}>
                    <DescriptionListTerm>{name}</DescriptionListTerm>
                    <DescriptionListDescription>{what}</DescriptionListDescription>
                </DescriptionListGroup>)}
        </DescriptionList>
    );
}
