import "./timelineSkeleton.css";

const LINES = ["62%", "38%", "74%", "51%", "30%"];

/** The shape of what is coming. */
export function TimelineSkeleton() {
  return (
    <div className="skeleton" role="status" aria-label="Loading messages">
      {LINES.map((width) => (
        <div key={width} className="skeleton-row">
          <i />
          <span>
            <b />
            <b style={{ width }} />
          </span>
        </div>
      ))}
    </div>
  );
}
