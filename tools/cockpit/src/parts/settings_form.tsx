// SPDX-License-Identifier: GPL-2.0-only
import {
    Button, Content, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem,
    List, ListItem, Stack, StackItem, TextInput,
} from "@patternfly/react-core";
import { useEffect, useState } from "react";

import { Breaks } from "./breaks";
import { Confirm } from "./confirm";
import { useMachine } from "../machine";
import type { Setting, Value, Vgpu } from "../types";
import { _, say } from "../words";

interface Props {
    /** The names of what can be set, and the ranges. */
    settings: Setting[];
    /** As the machine shows them; a choice with all its words, the one in force in brackets. */
    values: Record<string, Value>;
    /** Those that feel a change. */
    vgpus: Vgpu[];
    /** A process has the vGPU open, for settings that can't change then. */
    open?: boolean;
    set: (values: Record<string, Value>) => Promise<unknown>;
    done: () => void;
}

const inForce = (value: Value) => /\[(.*)\]/.exec(String(value))?.[1] ?? String(value);

/** What a GPU has of the words of a choice. */
const choices = (value: Value) => String(value).replace(/[[\]]/g, "").split(" ");

function range(setting: Setting) {
    if (setting.minimum === null || setting.maximum === null)
        return "";
    return setting.zero && setting.minimum > 0
        ? say("0, or $0 to $1", setting.minimum, setting.maximum)
        : say("$0 to $1", setting.minimum, setting.maximum);
}

function isValid(setting: Setting, text: string) {
    if (setting.kind !== "number" || setting.minimum === null || setting.maximum === null)
        return text !== "";
    if (!/^[0-9]+$/.test(text))
        return false;
    const value = Number(text);
    return (setting.zero && value === 0) || (value >= setting.minimum && value <= setting.maximum);
}

/** Settings of a GPU or of a vGPU. Nothing is set before the user has seen what changes. */
export function SettingsForm({ settings, values, vgpus, open, set, done }: Props) {
    const { admin } = useMachine();
    const [edited, setEdited] = useState<Record<string, string>>({});
    const [asking, setAsking] = useState(false);
    const there = settings.filter(setting => setting.name in values);
    const now = (name: string) => inForce(values[name] ?? "");
    const changed = Object.entries(edited).filter(([name, text]) => text !== now(name));
    const wrong = there.filter(setting => setting.name in edited && !isValid(setting, edited[setting.name] ?? ""));

    // What is in force is no edit any more, and follows the machine.
    useEffect(() => setEdited(before =>
        Object.fromEntries(Object.entries(before).filter(([name, text]) => text !== now(name)))), [values]);
    const edit = (name: string, text: string) => setEdited(before => ({ ...before, [name]: text }));

    return (
        <>
            <Form isWidthLimited onSubmit={event => event.preventDefault()}>
                {there.map(setting => {
                    const text = edited[setting.name] ?? now(setting.name);
                    const bad = wrong.includes(setting);
                    const locked = !admin || (setting.closed_only && open);
                    const help = [setting.meaning, range(setting),
                                  setting.closed_only && open ? _("can't change while the vGPU is in use") : ""];

                    return (
                        <FormGroup key={setting.name} label={setting.name} fieldId={setting.name}>
                            {setting.kind === "choice"
                                ? <FormSelect id={setting.name} value={text} isDisabled={locked}
                                              onChange={(_event, value) => edit(setting.name, value)}>
                                    {choices(values[setting.name] ?? "").map(word =>
                                        <FormSelectOption key={word} value={word} label={word} />)}
                                </FormSelect>
                                : <TextInput id={setting.name} value={text} isDisabled={locked}
                                             validated={bad ? "error" : "default"}
                                             onChange={(_event, value) => edit(setting.name, value.trim())} />}
                            <FormHelperText>
                                <HelperText>
                                    <HelperTextItem variant={bad ? "error" : "default"}>
                                        {help.filter(Boolean).join("; ")}
                                    </HelperTextItem>
                                </HelperText>
                            </FormHelperText>
                        </FormGroup>
                    );
                })}
                <div>
                    <Button isDisabled={!admin || !changed.length || wrong.length > 0} onClick={() => setAsking(true)}>
                        {_("Change settings")}
                    </Button>
                </div>
            </Form>
            {asking &&
                <Confirm title={_("Change settings?")} action={_("Change")} close={() => setAsking(false)}
                         act={() => set(Object.fromEntries(changed))}
                         done={() => { setAsking(false); done(); }}>
                    <Stack hasGutter>
                        <StackItem>
                            <Content component="p">{_("In force at once:")}</Content>
                            <List>
                                {changed.map(([name, text]) =>
                                    <ListItem key={name}>{say("$0: $1 → $2", name, now(name), text)}</ListItem>)}
                            </List>
                        </StackItem>
                        <StackItem>
                            <Breaks title={_("These get another part of the GPU, or another behaviour:")} vgpus={vgpus} />
                        </StackItem>
                    </Stack>
                </Confirm>}
        </>
    );
}
