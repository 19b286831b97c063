// SPDX-License-Identifier: GPL-2.0-only
// Words for people. po/LANGUAGE.json has them in other languages.

/** The text in the user's language. Its argument stands in the source as it is. */
export const _ = (text: string) => cockpit.gettext(text);

/** The same with $0, $1, ... in it. */
export const say = (text: string, ...values: (string | number)[]) =>
    cockpit.format(cockpit.gettext(text), ...values);

const number = (value: number, digits = 0) =>
    value.toLocaleString(cockpit.language.replace("_", "-"), { maximumFractionDigits: digits });

/** Memory, as the command prints it. */
export function memory(bytes: number) {
    const gigabyte = 2 ** 30;

    return bytes >= gigabyte ? `${number(bytes / gigabyte, 2)} GiB` : `${number(bytes / 2 ** 20, 2)} MiB`;
}

export const percent = (value: number | null | undefined) =>
    value === null || value === undefined ? "-" : `${number(value, 1)} %`;

/** A type without what all have before it. */
export const typeName = (type: string) => type.replace(/^openvgpu-/, "");
