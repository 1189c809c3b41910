import { expect, test } from "bun:test";
import type { Note } from "../../src/formats/form/dialect.ts";
import { noteHeaders } from "../../src/pipeline/translate/note-headers.ts";

const dropped = (...members: string[]): Note[] => members.map((member) => ({ kind: "dropped", member }));

test("each member is named once, dropped and adjusted ones apart", () => {
  const notes: Note[] = [...dropped("top_k", "metadata.user_id", "top_k"), { kind: "adjusted", member: "temperature" }];
  expect(noteHeaders("messages", "chat", notes)).toEqual({
    "x-gateway-translated": "messages->chat",
    "x-gateway-dropped": "top_k, metadata.user_id",
    "x-gateway-adjusted": "temperature",
  });
});

test("nothing is named if everything is carried", () => {
  expect(noteHeaders("chat", "responses", [])).toEqual({ "x-gateway-translated": "chat->responses" });
});

test("names that clients make up cannot do harm in a header", () => {
  const headers = noteHeaders("chat", "messages", dropped("metadata.a\r\nset-cookie: x", "metadata.é,b", "😀"));
  expect(headers["x-gateway-dropped"]).toBe("metadata.a??set-cookie:?x, metadata.??b, ??");
});

test("a header stays short, however many there are", () => {
  const many = noteHeaders(
    "chat",
    "messages",
    dropped(...Array.from({ length: 5000 }, (_, index) => `tools[${index}].x`)),
  );
  expect(many["x-gateway-dropped"]?.length).toBeLessThan(1100);
  expect(many["x-gateway-dropped"]).toEndWith(", ...");
  expect(noteHeaders("chat", "messages", dropped("x".repeat(5000)))["x-gateway-dropped"]).toBe("...");
});
