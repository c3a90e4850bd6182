import { stockClient } from "./stock.mjs";

const AT_ONCE = 24;

/** Makes a public room with this many messages, of different lengths. */
export async function fillRoom(server, roomId, count) {
  const writer = await stockClient(server, "writer", "Writer");
  await writer.ask("create-room", { roomId, name: roomId, visibility: "public" });
  const more = ["", ", with a little more to say than the others", `\n${"a second line, and a long one ".repeat(5)}`];
  for (let from = 1; from <= count; from += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - from + 1) }, (_, at) => from + at);
    await Promise.all(batch.map((n) => writer.say(roomId, `message ${n}${n === count ? "" : more[(n * 7) % 11] ?? ""}`)));
  }
  writer.close();
}
