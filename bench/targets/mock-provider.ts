/**
 * The provider of `test/fixtures/load-provider.ts` as a process of its own. Environment: `PORT`, any free one for 0; `SEED`, with
 * which it is as bad as can be: each answer is one that the guard tests send, whatever was asked. Reports its port by IPC.
 */
import { createRandom } from "../../test/fixtures/random.ts";
import { startProvider } from "../../test/fixtures/load-provider.ts";

const { PORT, SEED } = process.env;
const random = createRandom(Number(SEED));
const { HOSTILE_ANSWERS } = SEED ? await import("../../test/abuse/hostile-answers.ts") : {};
const { port } = startProvider(Number(PORT), HOSTILE_ANSWERS && (() => random.pick(HOSTILE_ANSWERS)));
process.on("disconnect", () => process.exit(0));
process.send?.({ port });
