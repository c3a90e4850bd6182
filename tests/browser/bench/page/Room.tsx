/** The same room for both: the web chat's list and rows, so that only where the messages come from differs. */
import type { ChatMessage, People } from "roomcast";

import type { RowActions } from "../../../../examples/web-chat/src/message/actions";
import { TimelineRow } from "../../../../examples/web-chat/src/conversation/TimelineRow";
import { VirtualList } from "../../../../examples/web-chat/src/virtual/VirtualList";
import "../../../../examples/web-chat/src/styles/tokens.css";
import "../../../../examples/web-chat/src/styles/base.css";
import "../../../../examples/web-chat/src/conversation/timeline.css";

type Props = { messages: { length: number; at: (index: number) => ChatMessage | undefined }; people: People };

const nothing = () => undefined;
const found = () => Promise.resolve();
const ACTIONS: RowActions = {
  react: nothing,
  reply: nothing,
  thread: nothing,
  beginEdit: nothing,
  saveEdit: nothing,
  cancelEdit: nothing,
  askDelete: nothing,
  retry: nothing,
  discard: nothing,
  jump: nothing,
};

export function Room({ messages, people }: Props) {
  return (
    <div style={{ height: "100vh" }}>
      <VirtualList
        className="timeline-scroll scrolls"
        count={messages.length}
        keyAt={(index) => messages.at(index)?.key ?? String(index)}
        row={(index) => (
          <TimelineRow
            message={messages.at(index) as ChatMessage}
            before={index > 0 ? messages.at(index - 1) : undefined}
            newHere={false}
            answers={undefined}
            lookUp={found}
            people={people}
            meId="reader"
            readers={0}
            editing={false}
            lit={false}
            actions={ACTIONS}
          />
        )}
      />
    </div>
  );
}
