import { useEffect, useRef } from "react";
import type { RoomId } from "roomcast";

import { openRoom } from "./route";

/** As the dialog lists them. */
export const SHORTCUTS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["Enter"], does: "Send" },
  { keys: ["Shift", "Enter"], does: "New line" },
  { keys: ["↑"], does: "Edit what you said last, where nothing is written" },
  { keys: ["Esc"], does: "Cancel: a change, a reply, a panel" },
  { keys: ["@"], does: "Call somebody" },
  { keys: ["Ctrl", "K"], does: "Find a room" },
  { keys: ["Alt", "↑"], does: "Previous room" },
  { keys: ["Alt", "↓"], does: "Next room" },
  { keys: ["↑", "↓"], does: "From message to message, where one has the focus" },
  { keys: ["Ctrl", "/"], does: "This list" },
];

/** The keys that work everywhere on the page. */
export function useShortcuts(rooms: readonly RoomId[], current: RoomId | undefined, onHelp: () => void): void {
  const latest = useRef({ rooms, current, onHelp });
  useEffect(() => {
    latest.current = { rooms, current, onHelp };
  });

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { rooms, current, onHelp } = latest.current;
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key.toLowerCase() === "k") {
        event.preventDefault();
        document.querySelector<HTMLElement>(".sidebar-filter")?.focus();
      } else if (command && event.key === "/") {
        event.preventDefault();
        onHelp();
      } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        const at = rooms.indexOf(current ?? "") + (event.key === "ArrowDown" ? 1 : -1);
        const next = rooms[(at + rooms.length) % rooms.length];
        event.preventDefault();
        if (next !== undefined) openRoom(next);
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
