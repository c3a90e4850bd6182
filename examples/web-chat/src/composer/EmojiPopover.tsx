import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

import { findEmoji, recentEmoji, rememberEmoji } from "./emoji";
import "./emojiPopover.css";

type Props = { beside: RefObject<HTMLElement | null>; onPick: (emoji: string) => void; onClose: () => void };

const COLUMNS = 8;

/** A small window of emoji beside the button that opened it. Arrows move, Enter picks, Escape goes back. */
export function EmojiPopover({ beside, onPick, onClose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState("");
  const [recent] = useState(recentEmoji);
  const groups = findEmoji(query, recent);

  useLayoutEffect(() => {
    const [button, popover] = [beside.current, box.current];
    if (!button || !popover) return;
    const at = button.getBoundingClientRect();
    const { width, height } = popover.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.right - width, window.innerWidth - width - 8));
    const above = at.top - height - 8;
    popover.style.left = `${left}px`;
    popover.style.top = `${above >= 8 ? above : Math.min(at.bottom + 8, window.innerHeight - height - 8)}px`;
    popover.querySelector("input")?.focus();
    return () => button.focus({ preventScroll: true });
  }, [beside]);

  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const at = event.target as Node;
      if (!box.current?.contains(at) && !beside.current?.contains(at)) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [beside, onClose]);

  const pick = (emoji: string) => {
    rememberEmoji(emoji);
    onPick(emoji);
  };

  const move = (event: KeyboardEvent) => {
    // What is typed here is not for what lies beneath.
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      onClose();
      return;
    }
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
    const step = steps[event.key];
    const buttons = [...(box.current?.querySelectorAll<HTMLButtonElement>(".emoji") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (at === -1) {
      if (event.key === "ArrowDown") buttons[0]?.focus();
      if (event.key === "Enter") buttons[0]?.click();
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      event.preventDefault();
    } else if (step !== undefined) {
      event.preventDefault();
      if (at + step < 0) box.current?.querySelector("input")?.focus();
      else buttons[Math.min(at + step, buttons.length - 1)]?.focus();
    }
  };

  return createPortal(
    <div ref={box} className="emoji-popover" role="dialog" aria-label="Choose an emoji" onKeyDown={move}>
      <input
        type="search"
        placeholder="Search emoji"
        aria-label="Search emoji"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <div className="emoji-groups scrolls">
        {groups.length === 0 && <p>Nothing by that name.</p>}
        {groups.map(({ name, emoji }) => (
          <section key={name} aria-label={name}>
            <h3>{name}</h3>
            <div className="emoji-grid">
              {emoji.map(({ sign, words }) => (
                <button key={sign} type="button" className="emoji" aria-label={words} title={words} onClick={() => pick(sign)}>
                  {sign}
                </button>
              ))}
            </div>
          </section>
        ))}
      </div>
    </div>,
    document.body,
  );
}
