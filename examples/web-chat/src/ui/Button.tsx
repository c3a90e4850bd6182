import type { ButtonHTMLAttributes } from "react";

import "./button.css";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { look?: "filled" | "plain" | "danger" };

export function Button({ look = "plain", className = "", ...rest }: Props) {
  return <button type="button" className={`button ${look} ${className}`} {...rest} />;
}
