import type { RoomcastError } from "roomcast";

import { explain } from "../text/refusals";
import "./failedBar.css";

type Props = { error: RoomcastError | undefined; onRetry: () => void; onEdit: () => void; onDiscard: () => void };

/** Under a message that was refused for good: why, and what can be done. */
export function FailedBar({ error, onRetry, onEdit, onDiscard }: Props) {
  return (
    <div className="failed-bar" role="group" aria-label="This message was not sent">
      <span>{explain(error, "Not sent.")}</span>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
      <button type="button" onClick={onEdit}>
        Edit
      </button>
      <button type="button" onClick={onDiscard}>
        Discard
      </button>
    </div>
  );
}
