import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";

import { explain } from "../text/refusals";
import { IconButton } from "../ui/IconButton";
import "./notices.css";

type Notices = {
  /** Waits for something, and says so if it fails. What shows its failure in its own place gives no words. */
  attempt: (doing: PromiseLike<unknown>, failed?: string) => void;
};

const Context = createContext<Notices>({ attempt: () => undefined });

export const useNotices = (): Notices => useContext(Context);

const MOST = 3;
const SHOWN_MS = 8_000;

/** Small messages at the edge about what did not happen. */
export function NoticesProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<readonly { id: number; text: string }[]>([]);

  const drop = useCallback((id: number) => setNotices((now) => now.filter((notice) => notice.id !== id)), []);

  const attempt = useCallback<Notices["attempt"]>(
    (doing, failed) => {
      doing.then(undefined, (refusal: unknown) => {
        if (failed === undefined) return;
        const id = performance.now();
        const reason = explain(refusal, "");
        setNotices((now) => [...now, { id, text: `${failed} ${reason}`.trim() }].slice(-MOST));
        setTimeout(() => drop(id), SHOWN_MS);
      });
    },
    [drop],
  );

  return (
    <Context value={useMemo(() => ({ attempt }), [attempt])}>
      {children}
      <div className="notices" role="status">
        {notices.map(({ id, text }) => (
          <div key={id} className="notice">
            <p>{text}</p>
            <IconButton icon="close" size={16} label="Dismiss" onClick={() => drop(id)} />
          </div>
        ))}
      </div>
    </Context>
  );
}
