// SPDX-License-Identifier: GPL-2.0-only
import { EmptyState, EmptyStateBody, PageSection } from "@patternfly/react-core";

import { Link } from "./link";
import { paths } from "../machine";
import { _ } from "../words";

/** What the page was about is not there, or not any more. */
export function Gone({ title }: { title: string }) {
    return (
        <PageSection>
            <EmptyState titleText={title} headingLevel="h1">
                <EmptyStateBody><Link to={paths.overview}>{_("Overview")}</Link></EmptyStateBody>
            </EmptyState>
        </PageSection>
    );
}
