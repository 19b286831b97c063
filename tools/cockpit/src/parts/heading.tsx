// SPDX-License-Identifier: GPL-2.0-only
import { Breadcrumb, BreadcrumbItem, Flex, FlexItem, PageSection, Title } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { Link } from "./link";
import { paths } from "../machine";
import { _ } from "../words";

interface Props {
    title: string;
    /** It stands below the overview. */
    below?: boolean;
    actions?: ReactNode;
}

/** The heading of a page, and the way back. */
export function Heading({ title, below, actions }: Props) {
    return (
        <PageSection hasBodyWrapper={false}>
            {below &&
                <Breadcrumb aria-label={_("Where this page is")}>
                    <BreadcrumbItem><Link to={paths.overview}>{_("Overview")}</Link></BreadcrumbItem>
                    <BreadcrumbItem isActive>{title}</BreadcrumbItem>
                </Breadcrumb>}
            <Flex justifyContent={{ default: "justifyContentSpaceBetween" }}>
                <FlexItem><Title headingLevel="h1">{title}</Title></FlexItem>
                {actions && <FlexItem>{actions}</FlexItem>}
            </Flex>
        </PageSection>
    );
}
