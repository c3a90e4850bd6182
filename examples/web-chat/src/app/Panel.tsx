import type { ReactNode } from "react";

import { useEscape } from "../conversation/useEscape";
import { IconButton } from "../ui/IconButton";
import "./panel.css";

type Props = { title: string; onClose: () => void; children: ReactNode };

/** What stands beside the conversation; on a phone, above it. */
export function Panel({ title, onClose, children }: Props) {
  useEscape(true, onClose);
  return (
    <aside className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <IconButton icon="close" label={`Close ${title.toLowerCase()}`} onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
