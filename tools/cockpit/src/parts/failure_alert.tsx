// SPDX-License-Identifier: GPL-2.0-only
import { Alert } from "@patternfly/react-core";

import { _ } from "../words";

/** Why something did not work, in the command's words. */
export function FailureAlert({ failure }: { failure: Error }) {
    return (
        <Alert isInline variant="danger" title={_("It did not work")} component="h2">
            {failure.message}
        </Alert>
    );
}
