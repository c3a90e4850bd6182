import { useRef, useState } from "react";

import { EmojiPopover } from "../composer/EmojiPopover";
import { IconButton } from "../ui/IconButton";
import "./messageActions.css";

type Props = {
  onReact: (emoji: string) => void;
  onReply: () => void;
  onThread: (() => void) | undefined;
  pinned: boolean;
  onPin: (() => void) | undefined;
  onEdit: (() => void) | undefined;
  onDelete: (() => void) | undefined;
  onPicking: (picking: boolean) => void;
};

/** What can be done with a message, beside it while it is pointed at. */
export function MessageActions({ onReact, onReply, onThread, pinned, onPin, onEdit, onDelete, onPicking }: Props) {
  const [picking, setPicking] = useState(false);
  const smile = useRef<HTMLButtonElement>(null);
  const pick = (open: boolean) => {
    setPicking(open);
    onPicking(open);
  };
  return (
    <div className="message-actions" role="toolbar" aria-label="Message">
      <IconButton
        ref={smile}
        icon="smile"
        size={18}
        label="React"
        aria-expanded={picking}
        aria-haspopup="dialog"
        onClick={() => pick(!picking)}
      />
      <IconButton icon="reply" size={18} label="Reply" onClick={onReply} />
      {onThread && <IconButton icon="bubble" size={18} label="Open thread" onClick={onThread} />}
      {onPin && <IconButton icon="pin" size={18} label={pinned ? "Unpin" : "Pin"} onClick={onPin} />}
      {onEdit && <IconButton icon="edit" size={18} label="Edit" onClick={onEdit} />}
      {onDelete && <IconButton icon="trash" size={18} label="Delete" onClick={onDelete} />}
      {picking && (
        <EmojiPopover
          beside={smile}
          onPick={(emoji) => {
            pick(false);
            onReact(emoji);
          }}
          onClose={() => pick(false)}
        />
      )}
    </div>
  );
}
