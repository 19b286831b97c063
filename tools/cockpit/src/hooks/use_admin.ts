// SPDX-License-Identifier: GPL-2.0-only
import { useEffect, useState } from "react";

/** Whether the user has administrative access in Cockpit; it can come and go. */
export function useAdmin(): boolean {
    const [admin, setAdmin] = useState(false);

    useEffect(() => {
        const permission = cockpit.permission({ admin: true });
        const changed = () => setAdmin(permission.allowed === true);
        permission.addEventListener("changed", changed);
        changed();
        return () => {
            permission.removeEventListener("changed", changed);
            permission.close();
        };
    }, []);
    return admin;
}
