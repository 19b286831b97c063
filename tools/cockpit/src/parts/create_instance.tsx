// SPDX-License-Identifier: GPL-2.0-only
import { Content, Form, FormGroup, FormSelect, FormSelectOption, Stack, StackItem, TextInput } from "@patternfly/react-core";
import { useState } from "react";

import { Breaks } from "./breaks";
import { Confirm } from "./confirm";
import { FailureAlert } from "./failure_alert";
import { PlanView } from "./plan_view";
import { useAnswer } from "../hooks/use_answer";
import { useMachine } from "../machine";
import { openvgpu } from "../openvgpu";
import type { Gpu } from "../types";
import { _, memory, say } from "../words";

interface Props {
    gpu: Gpu;
    close: () => void;
}

/** Chooses a profile, shows what creating it would move, and creates the instance. */
export function CreateInstance({ gpu, close }: Props) {
    const { again } = useMachine();
    const profiles = useAnswer(openvgpu.profiles);
    const [profile, setProfile] = useState("");
    const [name, setName] = useState("");
    const mine = profiles.answer?.profiles.filter(one => one.gpu === gpu.gpu) ?? [];
    const chosen = mine.find(one => one.profile === profile);

    return (
        <Confirm title={say("Create an instance of GPU $0?", gpu.gpu)} action={_("Create")} close={close}
                 disabled={!chosen || !chosen.available}
                 act={() => openvgpu.createInstance(gpu.gpu, profile, name)}
                 done={() => { again(); close(); }}>
            <Stack hasGutter>
                {profiles.failure && <StackItem><FailureAlert failure={profiles.failure} /></StackItem>}
                <StackItem>
                    <Form onSubmit={event => event.preventDefault()}>
                        <FormGroup label={_("Profile")} fieldId="profile">
                            <FormSelect id="profile" value={profile} onChange={(_event, value) => setProfile(value)}>
                                <FormSelectOption value="" label={_("Choose one")} isPlaceholder />
                                {mine.map(one =>
                                    <FormSelectOption key={one.profile} value={one.profile} label={
                                        say("$0: $1 compute slices, $2, room for $3", one.profile, one.compute_slices,
                                            memory(one.framebuffer_bytes), one.available)} />)}
                            </FormSelect>
                        </FormGroup>
                        <FormGroup label={_("Name; empty: the driver chooses")} fieldId="name">
                            <TextInput id="name" value={name} onChange={(_event, value) => setName(value.trim())} />
                        </FormGroup>
                    </Form>
                </StackItem>
                {chosen && <>
                    <StackItem><PlanView gpu={gpu.gpu} profile={profile} /></StackItem>
                    <StackItem>
                        <Content component="p">
                            {say("It takes $0 compute slices away from the pool.", chosen.compute_slices)}
                        </Content>
                        <Breaks title={_("These get slower by it:")} vgpus={gpu.vgpus.filter(vgpu => !vgpu.instance)} />
                    </StackItem>
                </>}
            </Stack>
        </Confirm>
    );
}
