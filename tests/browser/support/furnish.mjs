import { stockClient } from "./stock.mjs";

const WORDS = [
  ["carla", "The new build is on staging. Could somebody look at the reconnect path before lunch?"],
  ["bob", "On it."],
  ["bob", "I'll pull the plug a few times and see what the outbox makes of it."],
  ["alice", "While you're there: the countdown should stop when the tab is hidden."],
  ["carla", "Good catch 👍"],
  ["dev", "Three things left for the release:\n• retry after a refused send\n• read marks in small rooms\n• the empty state of a new room"],
  ["bob", "The first one is done. I killed the server in the middle of fifty sends, and every one of them came through exactly once."],
  ["bob", "🎉"],
  ["alice", "That is lovely. Which part was the hardest?", { answers: 6 }],
  ["bob", "Deciding what to do with `conflict`. The short version:\n```\nsame clientId, same text   → the original message\nsame clientId, other text  → conflict, ask the author\n```"],
  ["emil", "@Alice Moreau can you check the wording of the failed state? I made it as plain as I could.", { mentions: ["alice-moreau"] }],
  ["alice", "Looking now. “Try again, Edit, Discard” reads well to me."],
  ["dev", "Read marks look right on my side: two green ticks once somebody has seen it."],
  ["carla", "Then I'd say we ship this afternoon 🚀"],
];

/** Gives Alice a few rooms, colleagues and a conversation, as if she had been here for a while. */
export async function furnish(server, alice) {
  const person = async (id, name) => {
    const client = await stockClient(server, id, name);
    await client.enter("general");
    return client;
  };
  const bob = await person("bob", "Bob Tanaka");
  const carla = await person("carla", "Carla Reyes");
  const dev = await person("dev", "Devika Rao");
  const emil = await person("emil", "Emil Sørensen");
  const friends = { bob, carla, dev, emil };
  const me = "alice-moreau";

  const said = [];
  for (const [who, content, { answers, mentions } = {}] of WORDS) {
    const more = { ...(mentions && { mentions }), ...(answers !== undefined && { replyTo: said[answers] }) };
    if (who === "alice") {
      await alice.message(WORDS[said.length - 1][1].slice(0, 20)).last().waitFor();
      if (answers !== undefined) {
        await alice.message(WORDS[answers][1].slice(0, 20)).hover();
        await alice.page.getByRole("button", { name: "Reply" }).click();
      }
      await alice.say(content);
      await alice.delivered(content);
      said.push((await bob.messages("general")).at(-1).id);
    } else {
      said.push((await friends[who].say("general", content, more)).message.id);
    }
  }
  const signs = [["dev", 6, "🙌"], ["carla", 6, "🙌"], ["emil", 6, "🎉"], ["emil", 11, "👍"], ["bob", 13, "🚀"], ["dev", 13, "🚀"], ["emil", 13, "❤️"]];
  for (const [who, at, emoji] of signs) await friends[who].ask("add-reaction", { messageId: said[at], emoji });
  const last = said.at(-1);
  await alice.message("ship this afternoon").getByRole("button", { name: "🚀, 2" }).click();
  await alice.field.focus();
  await bob.say("general", "I'll write the announcement.", { threadId: last });
  await emil.say("general", "And I the changelog.", { threadId: last });

  await carla.ask("create-room", { roomId: "design", name: "design", visibility: "private", members: [me, "bob"] });
  await carla.say("design", "New icons are in the folder");
  await dev.ask("create-room", { roomId: "release", name: "release 0.2", visibility: "public", members: [me], topic: "Countdown" });
  await dev.say("release", "@Alice Moreau last chance for objections", { mentions: [me] });
  await dev.say("release", "Tagging in ten minutes");
  await carla.ask("create-room", {
    roomId: "announcements",
    name: "announcements",
    visibility: "public",
    members: [me],
    policy: { whoMayPost: "moderator" },
  });
  await carla.say("announcements", "Only moderators post here, so that everybody reads it.");
  await bob.ask("create-room", { roomId: "lunch", name: "lunch", visibility: "direct", members: [me] });
  await bob.say("lunch", "Lunch at twelve?");
  for (const client of [bob, carla, dev]) await client.ask("mark-read", { roomId: "general", upToSeq: said.length });
  await carla.ask("update-presence", { status: "away" });
  await dev.ask("update-presence", { status: "busy" });
  emil.close();
  const typing = setInterval(() => bob.socket.emit("typing-start", "general"), 1_000);
  bob.socket.emit("typing-start", "general");
  await alice.sees("ship this afternoon");
  return [{ ...bob, close: () => (clearInterval(typing), bob.close()) }, carla, dev];
}
