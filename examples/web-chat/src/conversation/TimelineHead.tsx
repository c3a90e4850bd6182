import "./timelineHead.css";

type Props = { roomName: string; hasMore: boolean; empty: boolean };

/** Above the first message: that more is coming, or that this is where it began. */
export function TimelineHead({ roomName, hasMore, empty }: Props) {
  if (hasMore) {
    return (
      <div className="timeline-head" aria-hidden="true">
        <span className="wait-dots">
          <i />
          <i />
          <i />
        </span>
      </div>
    );
  }
  return (
    <div className="timeline-head begun">
      <h2>
        <bdi>{roomName}</bdi>
      </h2>
      <p>{empty ? "Nothing has been said here yet. Say the first word." : "This is where it began."}</p>
    </div>
  );
}
