import "./reactions.css";

type Reaction = { readonly emoji: string; readonly count: number; readonly mine: boolean };
type Props = { reactions: readonly Reaction[]; onReact: (emoji: string, on: boolean) => void };

/** What others say with one sign; pressing one joins them. */
export function Reactions({ reactions, onReact }: Props) {
  return (
    <ul className="reactions" aria-label="Reactions">
      {reactions.map(({ emoji, count, mine }) => (
        <li key={emoji}>
          <button
            type="button"
            className="reaction"
            aria-pressed={mine}
            aria-label={`${emoji}, ${count}${mine ? ", yours among them" : ""}`}
            onClick={() => onReact(emoji, !mine)}
          >
            <span>{emoji}</span>
            <span className="count">{count}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
