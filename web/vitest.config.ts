import { existsSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** The elements are tested in a real browser; where there is none they are left out, and that is said. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const HAS_CHROMIUM = existsSync(CHROMIUM);
if (!HAS_CHROMIUM) {
  console.warn(
    `There is no browser at ${CHROMIUM}, so the page tests are left out. Set CHROMIUM to its path.`,
  );
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const plain = {
  extends: true as const,
  test: {
    name: "plain",
    environment: "node",
    include: ["**/*.test.{ts,tsx}"],
    exclude: ["**/*.dom.test.{ts,tsx}", "node_modules/**", "dist/**"],
  },
};

const page = {
  extends: true as const,
  define: { __APP_PATH__: JSON.stringify("/widget/app.ts") },
  optimizeDeps: { include: ["lit", "lit/directives/repeat.js", "axe-core"] },
  test: {
    name: "page",
    setupFiles: ["console/tests/patience.ts"],
    testTimeout: 60_000,
    include: ["**/*.dom.test.{ts,tsx}"],
    exclude: ["node_modules/**", "dist/**"],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: CHROMIUM, args: FLAGS } }),
      instances: [{ browser: "chromium" as const }],
    },
  },
};

export default defineConfig({
  // Lit's elements are tested as built, without its development warnings.
  resolve: { conditions: ["browser", "production"] },
  test: { projects: HAS_CHROMIUM ? [plain, page] : [plain] },
});
