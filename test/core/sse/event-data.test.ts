import { describe, expect, test } from "bun:test";
import { readEventData } from "../../../src/core/sse/event-data.ts";
import { createEventEditor } from "../../../src/core/sse/event-filter.ts";

const read = (event: string) => readEventData(Buffer.from(event));
const replaced = (event: string, data: string): string =>
  Buffer.from(read(event)?.replace(Buffer.from(data)) ?? []).toString();

test.each([
  ["a comment", ": data: x\n\n"],
  ["another field", "event: data\nid: 1\n\n"],
  ["a field whose name only begins so", "data-x: 1\ndatabase: 2\n\n"],
  ["a field without a value", "data\n\n"],
  ["nothing", ""],
])("%s is no data", (_, event) => {
  expect(read(event)).toBeUndefined();
});

describe("data is read, and replaced with all else as it was", () => {
  test.each([
    ["LF", "data: {}\n\n", "{}", "data: [1]\n\n"],
    ["CRLF", "data: {}\r\n\r\n", "{}", "data: [1]\r\n\r\n"],
    ["CR", "id: 1\rdata: {}\r\r", "{}", "id: 1\rdata: [1]\r\r"],
    ["no space", "data:{}\n\n", "{}", "data:[1]\n\n"],
    ["two spaces", "data:  {}\n\n", " {}", "data: [1]\n\n"],
    ["other fields around", "event: x\ndata: {}\nid: 1\n\n", "{}", "event: x\ndata: [1]\nid: 1\n\n"],
    ["no line end", "data: {}", "{}", "data: [1]"],
    ["nothing in it", "data:\n\n", "", "data:[1]\n\n"],
    ["several lines", 'data: {"a":\ndata: 1}\n\n', '{"a":\n1}', "data: [1]\n\n"],
  ])("%s", (_, event, data, expected) => {
    expect(read(event)?.bytes.toString()).toBe(data);
    expect(replaced(event, "[1]")).toBe(expected);
  });

  test("with several lines, where it has several lines again", () => {
    expect(replaced("data: a\ndata: b\n\n", "c\nd")).toBe("data: c\ndata: d\n\n");
  });
});

test("an editor puts other bytes in the place of an event, and none in that of another", () => {
  const editor = createEventEditor((event) => {
    if (event.includes("drop")) return new Uint8Array(0);
    return event.includes("change") ? Buffer.from("data: changed\n\n") : event;
  });
  const stream = "data: 1\n\ndata: drop\n\ndata: change\n\ndata: 2\n\ndata: change";
  const passed = [...stream].map((character) => Buffer.from(editor.push(Buffer.from(character))).toString());
  expect(passed.join("") + Buffer.from(editor.flush()).toString()).toBe(
    "data: 1\n\ndata: changed\n\ndata: 2\n\ndata: changed\n\n",
  );
});
