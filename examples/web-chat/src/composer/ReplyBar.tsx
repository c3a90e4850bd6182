import { IconButton } from "../ui/IconButton";
import "./replyBar.css";

type Props = { name: string; text: string; onCancel: () => void };

/** Above the text: what it is going to answer. */
export function ReplyBar({ name, text, onCancel }: Props) {
  return (
    <div className="reply-bar">
      <p>
        Replying to <bdi>{name}</bdi>
        <span dir="auto">{text}</span>
      </p>
      <IconButton icon="close" size={16} label="Do not reply" onClick={onCancel} />
    </div>
  );
}
