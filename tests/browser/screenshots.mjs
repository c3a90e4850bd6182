/** Makes the README's screenshots: real people on a real server, photographed. `cargo xtask screenshots`. */
import { mkdir, stat, writeFile } from "node:fs/promises";

import sharp from "sharp";

import { Browser } from "./support/browser.mjs";
import { furnish } from "./support/furnish.mjs";
import { Server } from "./support/server.mjs";

const IMAGES = new URL("../../docs/images/", import.meta.url).pathname;
const MOST_BYTES = 150_000;

async function shoot(person, name) {
  await person.page.mouse.move(0, 0);
  const shot = await person.page.screenshot();
  const small = await sharp(shot).png({ palette: true, quality: 92, effort: 10, compressionLevel: 9 }).toBuffer();
  await writeFile(`${IMAGES}${name}.png`, small);
  const { size } = await stat(`${IMAGES}${name}.png`);
  console.log(`docs/images/${name}.png  ${Math.round(size / 1_000)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name}.png is larger than ${MOST_BYTES} bytes`);
}

await mkdir(IMAGES, { recursive: true });
const server = await Server.start();
const browser = await Browser.launch();
try {
  const sharpness = { deviceScaleFactor: 1.5 };
  const alice = await browser.person(server, "Alice Moreau", { ...sharpness, viewport: { width: 1180, height: 740 } });
  const friends = await furnish(server, alice);
  await alice.page.getByText("Bob Tanaka is typing").first().waitFor();
  await shoot(alice, "web-chat");

  const dark = await browser.person(server, "Alice Moreau", {
    ...sharpness,
    viewport: { width: 1180, height: 740 },
    colorScheme: "dark",
  });
  await dark.page.getByRole("button", { name: "Members" }).click();
  await dark.page.getByRole("complementary", { name: "Members" }).getByText("Last seen").first().waitFor();
  await shoot(dark, "web-chat-dark");
  await dark.close();

  const phone = await browser.person(server, "Alice Moreau", {
    viewport: { width: 390, height: 780 },
    deviceScaleFactor: 1.5,
    hasTouch: true,
    isMobile: true,
  });
  await phone.sees("ship this afternoon");
  await shoot(phone, "web-chat-phone");
  await phone.close();

  const small = await browser.person(server, "Alice Moreau", { ...sharpness, viewport: { width: 920, height: 520 } });
  await small.enter("announcements");
  await small.say("Version 0.2 is out. Thank you all for the patience and the bug reports!");
  await small.feed.locator("article.failed").waitFor();
  await shoot(small, "web-chat-failed");

  await small.enter("general");
  await server.kill9();
  await small.say("I can do the changelog in the meantime.");
  await small.say("No hurry, though.");
  await small.banner.getByText(/Trying again in/).waitFor();
  await shoot(small, "web-chat-reconnecting");
  for (const friend of friends) friend.close();
} finally {
  await browser.close();
  await server.stop();
}
