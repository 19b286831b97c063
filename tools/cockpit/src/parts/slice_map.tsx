// SPDX-License-Identifier: GPL-2.0-only
import type { Gpu } from "../types";
import { _ } from "../words";

/** Whose each compute slice is. The table beside it says the same, so readers of screens skip it. */
export function SliceMap({ gpu }: { gpu: Gpu }) {
    const owners = Array.from({ length: Number(gpu.attributes.compute_slices) }, (_slice, index) =>
        gpu.instances.find(instance => (instance.compute_mask >> index) & 1)?.name);

    return (
        <div className="slices" aria-hidden="true">
            {owners.map((owner, index) =>
                <span key={index} className={owner ? "taken" : ""}>{owner ?? _("pool")}</span>)}
        </div>
    );
}
