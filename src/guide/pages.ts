import authentication from "./authentication.md" with { type: "text" };
import clientApis from "./client-apis.md" with { type: "text" };
import clients from "./clients.md" with { type: "text" };
import configFile from "./config-file.md" with { type: "text" };
import deployment from "./deployment.md" with { type: "text" };
import errors from "./errors.md" with { type: "text" };
import gettingStarted from "./getting-started.md" with { type: "text" };
import index from "./index.md" with { type: "text" };
import modelsAndRouting from "./models-and-routing.md" with { type: "text" };
import observability from "./observability.md" with { type: "text" };
import operations from "./operations.md" with { type: "text" };
import performance from "./performance.md" with { type: "text" };
import providers from "./providers.md" with { type: "text" };
import routing from "./routing.md" with { type: "text" };
import security from "./security.md" with { type: "text" };
import settings from "./settings.md" with { type: "text" };
import streaming from "./streaming.md" with { type: "text" };
import tools from "./tools.md" with { type: "text" };

/** Name of the page at `/docs` itself. */
export const START_PAGE = "index";

/** The Markdown of every page of the guide, by its name in a URL, in the order in which the pages are listed. */
export const PAGES: ReadonlyMap<string, string> = new Map([
  [START_PAGE, index],
  ["getting-started", gettingStarted],
  ["clients", clients],
  ["providers", providers],
  ["client-apis", clientApis],
  ["models-and-routing", modelsAndRouting],
  ["routing", routing],
  ["streaming", streaming],
  ["tools", tools],
  ["errors", errors],
  ["authentication", authentication],
  ["settings", settings],
  ["config-file", configFile],
  ["deployment", deployment],
  ["operations", operations],
  ["observability", observability],
  ["security", security],
  ["performance", performance],
]);
