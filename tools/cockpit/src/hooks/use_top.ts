// SPDX-License-Identifier: GPL-2.0-only
import { useEffect, useState } from "react";

import { openvgpu } from "../openvgpu";
import type { Top } from "../types";

/** Who gets how much, every two seconds while a page shows it. machine: GPUs and vGPUs there are. */
export function useTop(machine: string): Top | null {
    const [top, setTop] = useState<Top | null>(null);

    useEffect(() => {
        if (!machine)
            return undefined;
        return openvgpu.top(setTop, () => setTop(null));
    }, [machine]);
    return top;
}
