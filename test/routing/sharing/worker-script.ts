import { BACKGROUND_TIMERS } from "../../../src/core/deadlines.ts";
import type { FromHub } from "../../../src/routing/sharing/channel.ts";
import { openSharing } from "../../../src/routing/sharing/open-sharing.ts";

/*
 * A worker process: as many requests as the arguments say come at once, and are sent to a server as soon as slots allow.
 * Says what it hears of other workers, and tells them that it has begun.
 */
const [url = "", limitText = "", countText = ""] = process.argv.slice(2);
const limit = Number(limitText);
const GATE = "gate";

let hear: (messages: readonly FromHub[]) => void = () => {};
process.on("message", (message: { readonly kind: string; readonly messages: readonly FromHub[] }) => {
  if (message.kind === "sharing") hear(message.messages);
  if (message.kind !== "listen") return;
  sharing.start();
  admit();
});

const sharing = openSharing({
  channel: {
    send: (messages) => process.send?.({ kind: "sharing", messages }),
    listen: (listener) => void (hear = listener),
  },
  ...{ clock: Date.now, timers: BACKGROUND_TIMERS, onRedisChange() {} },
});
sharing.listen((change) => process.send?.({ kind: "heard", change }));
sharing.slots?.onGranted(admit);

let waiting = Number(countText);
let inFlight = 0;

function admit(): void {
  while (waiting > 0 && inFlight < (sharing.slots?.granted(GATE, limit) ?? 0)) {
    waiting -= 1;
    inFlight += 1;
    sharing.slots?.inUse(GATE, inFlight);
    void fetch(url).then(async (response) => {
      await response.text();
      inFlight -= 1;
      sharing.slots?.inUse(GATE, inFlight);
      admit();
    });
  }
  sharing.slots?.want(GATE, limit, waiting);
}

sharing.tell({ kind: "cooling", key: `of ${process.pid}`, until: Date.now() + 60_000, why: "it failed" });
process.send?.({ kind: "built" });
