import type { SendStatus } from "roomcast";

import { Icon } from "../ui/Icon";
import "./sendMark.css";

type Props = { status: SendStatus; changing: boolean; readers: number };

/** How far one's own message has come. */
export function SendMark({ status, changing, readers }: Props) {
  const [icon, words] = markOf(status, changing, readers);
  return (
    <span className={`send-mark ${icon}`} title={words}>
      <Icon name={icon} size={15} />
      <span className="unseen">{words}</span>
    </span>
  );
}

function markOf(status: SendStatus, changing: boolean, readers: number) {
  if (status === "failed") return ["warning", "Not sent"] as const;
  if (status !== "delivered") return ["clock", "Sending"] as const;
  if (changing) return ["clock", "Saving the change"] as const;
  if (readers > 0) return ["checks", readers === 1 ? "Read by one" : `Read by ${readers}`] as const;
  return ["check", "Delivered"] as const;
}
