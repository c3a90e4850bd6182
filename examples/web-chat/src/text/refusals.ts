/** What people are told when the server says no. Codes are a closed set; its own words are for developers. */
const WORDS: Record<string, string> = {
  bad_request: "The server does not take this text.",
  too_large: "This is too long.",
  conflict: "This was changed somewhere else meanwhile.",
  not_found: "This is not there any more.",
  forbidden: "You are not allowed to do this here.",
  not_member: "You are not in this room.",
  gone: "This is not there any more.",
  quota_exceeded: "There is no more room for this.",
  unsupported: "This server does not know how to do that yet.",
  unauthenticated: "You are not signed in any more.",
  revoked: "Your access has ended.",
  token_expired: "Your session has run out.",
  rate_limited: "That was a little fast. Try again in a moment.",
  unavailable: "The server cannot do this right now.",
  overloaded: "The server has too much to do. Try again in a moment.",
  timeout: "The server did not answer in time.",
  internal: "Something went wrong at the server.",
};

export function explain(error: unknown, otherwise: string): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return (Object.hasOwn(WORDS, code) ? WORDS[code] : undefined) ?? otherwise;
}
