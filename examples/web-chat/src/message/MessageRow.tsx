import { type KeyboardEvent, memo, useState } from "react";
import type { ChatMessage, People } from "roomcast";

import { Avatar } from "../people/Avatar";
import { clock, fullTime } from "../text/times";
import { Icon } from "../ui/Icon";
import type { RowActions } from "./actions";
import { EditBox } from "./EditBox";
import { FailedBar } from "./FailedBar";
import { MessageActions } from "./MessageActions";
import { MessageText } from "./MessageText";
import { Quote } from "./Quote";
import { Reactions } from "./Reactions";
import { SendMark } from "./SendMark";
import { ThreadLine } from "./ThreadLine";
import "./messageRow.css";

type Props = {
  message: ChatMessage;
  /** Whether it goes on where the same person left off. */
  grouped: boolean;
  /** The message that it answers, if that is known. */
  answers: ChatMessage | undefined;
  people: People;
  meId: string | undefined;
  readers: number;
  editing: boolean;
  /** Whether it was just jumped to. */
  lit: boolean;
  actions: RowActions;
};

export const MessageRow = memo(function MessageRow(props: Props) {
  const { message, grouped, answers, people, meId, readers, editing, lit, actions } = props;
  const [pointed, setPointed] = useState(false);
  const [picking, setPicking] = useState(false);
  const name = people.name(message.userId);
  const deleted = message.deletedAt !== undefined;
  const settled = message.id !== undefined && message.status === "delivered";
  const mentionsMe = meId !== undefined && message.mentions?.includes(meId) === true;
  const { thread, pin, jump } = actions;
  const { replyTo } = message;

  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const next = event.key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling";
    const row = event.currentTarget.closest("[data-index]")?.[next];
    row?.querySelector<HTMLElement>("article")?.focus();
  };

  return (
    <article
      className={["message", grouped && "grouped", message.replyTo !== undefined && "answer", lit && "lit", mentionsMe && "calls-me", message.status]
        .filter(Boolean)
        .join(" ")}
      tabIndex={-1}
      aria-label={`${name}, ${clock(message.createdAt)}`}
      data-key={message.key}
      onKeyDown={keys}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocus={() => setPointed(true)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setPointed(false);
      }}
    >
      <div className="message-side">
        {grouped ? (
          <time dateTime={new Date(message.createdAt).toISOString()}>{clock(message.createdAt)}</time>
        ) : (
          <Avatar id={message.userId} name={name} size={38} />
        )}
      </div>
      <div className="message-main">
        {replyTo !== undefined && (
          <Quote
            name={answers && people.name(answers.userId)}
            text={answers && (answers.deletedAt === undefined ? answers.content : "Deleted")}
            onOpen={jump && (() => jump(replyTo))}
          />
        )}
        {!grouped && (
          <header>
            <bdi className="message-name">{name}</bdi>
            <time dateTime={new Date(message.createdAt).toISOString()} title={fullTime(message.createdAt)}>
              {clock(message.createdAt)}
            </time>
            {message.pinnedAt !== undefined && (
              <span className="message-pin">
                <Icon name="pin" size={14} /> Pinned
              </span>
            )}
          </header>
        )}
        {editing ? (
          <EditBox
            text={message.content}
            onSave={(text) => actions.saveEdit(message, text)}
            onCancel={actions.cancelEdit}
          />
        ) : deleted ? (
          <p className="message-gone">This message was deleted.</p>
        ) : (
          <div className="message-body">
            <MessageText text={message.content} names={namesIn(message, people)} meId={meId} />
            {message.editedAt !== undefined && (
              <span className="message-edited" title={fullTime(message.editedAt)}>
                edited
              </span>
            )}
          </div>
        )}
        {message.status === "failed" && !editing && (
          <FailedBar
            error={message.error}
            onRetry={() => actions.retry(message)}
            onEdit={() => actions.beginEdit(message)}
            onDiscard={() => actions.discard(message)}
          />
        )}
        {!deleted && message.reactions !== undefined && message.reactions.length > 0 && (
          <Reactions reactions={message.reactions} onReact={(emoji, on) => actions.react(message, emoji, on)} />
        )}
        {thread && (message.thread !== undefined || message.threadId !== undefined) && (
          <ThreadLine message={message} onOpen={() => thread(message)} />
        )}
      </div>
      <div className="message-mark">
        {message.mine && !deleted && (
          <SendMark status={message.status} changing={message.change !== undefined} readers={readers} />
        )}
      </div>
      {(pointed || picking) && settled && !deleted && !editing && (
        <MessageActions
          onReact={(emoji) => actions.react(message, emoji, true)}
          onReply={() => actions.reply(message)}
          onThread={thread && (() => thread(message))}
          pinned={message.pinnedAt !== undefined}
          onPin={pin && (() => pin(message, message.pinnedAt === undefined))}
          onEdit={message.mine ? () => actions.beginEdit(message) : undefined}
          onDelete={message.mine ? () => actions.askDelete(message) : undefined}
          onPicking={setPicking}
        />
      )}
    </article>
  );
});

const NOBODY: ReadonlyMap<string, string> = new Map();

function namesIn(message: ChatMessage, people: People): ReadonlyMap<string, string> {
  if (message.mentions === undefined || message.mentions.length === 0) return NOBODY;
  return new Map(message.mentions.map((id) => [id, people.name(id)]));
}
