import { type KeyboardEvent, type RefObject, useRef, useState } from "react";
import type { ChatMessage, MessageId } from "roomcast";
import { useMembers, useMessages, useTyping } from "roomcast/react";

import { GrowingText } from "../ui/GrowingText";
import { IconButton } from "../ui/IconButton";
import { ReplyBar } from "./ReplyBar";
import { EmojiPopover } from "./EmojiPopover";
import { draftOf, keepDraft } from "./drafts";
import { MentionList } from "./MentionList";
import { calledIn, completion, insertName } from "./mentions";
import "./composer.css";

type Props = {
  field: RefObject<HTMLTextAreaElement | null>;
  placeholder: string;
  /** Under which name an unfinished text is kept. */
  draftName: string;
  replyTo?: ChatMessage | undefined;
  replyName?: string | undefined;
  threadId?: MessageId;
  onCancelReply?: () => void;
  onSent: () => void;
  onEditLast?: () => void;
};

/** Where one writes. Enter sends, Shift+Enter begins a line, the arrow up edits what one said last. */
export function Composer(props: Props) {
  const { field, placeholder, draftName, replyTo, replyName, threadId, onCancelReply, onSent, onEditLast } = props;
  const { send } = useMessages();
  const { onKeystroke, stop } = useTyping();
  const members = useMembers();
  const [text, setText] = useState(() => draftOf(draftName));
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [picking, setPicking] = useState(false);
  const smile = useRef<HTMLButtonElement>(null);

  const call = completion(text, caret, members);
  const offered = call?.people ?? [];

  const write = (next: string, at: number) => {
    setText(next);
    setCaret(at);
    setChosen(0);
    keepDraft(draftName, next);
    if (next === "") stop();
    else onKeystroke();
  };

  const place = (next: string, at: number) => {
    write(next, at);
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(at, at);
    });
  };

  const submit = () => {
    const content = text.trim();
    if (content === "") return;
    const mentions = calledIn(content, members);
    // A refusal shows in the conversation, under the message itself.
    send({
      content,
      ...(mentions.length > 0 && { mentions }),
      ...(replyTo?.id !== undefined && { replyTo: replyTo.id }),
      ...(threadId !== undefined && { threadId }),
    }).then(undefined, () => undefined);
    setText("");
    keepDraft(draftName, "");
    onSent();
    field.current?.focus();
  };

  const complete = (name: string) => {
    if (!call) return;
    const done = insertName(text, caret, call.from, name);
    place(done.text, done.caret);
  };

  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (offered.length > 0 && ["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(event.key)) {
      event.preventDefault();
      if (event.key === "Escape") setCaret(-1);
      else if (event.key === "ArrowDown") setChosen((chosen + 1) % offered.length);
      else if (event.key === "ArrowUp") setChosen((chosen + offered.length - 1) % offered.length);
      else complete(offered[chosen]?.username ?? "");
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && text === "" && onEditLast) {
      event.preventDefault();
      onEditLast();
    }
  };

  const listId = `${draftName}-names`;
  return (
    <form
      className="composer"
      aria-label="Write a message"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {offered.length > 0 && <MentionList id={listId} people={offered} chosen={chosen} onChoose={complete} />}
      {replyTo && <ReplyBar name={replyName ?? ""} text={replyTo.content} onCancel={() => onCancelReply?.()} />}
      <div className="composer-line">
        <GrowingText
          ref={field}
          value={text}
          placeholder={placeholder}
          aria-label={placeholder}
          aria-autocomplete="list"
          aria-controls={offered.length > 0 ? listId : undefined}
          aria-activedescendant={offered.length > 0 ? `${listId}-${chosen}` : undefined}
          enterKeyHint="send"
          onChange={(event) => write(event.target.value, event.target.selectionStart)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onBlur={() => stop()}
          onKeyDown={keys}
        />
        <IconButton
          ref={smile}
          icon="smile"
          label="Emoji"
          aria-haspopup="dialog"
          aria-expanded={picking}
          onClick={() => setPicking(!picking)}
        />
        <IconButton className="composer-send" icon="send" label="Send" type="submit" disabled={text.trim() === ""} />
      </div>
      {picking && (
        <EmojiPopover
          beside={smile}
          onClose={() => setPicking(false)}
          onPick={(emoji) => {
            const at = field.current?.selectionStart ?? text.length;
            setPicking(false);
            place(text.slice(0, at) + emoji + text.slice(at), at + emoji.length);
          }}
        />
      )}
    </form>
  );
}
