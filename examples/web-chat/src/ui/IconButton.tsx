import type { ButtonHTMLAttributes, Ref } from "react";

import { Icon, type IconName } from "./Icon";
import "./iconButton.css";

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label" | "title"> & {
  icon: IconName;
  /** What it does, for those who listen and as a tooltip. */
  label: string;
  size?: number;
  ref?: Ref<HTMLButtonElement>;
};

export function IconButton({ icon, label, size = 20, className = "", ...rest }: Props) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} size={size} />
    </button>
  );
}
