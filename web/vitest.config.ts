import { existsSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** A real browser where there is one; without it the elements are tested in happy-dom and the rest is skipped. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const browser = {
  enabled: true,
  headless: true,
  screenshotFailures: false,
  provider: playwright({ launchOptions: { executablePath: CHROMIUM, args: FLAGS } }),
  instances: [{ browser: "chromium" as const }],
};

export default defineConfig({
  // Lit's elements are tested as built, without its development warnings.
  resolve: { conditions: ["browser", "production"] },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "plain",
          environment: "node",
          include: ["**/*.test.ts"],
          exclude: ["**/*.dom.test.ts", "node_modules/**", "dist/**"],
        },
      },
      {
        extends: true,
        define: { __APP_PATH__: JSON.stringify("/widget/app.ts") },
        optimizeDeps: { include: ["lit", "lit/directives/repeat.js", "axe-core"] },
        test: {
          name: "page",
          include: ["**/*.dom.test.ts"],
          exclude: ["node_modules/**", "dist/**"],
          ...(existsSync(CHROMIUM) ? { browser } : { environment: "happy-dom" }),
        },
      },
    ],
  },
});
