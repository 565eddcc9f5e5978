// Runs after `npm ci`: builds if this is a checkout with its tools, and does nothing in an installed package.
import { existsSync } from "node:fs";

const at = (path) => existsSync(new URL(path, import.meta.url));
if (at("../src/cli/main.ts") && at("../node_modules/typescript")) await import("./build.js");
