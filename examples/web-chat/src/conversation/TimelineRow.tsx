import { memo, useEffect } from "react";
import type { ChatMessage, MessageId, People } from "roomcast";

import type { RowActions } from "../message/actions";
import { MessageRow } from "../message/MessageRow";
import { DayDivider } from "./DayDivider";
import { isGrouped, startsDay } from "./rows";

type Props = {
  message: ChatMessage;
  before: ChatMessage | undefined;
  newHere: boolean;
  answers: ChatMessage | undefined;
  /** Looks up what it answers. */
  lookUp: (message: MessageId) => Promise<void>;
  people: People;
  meId: string | undefined;
  readers: number;
  editing: boolean;
  lit: boolean;
  actions: RowActions;
};

/** A message with what stands above it: a new day, or where the unread ones begin. */
export const TimelineRow = memo(function TimelineRow({ before, newHere, lookUp, ...row }: Props) {
  const { message } = row;
  const missing = row.answers === undefined ? message.replyTo : undefined;
  useEffect(() => {
    if (missing !== undefined) void lookUp(missing).catch(() => undefined);
  }, [missing, lookUp]);
  const newDay = startsDay(message, before);
  return (
    <>
      {newDay && <DayDivider at={message.createdAt} />}
      {newHere && (
        <div className="new-divider" role="separator" aria-label="New messages">
          <span>New</span>
        </div>
      )}
      {message.type === "system" ? (
        <p className="system-line">{message.content}</p>
      ) : (
        <MessageRow {...row} grouped={!newDay && !newHere && isGrouped(message, before)} />
      )}
    </>
  );
});
