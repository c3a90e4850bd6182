import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "@fontsource-variable/figtree/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { App } from "./app/App";
import { applyTheme, savedTheme } from "./app/theme";

applyTheme(savedTheme());

const root = document.getElementById("root");
if (!root) throw new Error("the page has no place for the chat");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
