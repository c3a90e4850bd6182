import { useEffect, useRef, useState } from "react";

import { Button } from "../ui/Button";
import { GrowingText } from "../ui/GrowingText";
import "./editBox.css";

type Props = { text: string; onSave: (text: string) => void; onCancel: () => void };

/** A message's text, to be changed where it stands. */
export function EditBox({ text, onSave, onCancel }: Props) {
  const [draft, setDraft] = useState(text);
  const box = useRef<HTMLTextAreaElement>(null);
  const wanted = draft.trim();

  useEffect(() => {
    const area = box.current;
    area?.focus();
    area?.setSelectionRange(area.value.length, area.value.length);
  }, []);

  return (
    <form
      className="edit-box"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== "") onSave(wanted);
      }}
    >
      <GrowingText
        ref={box}
        aria-label="Edit the message"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") {
            event.stopPropagation();
            onCancel();
          }
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }
        }}
      />
      <div className="edit-box-keys">
        <Button onClick={onCancel}>Cancel</Button>
        <Button look="filled" type="submit" disabled={wanted === ""}>
          Save
        </Button>
      </div>
    </form>
  );
}
