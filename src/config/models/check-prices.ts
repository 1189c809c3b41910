import { faultLine } from "../file/config-file.ts";
import { shownPath } from "../file/file-node.ts";
import type { NamedPrice } from "../file/file-parts.ts";
import type { KnownProviders } from "./check-providers.ts";
import { findTierFault, TIER_FAULT } from "./check-tiers.ts";
import type { Suggest } from "./suggest.ts";

/** What is wrong with prices. @param known undefined if something is wrong with the providers */
export function checkPrices(
  prices: readonly NamedPrice[],
  known: KnownProviders | undefined,
  fileName: string,
  suggest: Suggest,
): readonly string[] {
  return prices.flatMap(({ provider, model, value, places }) => {
    const path = ["prices", provider, model];
    const complain = (text: string, further: readonly (string | number)[] = []): readonly string[] => {
      const name = shownPath([...path, ...further]);
      return [
        faultLine(fileName, places[name] ?? places[shownPath(path)] ?? { line: 1, column: 1 }, `${name} ${text}`),
      ];
    };
    if (known && !known.providers.has(provider)) {
      const expected = "expected the id of a provider that is built in, or is in providers";
      return complain(`is for no provider${suggest(provider, known.providers.keys())}: ${expected}`);
    }
    if (model.split("*").length > 2) return complain("has more than one *: expected a name with one * at most");
    const index = findTierFault(value);
    return index === undefined ? [] : complain(TIER_FAULT, ["tiers", index, "above"]);
  });
}
