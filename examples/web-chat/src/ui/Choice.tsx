import { useId } from "react";

import "./choice.css";

type Props<T extends string> = {
  label: string;
  options: readonly { value: T; label: string; hint?: string }[];
  value: string;
  onChange: (value: T) => void;
};

/** One of a few. */
export function Choice<T extends string>({ label, options, value, onChange }: Props<T>) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>
            {option.label}
            {option.hint !== undefined && <small>{option.hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
