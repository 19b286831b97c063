// SPDX-License-Identifier: GPL-2.0-only
// Light or dark, as the user chose in Cockpit's menu, or else as the system is.

const system = window.matchMedia("(prefers-color-scheme: dark)");

function apply() {
    const style = localStorage.getItem("shell:style") ?? "auto";
    const dark = style === "dark" || (style === "auto" && system.matches);

    document.documentElement.classList.toggle("pf-v6-theme-dark", dark);
}

export function followTheme() {
    apply();
    window.addEventListener("storage", apply);
    window.addEventListener("cockpit-style", apply);
    system.addEventListener("change", apply);
}
