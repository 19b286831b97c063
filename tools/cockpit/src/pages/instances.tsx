// SPDX-License-Identifier: GPL-2.0-only
import { useMachine } from "../machine";
import { Gone } from "../parts/gone";
import { Heading } from "../parts/heading";
import { InstancesPart } from "../parts/instances_part";
import { _ } from "../words";

/** The GPU instances of GPUs that are divisible. */
export function InstancesPage() {
    const { gpus } = useMachine();
    const divisible = gpus.filter(gpu => gpu.attributes.compute_slices);

    if (!divisible.length)
        return <Gone title={_("No GPU is divisible")} />;
    return (
        <>
            <Heading title={_("Instances")} />
            {divisible.map(gpu => <InstancesPart key={gpu.gpu} gpu={gpu} />)}
        </>
    );
}
