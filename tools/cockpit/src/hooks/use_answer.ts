// SPDX-License-Identifier: GPL-2.0-only
import { useCallback, useEffect, useRef, useState } from "react";

/** What a command answered last, and why it did not. */
export interface Asked<T> {
    answer: T | null;
    failure: Error | null;
    again: () => void;
}

/** Asks the command, and again when one of keys changes. The last question's answer counts. */
export function useAnswer<T>(ask: () => Promise<T>, ...keys: unknown[]): Asked<T> {
    const [answer, setAnswer] = useState<T | null>(null);
    const [failure, setFailure] = useState<Error | null>(null);
    const latest = useRef(0);

    const again = useCallback(() => {
        const mine = ++latest.current;
        ask().then(
            value => {
                if (mine !== latest.current)
                    return;
                setAnswer(value);
                setFailure(null);
            },
            error => {
                if (mine === latest.current)
                    setFailure(error as Error);
            });
    }, keys);

    useEffect(() => {
        again();
        return () => {
            latest.current++;
        };
    }, [again]);
    return { answer, failure, again };
}
