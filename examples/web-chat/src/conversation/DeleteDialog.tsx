import type { ChatMessage } from "roomcast";

import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import "./deleteDialog.css";

type Props = { message: ChatMessage; onDelete: () => void; onClose: () => void };

export function DeleteDialog({ message, onDelete, onClose }: Props) {
  return (
    <Dialog title="Delete this message?" onClose={onClose}>
      <div className="delete-dialog">
        <blockquote dir="auto">{message.content}</blockquote>
        <p>Everyone will see that something was deleted here, and nothing of what it said.</p>
        <div className="dialog-keys">
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" autoFocus onClick={onDelete}>
            Delete
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
