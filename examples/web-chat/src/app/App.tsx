import { useState } from "react";

import { saveSession, savedSession } from "../session/session";
import { SignIn } from "../session/SignIn";
import { SignedIn } from "./SignedIn";

export function App() {
  const [session, setSession] = useState(savedSession);
  const change = (next: typeof session) => {
    saveSession(next);
    setSession(next);
  };
  return session === undefined ? (
    <SignIn onSignIn={change} />
  ) : (
    <SignedIn key={session.userId} session={session} onSignOut={() => change(undefined)} />
  );
}
