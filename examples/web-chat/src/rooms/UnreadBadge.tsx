import "./unreadBadge.css";

const MOST = 99;

/** How much is new, and whether one is called. */
export function UnreadBadge({ unread, mentions }: { unread: number; mentions: number }) {
  if (unread === 0) return null;
  return (
    <span className="badges">
      {mentions > 0 && (
        <span className="badge call">
          <span aria-hidden="true">@{mentions > 1 && mentions}</span>
          <span className="unseen">{mentions === 1 ? "1 mention" : `${mentions} mentions`}, </span>
        </span>
      )}
      <span className="badge">
        <span aria-hidden="true">{unread > MOST ? `${MOST}+` : unread}</span>
        <span className="unseen">{unread} unread</span>
      </span>
    </span>
  );
}
