import type { Status } from "roomcast";

import "./presenceDot.css";

const WORDS: Record<Status, string> = {
  online: "Online",
  away: "Away",
  busy: "Do not disturb",
  offline: "Offline",
  unknown: "Presence unknown",
};

export const presenceWord = (status: Status): string => WORDS[status];

/** Whether somebody is there, told by shape as well as by colour. */
export function PresenceDot({ status }: { status: Status }) {
  return <span className={`presence ${status}`} role="img" aria-label={WORDS[status]} />;
}
