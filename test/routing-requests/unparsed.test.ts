import { afterEach, beforeEach, expect, test } from "bun:test";
import { UnparsedBody } from "../../src/pipeline/body/received-body.ts";
import { type Api, answerOf, bytesOf, DIALOGUES } from "./dialogues.ts";
import { startTwoProviders, withModels } from "./routed-gateway.ts";

const CASES = (Object.keys(DIALOGUES) as readonly Api[]).flatMap((api) =>
  [false, true].flatMap((streams) => [false, true].map((resumes) => [api, streams, resumes] as const)),
);

const own = Object.getOwnPropertyDescriptor(UnparsedBody.prototype, "value") ?? {};
let parsed = 0;
beforeEach(() => {
  parsed = 0;
  const get = function (this: UnparsedBody): unknown {
    parsed += 1;
    return own.get?.call(this);
  };
  Object.defineProperty(UnparsedBody.prototype, "value", { ...own, get });
});
afterEach(() => {
  Object.defineProperty(UnparsedBody.prototype, "value", own);
});

/** To parse a long one at once would hold up all other requests. */
test.each(CASES)(
  "a request of %s (stream: %p, resume: %p) is routed without its value",
  async (api, streams, resumes) => {
    const { path, ask } = DIALOGUES[api];
    const model = { name: "fast", resumes, deployments: [{ provider: "left" }, { provider: "right" }] };
    await using rig = await startTwoProviders(withModels([model]), { left: api, right: api });
    rig.left.answer(answerOf(api, streams));
    const response = await rig.post(path(streams), { ...ask(streams), filler: "x".repeat(200_000) });
    expect([response.status, await response.text(), parsed]).toEqual([200, bytesOf(api, streams), 0]);
  },
);
