import { afterAll, describe, expect, test } from "bun:test";
import type { MockProvider } from "../fixtures/mock-provider.ts";
import { type AbuseCase, GROWTH } from "./abuse-case.ts";
import { judge, type Run } from "./judge.ts";
import { type MeasuredGateway, startMeasuredGateway } from "./measured-gateway.ts";

/** Start, two deadlines of half a minute, and the building of the input, on a busy machine. */
const TEST_MS = 120_000;

/** A fault of the gateway shows every time; code that is compiled, or a large collection, does not. */
const ATTEMPTS = 6;

/** The probe is loaded into the gateway's source, and reads `/proc`. */
const canMeasure = process.platform === "linux" && process.env["GATEWAY_BINARY"] === undefined;

/** What the gateway of some cases differs in. */
export interface CaseOptions {
  readonly settings?: (provider: MockProvider) => Readonly<Record<string, string>>;
  /** Each exchange gets a gateway of its own, for what a gateway does only once or remembers. */
  readonly isFresh?: boolean;
}

/**
 * A test for each case, all against one gateway; one that fails a case is replaced before the next.
 * With `ABUSE_FIGURES` in the environment what each case cost is printed.
 */
export function describeCases(
  title: string,
  cases: readonly AbuseCase[],
  { settings, isFresh = false }: CaseOptions = {},
): void {
  describe.skipIf(!canMeasure)(title, () => {
    let measured: MeasuredGateway | undefined;
    const replace = async (): Promise<void> => {
      await measured?.[Symbol.asyncDispose]();
      measured = undefined;
    };
    afterAll(replace);

    const run = async ({ build }: AbuseCase, size: number): Promise<Run> => {
      if (isFresh) await replace();
      measured ??= await startMeasuredGateway(settings);
      const exchange = build(size);
      return { exchange, measurement: await measured.measure(exchange) };
    };

    test.each(cases.map((row) => [row.name, row] as const))(
      "%s",
      async (name, row) => {
        try {
          let problems: readonly string[] = [];
          for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
            const small = await run(row, row.size);
            const large = await run(row, row.size * GROWTH);
            if (process.env["ABUSE_FIGURES"] !== undefined) print(name, [small, large]);
            problems = judge(row, small, large);
            // What looks like a fault may be the machine's: it is asked right then, but only then, as that takes a while.
            if (problems.length > 0 && measured) problems = judge(row, small, large, await measured.slowness());
            if (problems.length === 0) break;
          }
          expect(problems).toEqual([]);
        } catch (error) {
          await replace();
          throw error;
        }
      },
      TEST_MS,
    );
  });
}

function print(name: string, runs: readonly Run[]): void {
  for (const { exchange, measurement } of runs) {
    const { statuses, cpuMs, longestTurnMs, memoryBytes, answered } = measurement;
    console.info(
      `${name}: ${(exchange.bytes / 1e6).toFixed(2)} MB, status ${[...new Set(statuses)].join(" ")}, ` +
        `cpu ${cpuMs.toFixed(0)} ms, turn ${longestTurnMs.toFixed(0)} ms, memory ${(memoryBytes / 1048576).toFixed(0)} MiB, ` +
        `${answered} on the side`,
    );
  }
}
