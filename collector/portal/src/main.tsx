import { render } from "preact";

import { App } from "./App";
import { startRouter } from "./lib/router";
import { applyTheme, currentTheme } from "./lib/theme";
import "./styles/index.css";

applyTheme(currentTheme());
startRouter();
const root = document.getElementById("app");
if (root) render(<App />, root);
