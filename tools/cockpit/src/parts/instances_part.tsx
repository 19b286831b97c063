// SPDX-License-Identifier: GPL-2.0-only
import { Button, Stack, StackItem } from "@patternfly/react-core";
import { useState } from "react";

import { CreateInstance } from "./create_instance";
import { InstancesTable } from "./instances_table";
import { Part } from "./part";
import { SliceMap } from "./slice_map";
import { useMachine } from "../machine";
import type { Gpu } from "../types";
import { _, say } from "../words";

/** A GPU's instances: in a row, in a table, and how to create one. */
export function InstancesPart({ gpu }: { gpu: Gpu }) {
    const { admin } = useMachine();
    const [creating, setCreating] = useState(false);

    return (
        <Part title={say("GPU $0", gpu.gpu)}
              actions={<Button variant="secondary" isDisabled={!admin} onClick={() => setCreating(true)}>
                  {_("Create an instance")}
              </Button>}>
            <Stack hasGutter>
                <StackItem><SliceMap gpu={gpu} /></StackItem>
                <StackItem><InstancesTable gpu={gpu} /></StackItem>
            </Stack>
            {creating && <CreateInstance gpu={gpu} close={() => setCreating(false)} />}
        </Part>
    );
}
