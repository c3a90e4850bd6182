/** A colour for a person, the same on every device: from their id, whatever it is. */
export function hueOf(id: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 16_777_619);
  // Ids that differ in a letter shall not look alike.
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519);
  return ((hash ^ (hash >>> 13)) >>> 0) % 360;
}

/** One or two letters for a picture that there is not. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  const text = letters.map((word) => [...(word ?? "")][0] ?? "").join("");
  return text === "" ? "?" : text.toLocaleUpperCase();
}
