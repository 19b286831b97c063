// SPDX-License-Identifier: GPL-2.0-only
import { Button, Modal, ModalBody, ModalFooter, ModalHeader, Stack, StackItem } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

import { FailureAlert } from "./failure_alert";
import { _ } from "../words";

interface Props {
    title: string;
    action: string;
    danger?: boolean;
    /** It can't be done as things are. */
    disabled?: boolean;
    /** Does it; while it lasts the dialog waits, when it fails the dialog says why. */
    act: () => Promise<unknown>;
    done: () => void;
    close: () => void;
    children: ReactNode;
}

/** The dialog before every change: children say what it changes, and what breaks. */
export function Confirm({ title, action, danger, disabled, act, done, close, children }: Props) {
    const [busy, setBusy] = useState(false);
    const [failure, setFailure] = useState<Error | null>(null);

    const start = () => {
        setBusy(true);
        setFailure(null);
        act().then(done, error => {
            setFailure(error as Error);
            setBusy(false);
        });
    };

    return (
        <Modal isOpen variant="medium" onClose={close} aria-labelledby="confirm-title" aria-describedby="confirm-body">
            <ModalHeader title={title} labelId="confirm-title" {...(danger ? { titleIconVariant: "warning" as const } : {})} />
            <ModalBody id="confirm-body">
                <Stack hasGutter>
                    <StackItem>{children}</StackItem>
                    {failure && <StackItem><FailureAlert failure={failure} /></StackItem>}
                </Stack>
            </ModalBody>
            <ModalFooter>
                <Button variant={danger ? "danger" : "primary"} isDisabled={busy || disabled} isLoading={busy}
                        onClick={start}>
                    {action}
                </Button>
                <Button variant="link" onClick={close}>{_("Cancel")}</Button>
            </ModalFooter>
        </Modal>
    );
}
