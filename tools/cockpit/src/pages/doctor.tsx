// SPDX-License-Identifier: GPL-2.0-only
import { Button, PageSection, Spinner } from "@patternfly/react-core";

import { useAnswer, type Asked } from "../hooks/use_answer";
import { useMachine } from "../machine";
import { openvgpu } from "../openvgpu";
import { ChecksTable } from "../parts/checks_table";
import { FailureAlert } from "../parts/failure_alert";
import { Heading } from "../parts/heading";
import { Part } from "../parts/part";
import type { Report } from "../types";
import { _ } from "../words";

function ReportPart({ title, asked }: { title: string; asked: Asked<Report> }) {
    if (asked.failure)
        return <PageSection><FailureAlert failure={asked.failure} /></PageSection>;
    return (
        <Part title={title}>
            {asked.answer
                ? <ChecksTable label={title} checks={asked.answer.checks} />
                : <Spinner aria-label={_("Asking the machine")} />}
        </Part>
    );
}

/** How GPUs and vGPUs are, and whether the machine can run vGPUs. */
export function DoctorPage() {
    const { gpus, admin } = useMachine();
    const health = useAnswer(openvgpu.health, admin);
    const doctor = useAnswer(openvgpu.doctor, admin);

    return (
        <>
            <Heading title={_("Doctor")}
                     actions={<Button variant="secondary" onClick={() => { health.again(); doctor.again(); }}>
                         {_("Look again")}
                     </Button>} />
            {gpus.length > 0 && <ReportPart title={_("GPUs and vGPUs")} asked={health} />}
            <ReportPart title={_("This machine")} asked={doctor} />
        </>
    );
}
