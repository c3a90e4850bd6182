import { useEffect, useMemo, useRef, useState } from "react";
import type { ChatMessage } from "roomcast";
import { useMe, useMessages, usePeople, useRoom, useTyping } from "roomcast/react";

import { useNotices } from "../app/notices";
import { Composer } from "../composer/Composer";
import type { RowActions } from "../message/actions";
import { roomTitle } from "../rooms/title";
import { DeleteDialog } from "./DeleteDialog";
import { JoinBar } from "./JoinBar";
import { lastOwn } from "./lookup";
import { RoomHeader } from "./RoomHeader";
import { Timeline, type TimelineHandle } from "./Timeline";
import { TimelineSkeleton } from "./TimelineSkeleton";
import { TypingLine } from "./TypingLine";
import { mayPin } from "./rights";
import { useEscape } from "./useEscape";
import "./conversation.css";

type Props = {
  membersShown: boolean;
  onBack: () => void;
  onMembers: () => void;
  onThread: (message: ChatMessage) => void;
  onLeft: () => void;
};

/** The room in the middle of the page. Mounted anew for each room. */
export function Conversation({ membersShown, onBack, onMembers, onThread, onLeft }: Props) {
  const state = useRoom();
  const { messages, edit, remove, retry, react } = useMessages();
  const { typing } = useTyping();
  const people = usePeople();
  const meId = useMe()?.id;
  const { attempt } = useNotices();

  const [replyTo, setReplyTo] = useState<ChatMessage>();
  const [editing, setEditing] = useState<string>();
  const [deleting, setDeleting] = useState<ChatMessage>();
  const timeline = useRef<TimelineHandle>(null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const title = roomTitle(state, meId);

  const { handle: room } = state;
  const pins = mayPin(state);

  const actions = useMemo<RowActions>(() => {
    const back = () => {
      setEditing(undefined);
      composer.current?.focus();
    };
    return {
      react: (message, emoji, on) => attempt(react(message, emoji, on), "Your reaction was not taken."),
      reply: (message) => {
        setReplyTo(message);
        composer.current?.focus();
      },
      thread: onThread,
      beginEdit: (message) => setEditing(message.key),
      cancelEdit: back,
      saveEdit: (message, content) => {
        back();
        if (content !== message.content || message.status === "failed") {
          attempt(edit(message, content), "Your change was not taken.");
        }
      },
      askDelete: setDeleting,
      pin: pins ? (message, on) => attempt(room.pin(message, on), "It was not pinned.") : undefined,
      retry: (message) => attempt(retry(message)),
      discard: (message) => attempt(remove(message)),
    };
  }, [attempt, edit, pins, react, remove, retry, room, onThread]);

  useEscape(replyTo !== undefined, () => setReplyTo(undefined));

  // A room is opened to write in it; on a touch screen that would bring up the keyboard.
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) composer.current?.focus();
  }, []);

  const known = state.membership === "member" && state.room !== undefined;
  const waiting = !known || (messages.length === 0 && (state.catchingUp || state.room.seq > 0));
  return (
    <main className="conversation" aria-label={title}>
      <RoomHeader
        state={state}
        title={title}
        membersShown={membersShown}
        onBack={onBack}
        onMembers={onMembers}
        onLeft={onLeft}
      />
      {state.membership === "absent" ? (
        <JoinBar title={title} onJoin={() => attempt(state.handle.join(), "You cannot enter this room.")} />
      ) : waiting ? (
        <TimelineSkeleton />
      ) : (
        <Timeline roomName={title} actions={actions} editing={editing} handle={timeline} />
      )}
      <TypingLine typing={typing} />
      {state.membership !== "absent" && (
        <Composer
          field={composer}
          placeholder={`Write to ${title}`}
          draftName={state.id}
          replyTo={replyTo}
          replyName={replyTo && people.name(replyTo.userId)}
          onCancelReply={() => setReplyTo(undefined)}
          onSent={() => {
            setReplyTo(undefined);
            timeline.current?.toNewest();
          }}
          onEditLast={() => {
            const last = lastOwn(messages);
            if (!last) return;
            timeline.current?.show(last);
            setEditing(last.key);
          }}
        />
      )}
      {deleting && (
        <DeleteDialog
          message={deleting}
          onClose={() => setDeleting(undefined)}
          onDelete={() => {
            setDeleting(undefined);
            attempt(remove(deleting), "It was not deleted.");
          }}
        />
      )}
    </main>
  );
}
