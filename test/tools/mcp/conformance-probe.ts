/** What the conformance suite runs as the client under test: connects to the URL it is given, and calls every tool. */
import { openTestBox } from "./open-test-registry.ts";

const url = process.argv.at(-1) ?? "";
/** What the suite gives the scenarios of OAuth: a client that is registered beforehand. */
const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}") as Record<string, string | undefined>;
const { client_id: id, client_secret: secret } = context;
const box = openTestBox({
  MCP_SERVERS: `suite=${id === undefined ? url.replace("localhost", "127.0.0.1") : url}`,
  ...(id !== undefined && { MCP_SUITE_CLIENT_ID: id, MCP_SUITE_CLIENT_SECRET: secret }),
});
await box.until(() => box.told.length > 0, "the server is connected");
for (const name of box.names()) process.stdout.write(`${await box.run(name, { a: 5, b: 3 })}\n`);
await box.close();
process.exit(box.told[0]?.endsWith(": connected") ? 0 : 1);
