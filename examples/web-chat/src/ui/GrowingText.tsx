import { type TextareaHTMLAttributes, type RefObject, useLayoutEffect } from "react";

import "./growingText.css";

type Props = TextareaHTMLAttributes<HTMLTextAreaElement> & { ref: RefObject<HTMLTextAreaElement | null> };

/** A field for text that is as tall as what is in it, up to a point. */
export function GrowingText({ ref, ...rest }: Props) {
  useLayoutEffect(() => {
    const area = ref.current;
    if (!area || CSS.supports("field-sizing", "content")) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [ref, rest.value]);
  return <textarea ref={ref} className="growing scrolls" rows={1} {...rest} />;
}
