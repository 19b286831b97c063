// SPDX-License-Identifier: GPL-2.0-only
import { GPU, USED, web } from "./page.mjs";

web("events appear as they happen", async page => {
    await page.open("events");
    await page.sees("Nothing has happened yet.");
    await page.machine("event", USED, "faulted", GPU, "OPENVGPU_FAULT=6", "OPENVGPU_FAULT_NAME=run timeout");
    await page.row("faulted").getByText("run timeout").waitFor();
    await page.row("faulted").getByText(USED).waitFor();
    await page.check("events");
});

web("doctor and health say what was seen and what to do", async page => {
    await page.machine("write", `sys/devices/pci0000:00/${GPU}/openvgpu/state`, "dead\n");
    await page.open("doctor");
    await page.page.getByRole("grid", { name: "GPUs and vGPUs" }).getByText("fail").first().waitFor();
    await page.page.getByRole("grid", { name: "This machine" }).locator("tbody tr").first().waitFor();
    await page.check("doctor");
});
