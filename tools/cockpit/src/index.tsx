// SPDX-License-Identifier: GPL-2.0-only
import "@patternfly/react-core/dist/styles/base.css";
import "./page.css";
import { createRoot } from "react-dom/client";

import { App } from "./app";
import { followTheme } from "./theme";
import { _ } from "./words";

followTheme();
document.documentElement.lang = cockpit.language.replace("_", "-");
document.title = _("Virtual GPUs");
createRoot(document.getElementById("app") as HTMLElement).render(<App />);
