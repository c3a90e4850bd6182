import type { RoomUser, UserId } from "roomcast";

const MOST = 6;

/** The people whose names fit what is being written after an @. */
export function completion(
  text: string,
  caret: number,
  members: readonly RoomUser[],
): { from: number; people: readonly RoomUser[] } | undefined {
  const before = caret < 0 ? "" : text.slice(0, caret);
  const from = before.lastIndexOf("@");
  if (from === -1 || /[\p{L}\p{N}]/u.test(before.charAt(from - 1))) return undefined;
  const wanted = before.slice(from + 1).toLocaleLowerCase();
  if (/\n/.test(wanted) || wanted.length > 40) return undefined;
  const people = members.filter(
    ({ username, userId }) =>
      username.toLocaleLowerCase().startsWith(wanted) || userId.toLocaleLowerCase().startsWith(wanted),
  );
  // What is complete needs no completing.
  const done = people.length === 1 && people[0]?.username.toLocaleLowerCase() === wanted;
  return done || people.length === 0 ? undefined : { from, people: people.slice(0, MOST) };
}

export function insertName(text: string, caret: number, from: number, name: string): { text: string; caret: number } {
  const called = `${text.slice(0, from)}@${name} `;
  return { text: called + text.slice(caret).trimStart(), caret: called.length };
}

/** Who is called by name in a text. */
export function calledIn(text: string, members: readonly RoomUser[]): UserId[] {
  if (!text.includes("@")) return [];
  return members.filter(({ username }) => text.includes(`@${username}`)).map(({ userId }) => userId);
}
