// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";

import { GPU, IDLE, web } from "./page.mjs";

for (const [language, tag, heading, remove] of [
    ["de", "de", "Virtuelle GPUs", `vGPU ${IDLE} entfernen`],
    ["zh_CN", "zh-CN", "虚拟 GPU", `删除 vGPU ${IDLE}`],
]) {
    web(`the page speaks ${language}`, async page => {
        await page.machine("language", language);
        await page.open();
        await page.page.getByRole("heading", { name: heading, level: 1 }).waitFor();
        assert.equal(await page.page.evaluate(() => document.documentElement.lang), tag);
        await page.button(remove).waitFor();
        await page.check(`overview-${language}`);
        await page.open(`gpu/${GPU}`);
        await page.page.getByLabel("timeslice_max_us").waitFor();
        await page.check(`gpu-${language}`);
    });
}
