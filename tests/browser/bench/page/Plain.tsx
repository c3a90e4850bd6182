/** A window of fifty rows of one height at the end of a list: as little of a page's own as there can be. */
import type { ChatMessage, People } from "roomcast";

const ROWS = 50;
const HEIGHT = 20;

type Props = { messages: { length: number; at: (index: number) => ChatMessage | undefined }; people: People };

export function Plain({ messages, people }: Props) {
  const first = Math.max(0, messages.length - ROWS);
  const rows = Array.from({ length: messages.length - first }, (_, at) => messages.at(first + at) as ChatMessage);
  return (
    <div style={{ height: "100vh", overflow: "hidden" }}>
      {rows.map((message) => (
        <article key={message.key} style={{ height: HEIGHT, overflow: "hidden" }}>
          <b>{people.name(message.userId)}</b> {message.content}
        </article>
      ))}
    </div>
  );
}
