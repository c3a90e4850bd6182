import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env["ROOMCAST_URL"] ?? "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [react()],
  // The package is linked from this repository and has a React of its own for its tests.
  resolve: { dedupe: ["react", "react-dom"] },
  build: {
    // The server takes its files from there: `server/build.rs`.
    outDir: "dist/site",
    target: "es2024",
    // The page's policy allows no `data:` beside its own files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/dev/token": server,
      "/socket.io": { target: server, ws: true },
    },
  },
});
