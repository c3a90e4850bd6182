import { useState } from "react";

import type { IconName } from "../ui/Icon";
import { IconButton } from "../ui/IconButton";
import { savedTheme, saveTheme, type Theme, THEMES } from "./theme";

const SHOWN: Record<Theme, { icon: IconName; words: string }> = {
  system: { icon: "system", words: "as the system" },
  light: { icon: "sun", words: "light" },
  dark: { icon: "moon", words: "dark" },
};

/** Goes from one theme to the next. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(savedTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  return (
    <IconButton
      icon={SHOWN[theme].icon}
      size={19}
      label={`Colours: ${SHOWN[theme].words}`}
      onClick={() => {
        saveTheme(next);
        setTheme(next);
      }}
    />
  );
}
