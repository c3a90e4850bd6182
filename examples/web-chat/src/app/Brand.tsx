import { IconButton } from "../ui/IconButton";
import { Logo } from "./Logo";
import { ThemeSwitch } from "./ThemeSwitch";
import "./brand.css";

export function Brand({ onHelp }: { onHelp: () => void }) {
  return (
    <header className="brand">
      <Logo size={30} />
      <span>Roomcast</span>
      <IconButton icon="help" size={19} label="Keyboard shortcuts" aria-keyshortcuts="Control+/ Meta+/" onClick={onHelp} />
      <ThemeSwitch />
    </header>
  );
}
