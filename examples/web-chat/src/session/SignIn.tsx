import { useState } from "react";

import { Logo } from "../app/Logo";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { idOf, lastName, type Session } from "./session";
import "./signIn.css";

/** The way in. On a development server, a name is enough. */
export function SignIn({ onSignIn }: { onSignIn: (session: Session) => void }) {
  const [name, setName] = useState(lastName);
  const [error, setError] = useState<string>();

  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const shown = name.trim();
          const userId = idOf(shown);
          if (userId === "") setError("A name needs a letter from a to z, or a digit.");
          else onSignIn({ userId, name: shown });
        }}
      >
        <Logo size={52} />
        <h1>Come in</h1>
        <p>This is a development server: whoever you say you are, you are.</p>
        <Field
          label="Your name"
          autoFocus
          required
          maxLength={64}
          autoComplete="username"
          spellCheck={false}
          placeholder="Alice"
          value={name}
          error={error}
          onChange={(event) => {
            setName(event.target.value);
            setError(undefined);
          }}
        />
        <Button look="filled" type="submit">
          Continue
        </Button>
        <p className="sign-in-note">Open a second tab and come in as somebody else to talk to yourself.</p>
      </form>
    </main>
  );
}
