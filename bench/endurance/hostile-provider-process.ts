/**
 * A provider as bad as can be, as a process of its own, so that it can be killed and stopped: each answer is one of those that
 * the guard tests send, whatever was asked. Reports by an IPC message when it listens. Environment: `PORT`, `SEED`.
 */
import { HOSTILE_ANSWERS } from "../../test/abuse/hostile-answers.ts";
import { createRandom } from "../../test/fixtures/random.ts";
import { startProvider } from "../targets/provider.ts";

const random = createRandom(Number(process.env["SEED"]));
startProvider(Number(process.env["PORT"]), () => random.pick(HOSTILE_ANSWERS));
process.on("disconnect", () => process.exit(0));
process.send?.("listening");
