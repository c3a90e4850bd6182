import { useEffect, useState } from "react";
import { useRoom } from "roomcast/react";

import { Icon } from "../ui/Icon";
import "./jumpToNewest.css";

type Props = { shown: boolean; onJump: () => void };

/** The way back to the end, with how much has come meanwhile. */
export function JumpToNewest({ shown, onJump }: Props) {
  const [left, setLeft] = useState<number>();
  const seq = useRoom().room?.seq ?? 0;

  useEffect(() => {
    setLeft((before) => (shown ? (before ?? seq) : undefined));
  }, [shown, seq]);

  if (!shown) return null;
  const since = left === undefined ? 0 : Math.max(0, seq - left);
  return (
    <button type="button" className={since > 0 ? "jump new" : "jump"} onClick={onJump}>
      <Icon name="down" size={16} />
      {since === 0 ? "Newest" : since === 1 ? "1 new message" : `${since} new messages`}
    </button>
  );
}
