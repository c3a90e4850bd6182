import type { RoomId } from "roomcast";
import { useConnection } from "roomcast/react";

import { Icon } from "../ui/Icon";
import { useLate } from "./useLate";
import { useOnline } from "./useOnline";
import { Waiting } from "./Waiting";
import "./connectionBanner.css";

/** Shorter breaks than this are nobody's business. */
const PATIENCE_MS = 1_200;

type Props = { room: RoomId | undefined; onSignOut: () => void };

/** What is wrong with the connection, what becomes of one's messages, and what one can do. */
export function ConnectionBanner({ room, onSignOut }: Props) {
  const { phase: told, retryInMs, connect, refusal } = useConnection();
  const online = useOnline();
  const phase = online || told === "refused" ? told : "offline";
  const broken = phase !== "connected" && phase !== "idle" && phase !== "draining";
  const shown = useLate(broken, PATIENCE_MS) || phase === "refused" || phase === "offline";
  if (!shown || !broken) return null;

  const waiting = room !== undefined && <Waiting room={room} />;
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
