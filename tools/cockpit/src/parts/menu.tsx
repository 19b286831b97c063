// SPDX-License-Identifier: GPL-2.0-only
import { Nav, NavItem, NavList, PageSection } from "@patternfly/react-core";

import { paths } from "../machine";
import { _ } from "../words";

interface Props {
    current: string;
    divisible: boolean;
}

/** Pages that are about no single GPU or vGPU. */
export function Menu({ current, divisible }: Props) {
    const items = [
        { path: paths.overview, label: _("Overview"), active: ["", "gpu", "vgpu"] },
        ...(divisible ? [{ path: paths.instances, label: _("Instances"), active: ["instances"] }] : []),
        { path: paths.events, label: _("Events"), active: ["events"] },
        { path: paths.doctor, label: _("Doctor"), active: ["doctor"] },
    ];

    return (
        <PageSection type="subnav" hasBodyWrapper={false}>
            <Nav variant="horizontal-subnav" aria-label={_("Pages")}>
                <NavList>
                    {items.map(item =>
                        <NavItem key={item.label} itemId={item.label} isActive={item.active.includes(current)}
                                 to={`#/${item.path.join("/")}`}>
                            {item.label}
                        </NavItem>)}
                </NavList>
            </Nav>
        </PageSection>
    );
}
