import { Button } from "../ui/Button";
import "./joinBar.css";

/** In place of a conversation that one is not part of. */
export function JoinBar({ title, onJoin }: { title: string; onJoin: () => void }) {
  return (
    <div className="join-bar">
      <h2>
        You are not in <bdi>{title}</bdi>
      </h2>
      <p>If the room is open to everyone, you can enter it now.</p>
      <Button look="filled" onClick={onJoin}>
        Enter the room
      </Button>
    </div>
  );
}
