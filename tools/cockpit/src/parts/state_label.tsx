// SPDX-License-Identifier: GPL-2.0-only
import { Label } from "@patternfly/react-core";

const status = {
    up: "success", ok: "success", open: "success",
    warn: "warning", reset: "warning", going: "warning",
    fail: "danger", dead: "danger", faulted: "danger", lost: "danger",
} as const;

/** A state in a word, with an icon: colour alone would not do. */
export function StateLabel({ state }: { state: string }) {
    const known = status[state as keyof typeof status];

    return known ? <Label isCompact status={known}>{state}</Label> : <Label isCompact>{state}</Label>;
}
