/** A small set, by group: each emoji with the words it is found by. */
const LISTED: Record<string, string> = {
  Faces:
    "😀 grin|😄 smile happy|😁 beam|😆 laugh|😅 sweat relief|🤣 rofl|😂 joy tears|🙂 slight smile|🙃 upside down|😉 wink|😊 blush|😇 halo|🥰 love hearts|😍 heart eyes|🤩 star struck|😘 kiss|😋 yum|😛 tongue|😜 crazy|🤗 hug|🤭 giggle|🤫 hush quiet|🤔 think hmm|🤨 doubt eyebrow|😐 neutral|😏 smirk|🙄 eye roll|😬 grimace|😌 relieved calm|😔 pensive|😴 sleep|🤒 ill|🤯 mind blown|🥳 party|😎 cool|🤓 nerd|😕 confused|😟 worried|😮 oh wow|😳 flushed|🥺 plead|😢 cry sad|😭 sob|😱 scream|😤 huff|😡 angry|🤬 swear|😈 devil|💀 skull dead|👻 ghost|🤖 robot bot|😺 cat",
  Hands:
    "👍 thumbs up yes|👎 thumbs down no|👌 ok|✌️ peace|🤞 fingers crossed luck|🤘 rock|👈 left|👉 right|👆 up|👇 down|✋ stop hand|👋 wave hello bye|🤙 call|💪 strong|🙏 please thanks|🙌 hooray|👏 clap|🤝 handshake deal|✍️ write|🫶 heart hands|🤷 shrug|🤦 facepalm|💁 info|🙋 raise hand",
  Hearts: "❤️ red heart love|🧡 orange heart|💛 yellow heart|💚 green heart|💙 blue heart|💜 purple heart|🖤 black heart|💔 broken heart|💖 sparkling heart|💯 hundred|💥 boom|💫 dizzy|💤 zzz|💬 speech",
  Nature:
    "🐶 dog|🐱 cat|🐭 mouse|🦊 fox|🐻 bear|🐼 panda|🦁 lion|🐸 frog|🐵 monkey|🐔 chicken|🐧 penguin|🦉 owl|🦄 unicorn|🐝 bee|🦋 butterfly|🐌 snail slow|🐢 turtle|🐙 octopus|🐳 whale|🦀 crab rust|🌱 seedling|🌳 tree|🍀 clover luck|🌸 blossom|🌻 sunflower|🌞 sun|🌙 moon|⭐ star|🌈 rainbow|⚡ lightning|🔥 fire|❄️ snow|🌊 wave|☔ rain",
  Food: "🍎 apple|🍌 banana|🍓 strawberry|🥑 avocado|🌶️ chili|🍞 bread|🧀 cheese|🍕 pizza|🍔 burger|🍟 fries|🌮 taco|🍜 noodles|🍣 sushi|🍰 cake|🎂 birthday|🍪 cookie|🍫 chocolate|🍿 popcorn|☕ coffee|🍵 tea|🍺 beer|🍷 wine|🥂 cheers",
  Things:
    "🎉 tada party|🎊 confetti|🎁 gift|🏆 trophy|🥇 first|⚽ football|🎯 target|🎮 game|🎵 music|🎸 guitar|🎨 art|📷 camera|💻 laptop|📱 phone|⌚ watch|💡 idea|🔋 battery|🔧 wrench fix|🔨 hammer|⚙️ gear|🧪 test|🔬 science|📚 books|📝 memo note|📌 pin|📎 clip|✂️ scissors|🔒 lock|🔑 key|🔔 bell|🚀 rocket ship|✈️ plane|🚗 car|🚲 bike|🏠 house|🌍 world|⏰ alarm|⏳ hourglass wait|💰 money|📈 up chart|📉 down chart",
  Signs: "✅ check done|❌ cross no|❗ important|❓ question|⚠️ warning|🚫 forbidden|♻️ recycle|➕ plus|➖ minus|✨ sparkles|🆕 new|🆗 ok|🔴 red|🟠 orange|🟡 yellow|🟢 green|🔵 blue|⚫ black|⚪ white|👀 eyes look|🏁 finish flag",
};

export type Emoji = { sign: string; words: string };
export type EmojiGroup = { name: string; emoji: readonly Emoji[] };

export const EMOJI: readonly EmojiGroup[] = Object.entries(LISTED).map(([name, list]) => ({
  name,
  emoji: list.split("|").map((entry) => {
    const space = entry.indexOf(" ");
    return { sign: entry.slice(0, space), words: entry.slice(space + 1) };
  }),
}));

const RECENT = "roomcast.emoji";
const MOST_RECENT = 16;

export function recentEmoji(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((sign) => typeof sign === "string").slice(0, MOST_RECENT) : [];
  } catch {
    return [];
  }
}

export function rememberEmoji(sign: string): void {
  const kept = [sign, ...recentEmoji().filter((other) => other !== sign)].slice(0, MOST_RECENT);
  try {
    localStorage.setItem(RECENT, JSON.stringify(kept));
  } catch {
    // Without storage there is no row of recent ones.
  }
}

/** The groups with what is looked for; all of them for nothing. */
export function findEmoji(query: string, recent: readonly string[]): readonly EmojiGroup[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") {
    const used = EMOJI.flatMap((group) => group.emoji).filter(({ sign }) => recent.includes(sign));
    used.sort((a, b) => recent.indexOf(a.sign) - recent.indexOf(b.sign));
    return used.length === 0 ? EMOJI : [{ name: "Recent", emoji: used }, ...EMOJI];
  }
  const found = EMOJI.map(({ name, emoji }) => ({ name, emoji: emoji.filter(({ words }) => words.includes(wanted)) }));
  return found.filter((group) => group.emoji.length > 0);
}
