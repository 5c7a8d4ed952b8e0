/** Builds web/dist/{shop,widget,console}. The loader comes after the app chunk, whose hashed name it has to know. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = (name) => `${root}dist/${name}`;
const common = { configFile: false, logLevel: "warn" };
const TARGET = "es2020";

async function buildApp() {
  const output = await build({
    ...common,
    root: `${root}widget`,
    build: {
      outDir: dist("widget"),
      emptyOutDir: true,
      target: TARGET,
      modulePreload: false,
      assetsInlineLimit: 0,
      rollupOptions: {
        input: `${root}widget/app.ts`,
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "assets/app-[hash].js", codeSplitting: false },
      },
    },
  });
  return output.output[0].fileName;
}

async function buildLoader(app_path) {
  await build({
    ...common,
    root: `${root}widget`,
    define: { __APP_PATH__: JSON.stringify(`./${app_path}`) },
    build: {
      outDir: dist("widget"),
      emptyOutDir: false,
      target: TARGET,
      lib: {
        entry: `${root}widget/loader.ts`,
        formats: ["iife"],
        name: "careline",
        fileName: () => "careline.js",
      },
      rollupOptions: { output: { exports: "none" } },
    },
  });
}

async function buildPage(name, base) {
  await build({
    ...common,
    // A page of its own may bring a vite.config.ts of its own.
    configFile: existsSync(`${root}${name}/vite.config.ts`) ? `${root}${name}/vite.config.ts` : false,
    root: `${root}${name}`,
    base,
    build: {
      outDir: dist(name),
      emptyOutDir: true,
      target: TARGET,
      // Inlined data: addresses and preload scripts would need holes in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
}

/** `npm run build -- widget shop` builds only those. */
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);

if (isWanted("widget")) await buildLoader(await buildApp());
if (isWanted("shop")) await buildPage("shop", "/");
if (isWanted("console") && existsSync(`${root}console/index.html`)) await buildPage("console", "/console/");
