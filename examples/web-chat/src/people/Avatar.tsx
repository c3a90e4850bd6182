import type { CSSProperties } from "react";
import type { Status } from "roomcast";

import { hueOf, initialsOf } from "./hue";
import { PresenceDot } from "./PresenceDot";
import "./avatar.css";

type Props = { id: string; name: string; size?: number; status?: Status | undefined };

/** A person's initials on their colour. Decoration: their name stands beside it. */
export function Avatar({ id, name, size = 36, status }: Props) {
  const style = { "--hue": hueOf(id), "--size": `${size}px` } as CSSProperties;
  return (
    <span className="avatar" style={style}>
      <span className="avatar-face" aria-hidden="true">
        {initialsOf(name)}
      </span>
      {status !== undefined && <PresenceDot status={status} />}
    </span>
  );
}
