import "./icon.css";

const PATHS = {
  add: "M12 5v14M5 12h14",
  back: "M15 5l-7 7 7 7",
  bubble: "M5 6.5A2.5 2.5 0 0 1 7.5 4h9A2.5 2.5 0 0 1 19 6.5v6a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A1.5 1.5 0 0 1 5 13.5z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M1.5 12.8l4.3 4.2L14 7.5M11.3 16.3l.7.7L22 7.5",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4.3l2.8 1.7",
  close: "M6 6l12 12M18 6L6 18",
  compass: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM15.5 8.5l-2 5-5 2 2-5z",
  down: "M12 5v14M6 13l6 6 6-6",
  edit: "M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3",
  hash: "M9.5 4.5l-2 15M16.5 4.5l-2 15M4.5 9.5h15.5M4 14.5h15.5",
  help: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM9.7 9.7a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.8-1.1 1.6M12 16.3v.1",
  lock: "M7 11h10a1.5 1.5 0 0 1 1.5 1.5v5A1.5 1.5 0 0 1 17 19H7a1.5 1.5 0 0 1-1.5-1.5v-5A1.5 1.5 0 0 1 7 11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  moon: "M19.5 14.2A8 8 0 1 1 9.8 4.5a6.3 6.3 0 0 0 9.7 9.7z",
  people: "M9 5.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM3.5 18.5c.3-2.8 2.5-4.5 5.5-4.5s5.2 1.7 5.5 4.5M15.5 5.7a3 3 0 0 1 0 5.6M17 14.3c2 .5 3.3 2 3.5 4.2",
  person: "M12 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM5.5 19.5c.4-3.3 3-5 6.5-5s6.1 1.7 6.5 5",
  pin: "M9 4h6l-.7 6 2.7 3.5H7L9.7 10zM12 13.5V20",
  reply: "M9.5 6L4.5 11l5 5M5 11h8.5a6 6 0 0 1 6 6v1",
  retry: "M18.5 12a6.5 6.5 0 1 1-2-4.7M19 4.5v4h-4",
  search: "M11 5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15.5 15.5L20 20",
  send: "M12 19V5.5M6 11.5l6-6 6 6",
  signOut: "M10 4.5H6.5A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.5H10M14.5 8l4 4-4 4M18 12H9.5",
  smile: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM9 10v.2M15 10v.2M8.5 14c.8 1.3 2 2 3.5 2s2.7-.7 3.5-2",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  system: "M5.5 5h13A1.5 1.5 0 0 1 20 6.5v8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 14.5v-8A1.5 1.5 0 0 1 5.5 5zM9 19.5h6M12 16v3.5",
  trash: "M5 7h14M10 7V5h4v2M7 7l.8 12h8.4L17 7M10.5 10.5v5M13.5 10.5v5",
  warning: "M12 4.5l8.5 14.5h-17zM12 10v4M12 16.5v.1",
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing of 24 units, in the text's colour. Says nothing by itself: its button or its text does. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
