/** What a message's text is made of. Text stays text: nothing here ever becomes HTML. */
export type Part =
  | { kind: "text"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "mention"; text: string; userId: string }
  | { kind: "code"; text: string }
  | { kind: "block"; text: string };

const CODE = /```(?:[a-z0-9+-]*\n)?([\s\S]+?)```|`([^`\n]+)`/g;
const LINK = /\b(?:https?:\/\/|mailto:)[^\s<>"']+/gi;
const SAFE = new Set(["http:", "https:", "mailto:"]);

/** An address that a page may lead to; of any other scheme, none. */
export function safeHref(text: string): string | undefined {
  try {
    const url = new URL(text);
    return SAFE.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Takes a text apart. `names` are the people who are called in it, by id. */
export function partsOf(text: string, names: ReadonlyMap<string, string>): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(CODE)) {
    parts.push(...plain(text.slice(from, match.index), names));
    const block = match[1];
    parts.push(block === undefined ? { kind: "code", text: match[2] ?? "" } : { kind: "block", text: block });
    from = match.index + match[0].length;
  }
  return [...parts, ...plain(text.slice(from), names)];
}

function plain(text: string, names: ReadonlyMap<string, string>): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = trimmed(match[0]);
    const href = safeHref(shown);
    if (href === undefined) continue;
    parts.push(...called(text.slice(from, match.index), names), { kind: "link", text: shown, href });
    from = match.index + shown.length;
  }
  return [...parts, ...called(text.slice(from), names)];
}

/** A full stop or a bracket after an address belongs to the sentence. */
function trimmed(address: string): string {
  let shown = address.replace(/[.,;:!?…]+$/u, "");
  while (/[)\]]$/.test(shown) && shown.split(/[(\[]/).length < shown.split(/[)\]]/).length) shown = shown.slice(0, -1);
  return shown.replace(/[.,;:!?…]+$/u, "");
}

function called(text: string, names: ReadonlyMap<string, string>): Part[] {
  if (text === "") return [];
  if (names.size === 0 || !text.includes("@")) return [{ kind: "text", text }];
  // The longest name first, so that "@Ann" does not take the beginning of "@Anna".
  const people = [...names].sort((a, b) => b[1].length - a[1].length);
  const parts: Part[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    const person = people.find(([, name]) => text.startsWith(name, at + 1));
    if (!person || at < from) continue;
    if (at > from) parts.push({ kind: "text", text: text.slice(from, at) });
    from = at + 1 + person[1].length;
    parts.push({ kind: "mention", text: text.slice(at, from), userId: person[0] });
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) });
  return parts;
}

/** Whether a text is a few emoji and nothing else, which are shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length <= 24 && /^(?:\p{RGI_Emoji}\s*){1,4}$/v.test(text.trim());
}
