import type { Session } from "./session";

/** A development server gives a token to whoever asks. An application asks its own server instead. */
export async function fetchToken(session: Session): Promise<string> {
  const asked = new URLSearchParams({ user: session.userId, name: session.name });
  // For trying out what happens when tokens run out: `?ttl=60` in the page's own address.
  const ttl = new URLSearchParams(location.search).get("ttl");
  if (ttl !== null) asked.set("ttl", ttl);
  const answer = await fetch(`/dev/token?${asked}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`no token: the server answered ${answer.status}`);
  const { token } = (await answer.json()) as { token: string };
  return token;
}
