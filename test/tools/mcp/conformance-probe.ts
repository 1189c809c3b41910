/** What the conformance suite runs as the client under test: connects to the URL it is given, and calls every tool. */
import { openTestBox } from "./open-test-registry.ts";

const url = process.argv.at(-1) ?? "";
const box = openTestBox({ MCP_SERVERS: url.replace("localhost", "127.0.0.1") });
await box.until(() => box.told.length > 0, "the server is connected");
for (const name of box.names()) process.stdout.write(`${await box.run(name, { a: 5, b: 3 })}\n`);
await box.close();
process.exit(box.told[0]?.endsWith(": connected") ? 0 : 1);
