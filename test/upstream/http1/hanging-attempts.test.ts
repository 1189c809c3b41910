import { expect, test } from "bun:test";
import type { Opening } from "../../../src/upstream/http1/open-connection.ts";
import { MAX_HANGING } from "../../../src/upstream/http1/send-on-new.ts";
import { createSocketTransport } from "../../../src/upstream/http1/transport.ts";
import { createDeadlines } from "../../../src/core/deadlines.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { groq, createProvider, REQUEST } from "../open-upstream.ts";

/** How long an attempt may go on for which nobody waits. */
const LATE_MS = 1000;

/** A transport whose attempts to connect hang until the test lets the system give them up. */
function openHanging() {
  const clock = createManualClock();
  const attempts: { isAbandoned: boolean; readonly end: () => void }[] = [];
  const open = (): Opening => {
    const connection = Promise.withResolvers<never>();
    const ended = Promise.withResolvers<void>();
    const attempt = { isAbandoned: false, end: ended.resolve };
    attempts.push(attempt);
    return {
      connection: connection.promise,
      ended: ended.promise,
      abandon() {
        attempt.isAbandoned = true;
        connection.reject(new Error("abandoned"));
      },
    };
  };
  const transport = createSocketTransport(createDeadlines(clock), clock.now, open);
  const giveUp = async (count: number): Promise<void> => {
    const sendings = Array.from({ length: count }, () => transport.send(groq, REQUEST, () => {}));
    const answers = sendings.map(({ response: answer }) => answer.catch(() => {}));
    for (const { abort } of sendings) abort(new Error("given up"));
    await Promise.all(answers);
  };
  return { clock, attempts, transport, giveUp };
}

test("a server at which too many attempts hang is not tried again until one of them has ended", async () => {
  const { clock, attempts, transport, giveUp } = openHanging();
  await giveUp(MAX_HANGING);
  // Given up, but they may yet serve the next request.
  transport.send(groq, REQUEST, () => {}).response.catch(() => {});
  expect(attempts).toHaveLength(MAX_HANGING + 1);
  await clock.advance(LATE_MS);
  expect(attempts.filter(({ isAbandoned }) => isAbandoned)).toHaveLength(MAX_HANGING);

  const refused = (): unknown => transport.send(groq, REQUEST, () => {});
  expect(refused).toThrow(expect.objectContaining({ code: "TOO_MANY_HANGING_ATTEMPTS" }));
  expect(attempts).toHaveLength(MAX_HANGING + 1);
  transport.send(createProvider("other"), REQUEST, () => {}).response.catch(() => {});
  expect(attempts).toHaveLength(MAX_HANGING + 2);

  attempts[0]?.end();
  await settle();
  transport.send(groq, REQUEST, () => {}).response.catch(() => {});
  expect(attempts).toHaveLength(MAX_HANGING + 3);
});

test("one fewer does no harm", async () => {
  const { clock, attempts, transport, giveUp } = openHanging();
  await giveUp(MAX_HANGING - 1);
  await clock.advance(LATE_MS);
  transport.send(groq, REQUEST, () => {}).response.catch(() => {});
  expect(attempts).toHaveLength(MAX_HANGING);
});
