// SPDX-License-Identifier: GPL-2.0-only
import { Card, CardBody, CardHeader, CardTitle, PageSection } from "@patternfly/react-core";
import type { ReactNode } from "react";

interface Props {
    title: string;
    actions?: ReactNode;
    children: ReactNode;
}

/** A part of a page, with its heading. */
export function Part({ title, actions, children }: Props) {
    return (
        <PageSection hasBodyWrapper={false}>
            <Card component="section">
                <CardHeader {...(actions ? { actions: { actions, hasNoOffset: true } } : {})}>
                    <CardTitle component="h2">{title}</CardTitle>
                </CardHeader>
                <CardBody>{children}</CardBody>
            </Card>
        </PageSection>
    );
}
