import type { Typist } from "roomcast";

import "./typingLine.css";

const LIST = new Intl.ListFormat(undefined, { type: "conjunction" });
const BY_NAME = 3;

/** Who is writing. Takes its place also while nobody is, so that nothing jumps. */
export function TypingLine({ typing }: { typing: readonly Typist[] }) {
  const names = typing.slice(0, BY_NAME).map((typist) => typist.username);
  const text =
    typing.length > BY_NAME ? "Several people are typing" : `${LIST.format(names)} ${names.length === 1 ? "is" : "are"} typing`;
  return (
    <div className="typing-line" role="status">
      {typing.length > 0 && (
        <>
          <span className="wait-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <bdi>{text}</bdi>
        </>
      )}
    </div>
  );
}
