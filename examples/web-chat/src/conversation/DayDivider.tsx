import { dayName } from "../text/times";
import "./dividers.css";

export function DayDivider({ at }: { at: number }) {
  const name = dayName(at, Date.now());
  return (
    <div className="day-divider" role="separator" aria-label={name}>
      <span>{name}</span>
    </div>
  );
}
