// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";

import { GPU, IDLE, USED, web } from "./page.mjs";

web("the overview shows GPUs, their memory and who uses which vGPU", async page => {
    await page.open();
    const card = page.page.getByRole("region", { name: `GPU ${GPU}` });
    await card.getByText("512 MiB of 1 GiB").waitFor();
    await card.getByText("2 vGPUs, 1 of them in use").waitFor();
    await page.row(USED).getByText("build-server").waitFor();
    await page.row(USED).getByText("64 MiB of 256 MiB").waitFor();
    // It computes; by how much a busy machine lets it is not judged.
    await page.row(USED).locator("td", { hasText: /^[1-9][0-9.]* %$/ }).first().waitFor();
    await page.check("overview");
});

web("the overview is as good in the dark", async page => {
    await page.open();
    await page.row(USED).getByText("64 MiB of 256 MiB").waitFor();
    await page.check("overview-dark");
}, { dark: true });

web("a GPU that is not well says so, with what to do", async page => {
    await page.machine("write", `sys/devices/pci0000:00/${GPU}/openvgpu/state`, "dead\n");
    await page.open();
    await page.page.getByRole("region", { name: `GPU ${GPU}` }).getByText("dead").first().waitFor();
    await page.page.getByRole("region", { name: `GPU ${GPU}` }).locator("h3").first().waitFor();
    await page.check("overview-dead");
});

web("a machine without a GPU says what to do", async page => {
    await page.open();
    await page.sees("No GPU is bound to the driver openvgpu");
    assert.equal(await page.page.getByRole("link", { name: "Instances" }).count(), 0);
    await page.check("overview-empty");
}, { scene: "empty" });

web("a vGPU that nobody uses is removed after a question", async page => {
    await page.open();
    await page.button(`Remove vGPU ${IDLE}`).click();
    await page.dialog().getByText("what is in its video memory of 256 MiB").waitFor();
    await page.check("remove");
    await page.button("Cancel", page.dialog()).click();
    assert.deepEqual(await page.changes(), []);
    await page.button(`Remove vGPU ${IDLE}`).click();
    await page.button("Remove", page.dialog()).click();
    await page.row(IDLE).waitFor({ state: "detached" });
    assert.deepEqual(await page.changes(), [`openvgpu remove ${IDLE} --json`]);
});

web("before a vGPU in use is removed, its VM is named, and a second consent needed", async page => {
    await page.open();
    await page.button(`Remove vGPU ${USED}`).click();
    const dialog = page.dialog();
    await dialog.getByText("It breaks the work of:").waitFor();
    await dialog.getByText(`build-server: vGPU ${USED}`).waitFor();
    assert.ok(await page.button("Remove", dialog).isDisabled());
    await page.check("remove-used");
    await dialog.getByLabel("Ask build-server to let go of it").check();
    await page.button("Remove", dialog).click();
    await page.row(USED).waitFor({ state: "detached" });
    assert.deepEqual(await page.changes(), [`openvgpu remove ${USED} --force --json`]);
});

web("without administrative access nothing can be changed", async page => {
    await page.machine("admin", false);
    await page.open();
    await page.row(USED).waitFor();
    assert.ok(await page.button(`Remove vGPU ${IDLE}`).isDisabled());
    await page.open(`gpu/${GPU}`);
    await page.page.getByLabel("timeslice_max_us").waitFor();
    assert.ok(await page.page.getByLabel("timeslice_max_us").isDisabled());
    assert.ok(await page.button("Create a vGPU of type 256mq").isDisabled());
});

web("a vGPU that somebody else creates appears by itself", async page => {
    const uuid = "77777777-7777-4777-8777-777777777777";
    await page.open();
    await page.row(USED).waitFor();
    await page.machine("appear", uuid, GPU, "256mq");
    await page.row(uuid).waitFor();
});

web("a vGPU that appears without an event is seen as well", async page => {
    const uuid = "77777777-7777-4777-8777-777777777777";
    await page.open();
    await page.row(USED).waitFor();
    await page.machine("appear", uuid, GPU, "256mq", false);
    await page.row(uuid).waitFor();
});

web("the page is used by keyboard alone", async page => {
    await page.open();
    await page.button(`Remove vGPU ${IDLE}`).focus();
    await page.page.keyboard.press("Enter");
    await page.dialog().waitFor();
    await page.page.keyboard.press("Escape");
    await page.dialog().waitFor({ state: "detached" });
    assert.equal(await page.page.evaluate(() => document.activeElement.getAttribute("aria-label")),
                 `Remove vGPU ${IDLE}`);
});
