/**
 * A process of its own, because authorities are read once, when a process starts: asks each URL among its arguments for an
 * answer, twice, and prints for each what it got, as one line of JSON.
 */
import { toUpstreamFailure } from "../../../src/upstream/errors.ts";
import { openTransport, post } from "./open-transport.ts";

for (const url of process.argv.slice(2)) {
  using transport = openTransport({ url, unix: undefined });
  const ask = async (): Promise<string> => {
    try {
      return (await transport.ask(post(Buffer.from("x".repeat(100_000))))).text;
    } catch (error) {
      const { code, details } = toUpstreamFailure(error, "x");
      return `${code} ${String(details.cause)}`;
    }
  };
  console.log(JSON.stringify([await ask(), await ask()]));
}
