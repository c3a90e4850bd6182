import { useState } from "react";
import type { protocol, RoomId } from "roomcast";
import { useChat } from "roomcast/react";

import { explain } from "../text/refusals";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Choice } from "../ui/Choice";
import "./roomDialogs.css";

type Props = { onClose: () => void; onMade: (id: RoomId) => void };

const KINDS = [
  { value: "public", label: "Open", hint: "Anyone can find it and enter" },
  { value: "private", label: "Private", hint: "Only those whom members bring in" },
] as const;

export function NewRoomDialog({ onClose, onMade }: Props) {
  const chat = useChat();
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [visibility, setVisibility] = useState<protocol.Visibility>("public");
  const [waiting, setWaiting] = useState(false);
  const [error, setError] = useState<string>();

  const make = async () => {
    setWaiting(true);
    try {
      const about = topic.trim();
      const room = await chat.createRoom({ name: name.trim(), visibility, ...(about !== "" && { topic: about }) });
      onMade(room.id);
    } catch (refusal) {
      setError(explain(refusal, "The room was not made."));
      setWaiting(false);
    }
  };

  return (
    <Dialog title="New room" onClose={onClose}>
      <form
        className="room-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <Field label="Name" autoFocus required maxLength={128} value={name} error={error} onChange={(event) => setName(event.target.value)} />
        <Field label="What it is about" maxLength={256} placeholder="Optional" value={topic} onChange={(event) => setTopic(event.target.value)} />
        <Choice label="Who comes in" options={KINDS} value={visibility} onChange={setVisibility} />
        <div className="dialog-keys">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="filled" type="submit" disabled={waiting || name.trim() === ""}>
            Make the room
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
