/** Who uses this tab. A tab of its own for each, so that one browser can hold a conversation with itself. */
export type Session = { userId: string; name: string };

const KEY = "roomcast.session";
const LAST = "roomcast.lastUser";

export function savedSession(): Session | undefined {
  try {
    const saved: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return isSession(saved) ? saved : undefined;
  } catch {
    return undefined;
  }
}

export function saveSession(session: Session | undefined): void {
  try {
    if (session === undefined) {
      sessionStorage.removeItem(KEY);
      return;
    }
    sessionStorage.setItem(KEY, JSON.stringify(session));
    localStorage.setItem(LAST, session.name);
  } catch {
    // It holds until the page is left.
  }
}

export function lastName(): string {
  try {
    return localStorage.getItem(LAST) ?? "";
  } catch {
    return "";
  }
}

/** An id that a name can stand for: "Zoë Miller" becomes "zoe-miller". */
export function idOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64);
}

function isSession(saved: unknown): saved is Session {
  return (
    typeof saved === "object" &&
    saved !== null &&
    "userId" in saved &&
    typeof saved.userId === "string" &&
    "name" in saved &&
    typeof saved.name === "string"
  );
}
