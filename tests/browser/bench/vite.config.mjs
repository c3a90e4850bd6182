/** Both pages, built for production with the web chat's own React and compiler. */
import { createRequire } from "node:module";

const webChat = new URL("../../../examples/web-chat/", import.meta.url).pathname;
const { default: react } = await import(createRequire(`${webChat}package.json`).resolve("@vitejs/plugin-react"));
const page = new URL("page/", import.meta.url).pathname;

/** What the pages share with the web chat is the web chat's, and there once. */
const fromWebChat = {
  name: "from-web-chat",
  enforce: "pre",
  resolveId(id) {
    return /^(react|react-dom|roomcast)(\/|$)/.test(id) ? this.resolve(id, `${webChat}src/main.tsx`, { skipSelf: true }) : null;
  },
};

export default {
  root: page,
  base: "./",
  logLevel: "error",
  plugins: [react(), fromWebChat],
  build: {
    outDir: new URL(".built/", import.meta.url).pathname,
    emptyOutDir: true,
    target: "es2024",
    rollupOptions: { input: [`${page}roomcast.html`, `${page}plain.html`] },
  },
};
