// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";

import { GPU, IDLE, USED, web } from "./page.mjs";

web("a vGPU says who uses it, and how a VM gets it", async page => {
    await page.open(`vgpu/${USED}`);
    await page.sees("build-server", "abcdef01-2345-6789-abcd-ef0123456789");
    await page.sees(`<address uuid='${USED}'/>`);
    await page.sees(/-device .*vfio-pci/);
    await page.page.getByLabel("weight").waitFor();
    await page.check("vgpu");
});

web("what can't change while the vGPU is in use is locked, and says why", async page => {
    await page.open(`vgpu/${USED}`);
    await page.page.getByLabel("personality").waitFor();
    assert.ok(await page.page.getByLabel("personality").isDisabled());
    await page.sees(/can't change while the vGPU is in use/);
    await page.open(`vgpu/${IDLE}`);
    await page.page.getByLabel("personality").waitFor();
    assert.ok(await page.page.getByLabel("personality").isEnabled());
});

web("its weight changes after a question, and is shown", async page => {
    await page.open(`vgpu/${USED}`);
    await page.page.getByLabel("weight").fill("200");
    await page.button("Change settings").click();
    await page.dialog().getByText("weight: 100 → 200").waitFor();
    await page.button("Change", page.dialog()).click();
    await page.dialog().waitFor({ state: "detached" });
    assert.equal(await page.page.getByLabel("weight").inputValue(), "200");
    assert.equal(await page.machine("read", `sys/devices/pci0000:00/${GPU}/${USED}/openvgpu/weight`), "200");
});

web("its counters are there for those who want them", async page => {
    await page.open(`vgpu/${IDLE}`);
    await page.button("Show counters").click();
    await page.row("busy_ns").waitFor();
    await page.check("vgpu-counters");
});

web("a vGPU that is removed elsewhere leaves its page", async page => {
    await page.open(`vgpu/${IDLE}`);
    await page.machine("vanish", IDLE);
    await page.sees(`There is no vGPU ${IDLE}`);
});
