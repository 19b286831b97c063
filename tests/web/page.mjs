// SPDX-License-Identifier: GPL-2.0-only
// What the tests of the page share: a machine of its own for each, one browser, and
// what holds for every page: no rule of WCAG 2.1 AA is broken, no request leaves the
// machine, the console is empty.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "node:process";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const TESTS = env.WEB_TESTS ?? dirname(fileURLToPath(import.meta.url));
const DIST = env.WEB_DIST;
const SHOTS = env.WEB_SHOTS;
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core")), "utf8");
const WIDTH = 1400, HEIGHT = 900;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

// Of the made-up machine: tests/unit/cli/cli_machine.py.
export const GPU = "0000:01:00.0";
export const GPU2 = "0000:02:00.0";
export const IDLE = "11111111-1111-4111-8111-111111111111";
export const USED = "00000003-0000-0000-0000-000000000100";
export const INSIDE = "55555555-5555-4555-8555-555555555555";
export const PLAIN = "66666666-6666-4666-8666-666666666666";

let browser = null;

after(() => browser?.close());

async function startMachine(scene) {
    const process = spawn("python3", [join(TESTS, "serve.py"), DIST, scene],
                          { stdio: ["pipe", "pipe", "inherit"] });
    const [port] = await once(process.stdout, "data");

    return { url: `http://127.0.0.1:${String(port).trim()}`, process };
}

/** A page of the made-up machine, and what a test can do to the machine. */
class Page {
    constructor(url, page) {
        this.url = url;
        this.page = page;
        this.said = [];
        page.on("console", message => this.said.push(message.text()));
        page.on("pageerror", error => this.said.push(String(error)));
        page.on("request", request => {
            if (!request.url().startsWith(url) && !request.url().startsWith("data:"))
                this.said.push(`a request to ${request.url()}`);
        });
    }

    async ask(path, body) {
        const answer = await fetch(`${this.url}/${path}`, { method: "POST", body: JSON.stringify(body) });
        return answer.json();
    }

    machine(what, ...args) {
        return this.ask("machine", { do: what, with: args });
    }

    /** Commands that changed something, in their order. */
    async changes() {
        const calls = await this.machine("calls");
        return calls.map(call => call.join(" "))
            .filter(call => /^openvgpu (create|remove|set|instance (create|remove)) /.test(call));
    }

    async open(path = "") {
        await this.page.goto(`${this.url}/openvgpu/index.html#/${path}`);
        await this.page.locator("h1").waitFor();
        assert.ok(await this.ask("listening", {}), "the page follows events");
    }

    /** A row of a table, by a text in it. */
    row(text) {
        return this.page.locator("tr", { hasText: text });
    }

    button(name, within = this.page) {
        return within.getByRole("button", { name, exact: true });
    }

    dialog() {
        return this.page.getByRole("dialog");
    }

    async sees(...texts) {
        for (const text of texts)
            await this.page.getByText(text).first().waitFor();
    }

    /** The state of the page is whole: axe finds nothing, and a picture is kept. */
    async check(name) {
        await this.page.evaluate(AXE);
        const { violations } = await this.page.evaluate(
            rules => window.axe.run(document, { runOnly: rules }), RULES);
        // All of it, not only what a window shows.
        const height = await this.page.evaluate(() => document.querySelector(".pf-v6-c-page__main").scrollHeight);
        await this.page.setViewportSize({ width: WIDTH, height: Math.max(HEIGHT, height + 50) });
        await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
        assert.deepEqual(violations.map(one => [one.id, one.nodes.map(node => node.html)]), [], name);
        assert.deepEqual(this.said, [], name);
    }
}

/** A test on a machine of its own, of that scene. */
export function web(name, run, { scene = "full", dark = false } = {}) {
    test(name, async () => {
        browser ??= await chromium.launch({ executablePath: env.CHROMIUM ?? "/usr/bin/chromium",
                                            args: ["--no-sandbox"] });
        mkdirSync(SHOTS, { recursive: true });
        const { url, process } = await startMachine(scene);
        const context = await browser.newContext({ viewport: { width: WIDTH, height: HEIGHT }, reducedMotion: "reduce",
                                                   colorScheme: dark ? "dark" : "light" });
        context.setDefaultTimeout(60000);
        const page = new Page(url, await context.newPage());
        try {
            await run(page);
        } catch (error) {
            console.log(`the page said: ${page.said.join("; ")}`);
            await page.page.screenshot({ path: join(SHOTS, `failed-${name.replace(/\W+/g, "-")}.png`) });
            throw error;
        } finally {
            await context.close();
            process.stdin.end();
            await once(process, "exit");
        }
    });
}
