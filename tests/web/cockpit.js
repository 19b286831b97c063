// SPDX-License-Identifier: GPL-2.0-only
// What the page uses of Cockpit, on the made-up machine that serve.py has. It runs the
// real command; the rest is as small as it can be.
(() => {
    const catalogue = {};
    const listeners = {};

    function on(event, handler) {
        (listeners[event] ??= new Set()).add(handler);
    }

    const ask = (path, body, signal) =>
        fetch(path, { method: "POST", body: JSON.stringify(body), signal });

    async function feed(process, argv, options) {
        const response = await ask("/spawn", { argv, superuser: options.superuser ?? null }, process.signal);
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "", status = null, out = "", err = "";
        for (;;) {
            const { value, done } = await reader.read();
            if (done)
                break;
            text += value;
            const lines = text.split("\n");
            text = lines.pop();
            for (const line of lines.map(one => JSON.parse(one))) {
                status = line.status ?? status;
                err += line.err ?? "";
                if (line.out && process.reader)
                    process.reader(line.out);
                else
                    out += line.out ?? "";
            }
        }
        return { status, out, err };
    }

    function spawn(argv, options = {}) {
        const control = new AbortController();
        const process = { signal: control.signal, reader: null };
        // Cockpit's promises pass the output beside the exception.
        const ended = feed(process, argv, options).then(
            ({ status, out, err }) => status === 0 ? { out } :
                { failure: { exit_status: status, problem: null, message: err.trim() }, out },
            () => ({ failure: { exit_status: null, problem: "cancelled", message: "cancelled" }, out: "" }));
        const result = {
            stream: reader => { process.reader = reader; return result; },
            close: () => control.abort(),
            then: (done, failed) => ended.then(end => end.failure ? failed?.(end.failure, end.out) : done?.(end.out)),
        };
        return result;
    }

    const location = {
        get path() {
            return window.location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
        },
        go(path) {
            window.location.hash = "/" + path.map(encodeURIComponent).join("/");
        },
    };
    window.addEventListener("hashchange", () => listeners.locationchanged?.forEach(call => call()));

    window.cockpit = {
        language: "en",
        locale(more) {
            Object.assign(catalogue, more);
            this.language = more[""].language;
        },
        gettext: text => catalogue[text]?.[1] || text,
        format: (text, ...values) => text.replace(/\$(\d)/g, (_, n) => values[n]),
        spawn,
        location,
        addEventListener: on,
        removeEventListener: (event, handler) => listeners[event]?.delete(handler),
        permission: () => {
            const permission = { allowed: null, addEventListener: (_, call) => { permission.call = call; },
                                 removeEventListener() {}, close() {} };
            ask("/machine", { do: "admin" }).then(answer => answer.json()).then(allowed => {
                permission.allowed = allowed;
                permission.call?.();
            });
            return permission;
        },
        transport: { wait: call => call() },
    };
})();
