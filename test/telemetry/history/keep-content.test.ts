import { describe, expect, test } from "bun:test";
import type { TraceStep } from "../../../src/core/request-trace.ts";
import { createContentKeeper } from "../../../src/telemetry/history/keep-content.ts";
import { ownerOf } from "../../../src/telemetry/history/contents.ts";
import type { ContentMessage } from "../../../src/telemetry/history/content-message.ts";

const plain = (text: string): string => text;

function openKeeper() {
  const sent: ContentMessage[] = [];
  return { sent, keeper: createContentKeeper((contents) => sent.push(...contents)) };
}

/** What a step of a trace saw. */
function createStep(keepsContent: boolean) {
  const seen: unknown[] = [];
  const step: TraceStep = {
    watchesBody: true,
    keepsContent,
    responded: (status) => seen.push(status),
    bodyCame: (bytes) => seen.push(bytes.length),
    asked: (body) => seen.push(`asked ${body.length}`),
    settled: () => seen.push("settled"),
    ended: (error) => seen.push(["ended", error]),
  };
  return { seen, step };
}

describe("what is kept of a request", () => {
  test("is of the call whose answer came last", () => {
    const { sent, keeper } = openKeeper();
    const request = {};
    const call = (asked: string) => {
      const step = keeper.keep(request, undefined);
      step.asked(Buffer.from(asked), plain);
      return step;
    };
    const [first, second, third] = [call("one"), call("two"), call("three")];
    first.responded(503);
    first.bodyCame(Buffer.from("busy"));
    third.responded(200);
    third.bodyCame(Buffer.from("an"));
    third.bodyCame(Buffer.from("swer"));
    second.bodyLeft?.([Buffer.from("late")]);
    second.ended("cancelled");
    keeper.over(request, "id", undefined);
    keeper.over(request, "again", undefined);
    expect(sent).toEqual([]);
    keeper.flush();
    expect(sent).toEqual([
      {
        id: "id",
        owner: ownerOf(undefined),
        request: { text: "three", isCut: false },
        response: { text: "answer", isCut: false },
      },
    ]);
  });

  test("is what was asked, if nobody answers; and nothing, if nobody was asked", () => {
    const { sent, keeper } = openKeeper();
    const request = {};
    keeper.keep(request, undefined).asked(Buffer.from("one"), plain);
    keeper.over(request, "id", undefined);
    keeper.over({}, "other", undefined);
    const silent = {};
    keeper.keep(silent, undefined).bodyCame(Buffer.from("unasked"));
    keeper.over(silent, "silent", undefined);
    keeper.flush();
    expect(sent.map(({ id, request: { text }, response }) => [id, text, response.text])).toEqual([["id", "one", ""]]);
  });

  test.each([true, false])("is seen by the step of its trace as well, which keeps content or not", (keepsContent) => {
    const { keeper } = openKeeper();
    const { seen, step } = createStep(keepsContent);
    const both = keeper.keep({}, step);
    both.asked(Buffer.from("asked"), plain);
    both.responded(200);
    both.bodyCame(Buffer.from("body"));
    both.settled();
    both.ended("reason");
    expect(seen).toEqual([...(keepsContent ? ["asked 5"] : []), 200, 4, "settled", ["ended", "reason"]]);
  });

  test("is not sent while too much is on its way, which is counted", () => {
    const { sent, keeper } = openKeeper();
    const over = () => {
      const request = {};
      keeper.keep(request, undefined).asked(Buffer.alloc(65_536, "x"), plain);
      keeper.over(request, "id", undefined);
      keeper.flush();
    };
    for (let count = 0; count < 300; count++) over();
    expect([sent.length, keeper.lost()]).toEqual([256, 44]);
    keeper.arrived(65_536, 0);
    for (let count = 0; count < 2; count++) over();
    expect([sent.length, keeper.lost()]).toEqual([257, 45]);
    keeper.reset();
    over();
    expect([sent.length, keeper.lost()]).toEqual([258, 45]);
    // The database refuses some.
    keeper.arrived(65_536, 2);
    expect(keeper.lost()).toBe(47);
  });

  test("is lost with the row of its request, if there was anything", () => {
    const { sent, keeper } = openKeeper();
    const request = {};
    keeper.keep(request, undefined).asked(Buffer.from("x"), plain);
    keeper.lose(request);
    keeper.lose(request);
    keeper.lose({});
    keeper.over(request, "id", undefined);
    keeper.flush();
    expect([sent, keeper.lost()]).toEqual([[], 1]);
  });
});
