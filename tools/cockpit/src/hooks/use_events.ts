// SPDX-License-Identifier: GPL-2.0-only
import { useEffect, useState } from "react";

import { openvgpu } from "../openvgpu";
import type { VgpuEvent } from "../types";

const KEPT = 500;

/** What happened since the page was opened, newest first; happened is called for each. */
export function useEvents(happened: () => void) {
    const [events, setEvents] = useState<VgpuEvent[]>([]);
    const [failure, setFailure] = useState<Error | null>(null);

    useEffect(() => openvgpu.events(event => {
        setEvents(before => [event, ...before].slice(0, KEPT));
        happened();
    }, setFailure), [happened]);
    return { events, failure };
}
