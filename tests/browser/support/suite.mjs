import { after, before } from "node:test";

import { Browser } from "./browser.mjs";
import { Server } from "./server.mjs";
import { closeStockClients } from "./stock.mjs";

/** One server and one browser for the tests of a file, and what else they share; `prepare` may give its end. */
export function suite({ settings = {}, prepare = () => undefined } = {}) {
  const world = {};
  let end;
  before(async () => {
    world.server = await Server.start(settings);
    world.browser = await Browser.launch();
    end = await prepare(world);
  });
  after(async () => {
    closeStockClients();
    await end?.();
    await world.browser?.close();
    await world.server?.stop();
  });
  return world;
}
