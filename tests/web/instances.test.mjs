// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";

import { GPU2, INSIDE, PLAIN, web } from "./page.mjs";

web("instances are shown with their slices and with the pool", async page => {
    await page.open("instances");
    await page.row("train").getByText("2g.256m").waitFor();
    await page.row("train").getByText("0, 1", { exact: true }).waitFor();
    await page.row("pool").getByText("2, 3, 4, 5, 6, 7").waitFor();
    await page.check("instances");
});

web("an instance is created after its plan is shown, and who gets slower", async page => {
    await page.open("instances");
    await page.button("Create an instance").click();
    const dialog = page.dialog();
    await dialog.getByLabel("Profile").selectOption("2g.256m");
    await dialog.getByText("2g.256m gets its place").waitFor();
    await dialog.getByText("It takes 2 compute slices away from the pool.").waitFor();
    await dialog.getByText(`build-server: vGPU ${PLAIN}`).waitFor();
    await dialog.getByLabel(/^Name/).fill("night");
    await page.check("instance-create");
    await page.button("Create", dialog).click();
    await page.row("night").waitFor();
    assert.deepEqual(await page.changes(),
                     [`openvgpu instance create 2g.256m --gpu ${GPU2} --name night --json`]);
});

web("an instance that has a vGPU stays, and the vGPU is named", async page => {
    await page.open("instances");
    await page.button("Remove instance train").click();
    await page.dialog().getByText(INSIDE).waitFor();
    assert.ok(await page.button("Remove", page.dialog()).isDisabled());
    await page.check("instance-remove-used");
});

web("an instance without vGPUs is removed after a question", async page => {
    await page.machine("vanish", INSIDE);
    await page.open("instances");
    await page.button("Remove instance train").click();
    await page.dialog().getByText("The 2 compute slices of train go back to the pool").waitFor();
    await page.button("Remove", page.dialog()).click();
    await page.row("train").waitFor({ state: "detached" });
    assert.deepEqual(await page.changes(), [`openvgpu instance remove train --gpu ${GPU2} --json`]);
});
