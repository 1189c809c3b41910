import { CHAT } from "../src/formats/chat/format.ts";
import { decodeObject } from "../src/core/json/parse.ts";

/**
 * The work of the `cpu` load of `workers.ts` without a gateway around it, as a process that shares nothing with any other:
 * reads the request on standard input and finds what is wrong with it again and again for `SECONDS`, and prints how often.
 */
const body = await Bun.stdin.bytes();
const until = performance.now() + Number(process.env["SECONDS"]) * 1000;
let count = 0;
while (performance.now() < until) {
  const decoded = decodeObject(body);
  if ("problem" in decoded || !CHAT.check(decoded.value))
    throw new Error("the request is to be refused for its last message");
  count += 1;
}
console.log(count);
