import { Logo } from "./Logo";
import "./welcome.css";

/** Where no room is open. */
export function Welcome({ name }: { name: string }) {
  return (
    <main className="welcome">
      <Logo size={56} />
      <h1>
        Hello, <bdi>{name}</bdi>
      </h1>
      <p>Choose a room on the left, or find a new one.</p>
    </main>
  );
}
