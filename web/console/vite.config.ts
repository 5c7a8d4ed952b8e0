import { defineConfig } from "vite";

/** The console is served by the desk under /console/, with a policy that allows no inline script or style. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  server: {
    proxy: {
      "/console/api": "http://127.0.0.1:8080",
      "/console/socket": { target: "ws://127.0.0.1:8080", ws: true },
    },
  },
  build: {
    outDir: "../dist/console",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // Mantine marks its files for server components; a page in the browser has none.
      onwarn: (warning, warn) => warning.code === "MODULE_LEVEL_DIRECTIVE" || warn(warning),
    },
  },
});
