/** The provider of `provider.ts` as a process of its own. Environment: `PORT`, any free one for 0. Reports it by an IPC message. */
import { startProvider } from "./provider.ts";

const { port } = startProvider(Number(process.env["PORT"]));
process.on("disconnect", () => process.exit(0));
process.send?.({ port });
