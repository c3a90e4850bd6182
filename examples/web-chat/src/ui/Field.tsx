import { type InputHTMLAttributes, type ReactNode, useId } from "react";

import "./field.css";

type Props = InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: ReactNode; error?: string | undefined };

/** A labelled line of text. */
export function Field({ label, hint, error, ...input }: Props) {
  const id = useId();
  const told = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        autoComplete="off"
        aria-invalid={error !== undefined}
        aria-describedby={told === undefined ? undefined : `${id}-told`}
        {...input}
      />
      {told !== undefined && (
        <p id={`${id}-told`} className={error === undefined ? "hint" : "error"} role={error === undefined ? undefined : "alert"}>
          {told}
        </p>
      )}
    </div>
  );
}
