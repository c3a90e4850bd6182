import "./quote.css";

type Props = { name: string | undefined; text: string | undefined; onOpen?: (() => void) | undefined };

/** The message that another one answers, in a line. */
export function Quote({ name, text, onOpen }: Props) {
  const inside = (
    <>
      <span className="unseen">Answers </span>
      {name === undefined ? (
        <span className="quote-text">An earlier message</span>
      ) : (
        <>
          <bdi className="quote-name">{name}</bdi>
          <span className="quote-text" dir="auto">
            {text}
          </span>
        </>
      )}
    </>
  );
  if (!onOpen) return <div className="quote">{inside}</div>;
  return (
    <button type="button" className="quote" onClick={onOpen}>
      {inside}
    </button>
  );
}
