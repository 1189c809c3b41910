import { expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import { RequestReader } from "../../../src/server/http1/request-reader.ts";
import { SocketConnection } from "../../../src/upstream/http1/socket-connection.ts";
import { HOST } from "./served.ts";

const KIB = 1024;

/** A reader whose request is answered without its body, and of whose answer not all has left. */
function openSkipping(bodyBytes: number) {
  const heard: string[] = [];
  const allAhead = { total: 0 };
  const reader = new RequestReader(
    new SocketConnection(true),
    { maxHeadBytes: 32 * KIB, allAhead },
    {
      onRequest: ({ target }) => void heard.push(target),
      onFault: (status) => void heard.push(`fault ${status}`),
      onFlood: () => void heard.push("flood"),
      onSkipped: (isWhole) => void heard.push(`skipped ${isWhole}`),
    },
  );
  reader.take(Buffer.from(`POST /first HTTP/1.1\r\n${HOST}Content-Length: ${bodyBytes}\r\n\r\n`));
  reader.finish();
  return { reader, heard, allAhead };
}

test("what comes along with the end of a body that nobody wants is counted as what waits", () => {
  const { reader, heard, allAhead } = openSkipping(10);
  const next = `GET /second HTTP/1.1\r\n${HOST}\r\n`;
  reader.take(Buffer.from("0123456789" + next));
  expect([heard, allAhead.total]).toEqual([["/first", "skipped true"], next.length]);
  reader.next();
  expect([heard, allAhead.total]).toEqual([["/first", "skipped true", "/second"], 0]);
});

test("and ends the connection if it is more than may wait", () => {
  const { reader, heard, allAhead } = openSkipping(10);
  reader.take(Buffer.alloc(10 + 256 * KIB + 1, "a"));
  expect(heard).toEqual(["/first", "skipped true", "flood"]);
  reader.close(new Failure("client_gone"));
  expect(allAhead.total).toBe(0);
});
