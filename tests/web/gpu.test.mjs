// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";

import { GPU, GPU2, IDLE, USED, web } from "./page.mjs";

web("a GPU's types say how many there is room for, or why none", async page => {
    await page.open(`gpu/${GPU2}`);
    const row = page.row("4-512mq");
    await row.getByText("none: it needs 4 compute slices, the pool has 6").waitFor();
    assert.ok(await page.button("Create a vGPU of type 4-512mq").isDisabled());
    await page.page.getByLabel("timeslice_max_us").waitFor();
    await page.check("gpu");
});

web("a vGPU is created after a question, and appears", async page => {
    await page.open(`gpu/${GPU}`);
    await page.button("Create a vGPU of type 256mq").click();
    await page.dialog().getByText(`It takes 256 MiB of the video memory of GPU ${GPU}`).waitFor();
    await page.check("create");
    await page.button("Create", page.dialog()).click();
    await page.dialog().waitFor({ state: "detached" });
    await page.page.getByRole("grid", { name: "vGPUs", exact: true }).locator("tbody tr").nth(2).waitFor();
    assert.deepEqual(await page.changes(), [`openvgpu create openvgpu-256mq --gpu ${GPU} --json`]);
});

web("why a vGPU can't be created stands in the dialog", async page => {
    await page.open(`gpu/${GPU}`);
    await page.button("Create a vGPU of type 256mq").click();
    await page.machine("refuse", GPU, "256mq", "another vGPU was refused");
    await page.button("Create", page.dialog()).click();
    await page.dialog().getByText("refused to create a vGPU of type openvgpu-256mq").waitFor();
    await page.check("create-refused");
    await page.button("Cancel", page.dialog()).click();
    await page.dialog().waitFor({ state: "detached" });
});

web("settings of the scheduler change after those who feel it are named", async page => {
    await page.open(`gpu/${GPU}`);
    await page.page.getByLabel("scheduler", { exact: true }).selectOption("fixed_share");
    await page.page.getByLabel("timeslice_max_us").fill("30000");
    await page.button("Change settings").click();
    const dialog = page.dialog();
    await dialog.getByText("scheduler: best_effort → fixed_share").waitFor();
    await dialog.getByText("timeslice_max_us: 20000 → 30000").waitFor();
    await dialog.getByText(`build-server: vGPU ${USED}`).waitFor();
    assert.equal(await dialog.getByText(IDLE).count(), 0);
    await page.check("settings");
    await page.button("Change", dialog).click();
    await dialog.waitFor({ state: "detached" });
    const folder = `sys/devices/pci0000:00/${GPU}/openvgpu`;
    assert.match(await page.machine("read", `${folder}/scheduler`), /\[fixed_share\]/);
    assert.equal(await page.machine("read", `${folder}/timeslice_max_us`), "30000");
    assert.deepEqual(await page.changes(),
                     [`openvgpu set ${GPU} scheduler=fixed_share timeslice_max_us=30000 --json`]);
});

web("a value outside of its range is not asked for", async page => {
    await page.open(`gpu/${GPU}`);
    const field = page.page.getByLabel("timeslice_max_us");
    for (const wrong of ["99", "1000001", "x", "-5", ""]) {
        await field.fill(wrong);
        assert.ok(await page.button("Change settings").isDisabled(), wrong);
    }
    await page.sees("100 to 1000000");
    await page.check("settings-range");
    await field.fill("100");
    assert.ok(await page.button("Change settings").isEnabled());
});

web("a GPU that is not there is said to be so", async page => {
    await page.open("gpu/0000:99:00.0");
    await page.sees("There is no GPU 0000:99:00.0");
    await page.check("gpu-gone");
});
