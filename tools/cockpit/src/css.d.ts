// SPDX-License-Identifier: GPL-2.0-only
// esbuild puts what is imported so into index.css.

declare module "*.css";
