// SPDX-License-Identifier: GPL-2.0-only
// What the page uses of cockpit.js, which Cockpit serves beside it.

interface CockpitFailure {
    message: string;
    problem: string | null;
    exit_status?: number | null;
}

/** Not a Promise in full: what failed is followed by what was printed. */
interface CockpitProcess {
    stream(reader: (text: string) => void): CockpitProcess;
    close(problem?: string): void;
    then(done: (output: string) => void, failed: (failure: CockpitFailure, output: string) => void): unknown;
}

interface CockpitPermission {
    /** null: not known yet. */
    allowed: boolean | null;
    addEventListener(event: "changed", handler: () => void): void;
    removeEventListener(event: "changed", handler: () => void): void;
    close(): void;
}

declare const cockpit: {
    language: string;
    gettext(text: string): string;
    format(text: string, ...values: (string | number)[]): string;
    spawn(argv: string[], options: { superuser: "try" | "require"; err: "message" }): CockpitProcess;
    permission(options: { admin: boolean }): CockpitPermission;
    location: { path: string[]; go(path: string[]): void };
    addEventListener(event: "locationchanged", handler: () => void): void;
    removeEventListener(event: "locationchanged", handler: () => void): void;
};
