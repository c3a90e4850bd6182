import { useEffect, useState } from "react";

/** Whether something has been so for at least this long. */
export function useLate(now: boolean, afterMs: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!now) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), afterMs);
    return () => clearTimeout(timer);
  }, [now, afterMs]);
  return now && late;
}
