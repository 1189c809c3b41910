/** Prints the notices that go with every copy of a build. */
import { join } from "node:path";
import { readContents } from "./contents.ts";
import { thirdPartyNotices } from "./licences.ts";

const PROJECT = join(import.meta.dir, "..", "..");
process.stdout.write(thirdPartyNotices(PROJECT, (await readContents(PROJECT)).packages));
