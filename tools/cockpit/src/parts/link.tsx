// SPDX-License-Identifier: GPL-2.0-only
import { Button } from "@patternfly/react-core";
import type { ReactNode } from "react";

/** To another place of the page. */
export function Link({ to, children }: { to: string[]; children: ReactNode }) {
    const href = `#/${to.map(encodeURIComponent).join("/")}`;

    return (
        <Button variant="link" isInline component="a" href={href}
                onClick={event => { event.preventDefault(); cockpit.location.go(to); }}>
            {children}
        </Button>
    );
}
