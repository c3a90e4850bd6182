import { memo } from "react";

import { isEmojiOnly, type Part, partsOf } from "../text/parts";
import "./messageText.css";

type Props = { text: string; names: ReadonlyMap<string, string>; meId?: string | undefined };

/** What somebody wrote: text, with its links and names set off. */
export const MessageText = memo(function MessageText({ text, names, meId }: Props) {
  if (isEmojiOnly(text)) return <div className="text large">{text}</div>;
  return (
    <div className="text" dir="auto">
      {partsOf(text, names).map((part, at) => (
        // The parts of one text never change places.
        <Piece key={at} part={part} meId={meId} />
      ))}
    </div>
  );
});

function Piece({ part, meId }: { part: Part; meId: string | undefined }) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "link":
      return (
        <a href={part.href} target="_blank" rel="noopener noreferrer nofollow">
          {part.text}
        </a>
      );
    case "mention":
      return (
        <bdi className={part.userId === meId ? "mention self" : "mention"}>{part.text}</bdi>
      );
    case "code":
      return <code>{part.text}</code>;
    case "block":
      return (
        <pre tabIndex={0}>
          <code>{part.text}</code>
        </pre>
      );
  }
}
