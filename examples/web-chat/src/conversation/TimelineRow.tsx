import { memo } from "react";
import type { ChatMessage, People } from "roomcast";

import type { RowActions } from "../message/actions";
import { MessageRow } from "../message/MessageRow";
import { DayDivider } from "./DayDivider";
import { isGrouped, startsDay } from "./rows";

type Props = {
  message: ChatMessage;
  before: ChatMessage | undefined;
  newHere: boolean;
  answers: ChatMessage | undefined;
  people: People;
  meId: string | undefined;
  readers: number;
  editing: boolean;
  lit: boolean;
  actions: RowActions;
};

/** A message with what stands above it: a new day, or where the unread ones begin. */
export const TimelineRow = memo(function TimelineRow({ before, newHere, ...row }: Props) {
  const { message } = row;
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
