import { describe, expect, test } from "bun:test";
import type { Block } from "../../../src/formats/form/blocks.ts";
import type { Turn } from "../../../src/formats/form/conversation.ts";
import { ORPHAN_MARK, placeResults } from "../../../src/formats/form/place-results.ts";

const call = (id: string): Block => ({ type: "call", id, name: "f", input: "{}", kind: "function" });
const result = (callId: string, text = callId): Block => ({
  ...{ type: "result", callId, isError: false, kind: "function" },
  blocks: [{ type: "text", text }],
});
const user = (text: string): Turn => ({ role: "user", blocks: [{ type: "text", text }] });
const assistant = (...ids: string[]): Turn => ({ role: "assistant", blocks: ids.map(call) });
const tool = (...results: Block[]): Turn => ({ role: "tool", blocks: results });
const orphan = (text: string): Turn => ({
  role: "user",
  blocks: [
    { type: "text", text: ORPHAN_MARK },
    { type: "text", text },
  ],
});

const place = (...turns: Turn[]) => {
  let orphans = 0;
  return { turns: placeResults(turns, "responses", () => (orphans += 1)), orphans };
};

describe("results of calls", () => {
  test("that are in order stay as they are", () => {
    const turns = [user("a"), assistant("1", "2"), tool(result("2"), result("1")), user("b"), assistant("3")];
    const placed = place(...turns, tool(result("3")));
    expect(placed).toEqual({ turns: [...turns, tool(result("3"))], orphans: 0 });
    turns.forEach((turn, at) => expect(placed.turns[at]).toBe(turn));
  });

  test("that somebody spoke before come directly behind their calls", () => {
    expect(place(assistant("1", "2"), tool(result("1")), user("wait"), tool(result("2")), user("go on"))).toEqual({
      turns: [assistant("1", "2"), tool(result("1")), tool(result("2")), user("wait"), user("go on")],
      orphans: 0,
    });
    expect(place(assistant("1", "2"), user("wait"), tool(result("1")), user("more"), tool(result("2")))).toEqual({
      turns: [assistant("1", "2"), tool(result("1"), result("2")), user("wait"), user("more")],
      orphans: 0,
    });
  });

  test("of no call are words of the user, and so is a second one", () => {
    expect(place(tool(result("0")), user("a"), assistant("1"), tool(result("1"), result("1", "again")))).toEqual({
      turns: [orphan("0"), user("a"), assistant("1"), tool(result("1")), orphan("again")],
      orphans: 2,
    });
    expect(place(assistant("1"), user("a"), assistant("2"), tool(result("1"), result("2")))).toEqual({
      turns: [assistant("1"), user("a"), assistant("2"), tool(result("2")), orphan("1")],
      orphans: 1,
    });
  });

  test("of two calls with one id are both answers", () => {
    const turns = [assistant("1", "1"), tool(result("1", "a"), result("1", "b"))];
    expect(place(...turns)).toEqual({ turns, orphans: 0 });
  });

  test("of what only one format calls are answers in that format alone", () => {
    const search = (format: string): Turn => ({
      role: "assistant",
      blocks: [{ type: "opaque", format, name: "tool_search_call", value: { call_id: "1" } }],
    });
    const answered = [search("responses"), tool(result("1"))];
    expect(place(...answered)).toEqual({ turns: answered, orphans: 0 });
    expect(place(search("messages"), tool(result("1"))).orphans).toBe(1);
  });

  test("of turns of the assistant in a row answer all of their calls", () => {
    const turns = [assistant("1"), assistant("2"), tool(result("1"), result("2"))];
    expect(place(...turns)).toEqual({ turns, orphans: 0 });
  });
});
