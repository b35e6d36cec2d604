import { defineConfig } from "vite";

// One script and one style sheet, nothing inlined: the page must work under a policy that allows
// neither inline code nor data: URLs.
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8099" } } },
});
