import { useConnection, useOutbox } from "roomcast/react";

import { Icon } from "../ui/Icon";
import { useLate } from "./useLate";
import "./connectionBanner.css";

/** Shorter breaks than this are nobody's business. */
const PATIENCE_MS = 1_200;

/** What is wrong with the connection, what becomes of one's messages, and what one can do. */
export function ConnectionBanner({ onSignOut }: { onSignOut: () => void }) {
  const { phase, retryInMs, connect, refusal } = useConnection();
  const { pending } = useOutbox();
  const broken = phase !== "connected" && phase !== "idle" && phase !== "draining";
  const shown = useLate(broken, PATIENCE_MS) || phase === "refused" || phase === "offline";
  if (!shown || !broken) return null;

  const waiting = pending.length === 0 ? "" : ` ${pending.length === 1 ? "One message waits" : `${pending.length} messages wait`} here.`;
  const seconds = retryInMs === undefined ? 0 : Math.ceil(retryInMs / 1_000);
  return (
    <div className={phase === "refused" ? "banner refused" : "banner"} role="status">
      <Icon name={phase === "refused" ? "lock" : "warning"} size={17} />
      {phase === "refused" ? (
        <>
          <p>{refusal === "Access revoked" ? "Your access has ended." : "The server does not let you in any more."}</p>
          <button type="button" onClick={onSignOut}>
            Sign in again
          </button>
        </>
      ) : phase === "offline" ? (
        <p>You are offline. What you write goes out once the network is back.{waiting}</p>
      ) : (
        <>
          <p>
            {phase === "reconnecting" && seconds > 0 ? (
              <>
                No connection. Trying again in <span className="banner-seconds">{seconds} s</span>.
              </>
            ) : (
              "Connecting…"
            )}
            {waiting}
          </p>
          {phase === "reconnecting" && seconds > 0 && (
            <button type="button" onClick={() => void connect().catch(() => undefined)}>
              Try now
            </button>
          )}
        </>
      )}
    </div>
  );
}
