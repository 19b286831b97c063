// SPDX-License-Identifier: GPL-2.0-only
import { useEffect, useState } from "react";

/** Which page is shown: the words of Cockpit's location. */
export function usePath(): string[] {
    const [path, setPath] = useState(cockpit.location.path);

    useEffect(() => {
        const changed = () => setPath(cockpit.location.path);
        cockpit.addEventListener("locationchanged", changed);
        return () => cockpit.removeEventListener("locationchanged", changed);
    }, []);
    return path;
}
