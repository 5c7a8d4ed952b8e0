/** Measures what a customer's browser loads and fails when it is over budget. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("dist/widget/", import.meta.url));
const app = readdirSync(`${dist}assets`).find((name) => name.startsWith("app-") && name.endsWith(".js"));
const budgets = [
  ["careline.js", 8 * 1024],
  [`assets/${app}`, 40 * 1024],
];
for (const [name, budget] of budgets) {
  const bytes = gzipSync(readFileSync(dist + name), { level: 9 }).length;
  const is_over = bytes > budget;
  console.log(`${name}: ${bytes} bytes gzipped, budget ${budget}${is_over ? " - over" : ""}`);
  if (is_over) process.exitCode = 1;
}
