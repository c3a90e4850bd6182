import "./logo.css";

/** The mark: a voice, and how far it carries. */
export function Logo({ size }: { size: number }) {
  return (
    <svg className="logo" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M8.2 14.2a9.6 9.6 0 0 1 9.6 9.6M8.2 8a15.8 15.8 0 0 1 15.8 15.8" />
      <circle cx="10.3" cy="21.7" r="2.5" />
    </svg>
  );
}
