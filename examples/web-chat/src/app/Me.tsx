import { useState } from "react";
import type { Availability } from "roomcast";
import { useSetPresence } from "roomcast/react";

import { Avatar } from "../people/Avatar";
import type { Session } from "../session/session";
import { IconButton } from "../ui/IconButton";
import { useNotices } from "./notices";
import "./me.css";

const CHOICES: readonly { value: Availability; label: string }[] = [
  { value: "online", label: "Online" },
  { value: "away", label: "Away" },
  { value: "busy", label: "Do not disturb" },
  { value: "invisible", label: "Invisible" },
];

/** Who one is, and how one wants to be seen. */
export function Me({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const setPresence = useSetPresence();
  const { attempt } = useNotices();
  const [seen, setSeen] = useState<Availability>("online");
  return (
    <footer className="me">
      <Avatar id={session.userId} name={session.name} size={36} status={seen === "invisible" ? "offline" : seen} />
      <div className="me-text">
        <bdi>{session.name}</bdi>
        <select
          aria-label="How others see you"
          value={seen}
          onChange={(event) => {
            const next = CHOICES.find(({ value }) => value === event.target.value)?.value ?? "online";
            setSeen(next);
            attempt(setPresence(next), "Others still see you as before.");
          }}
        >
          {CHOICES.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <IconButton icon="signOut" size={19} label="Sign out" onClick={onSignOut} />
    </footer>
  );
}
