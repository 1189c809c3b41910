import { decide } from "./minute-ledger.ts";
import { MINUTE_MS } from "./minute-window.ts";
import type { MinuteAnswer, MinuteClaim } from "./minutes.ts";
import type { Command } from "./redis-format.ts";

/** Each minute of a gate, the one before, and one more for clocks that differ. */
const KEPT_MS = 180_000;

/**
 * Of a process: what it has used and holds of requests, then of tokens.
 *
 * The claim takes the place of what the process claimed before; then it is decided on as `minute-ledger.ts` does, in one step,
 * so that nobody else claims between. Answers what it holds, what all others hold, what counts of the minute before, how many
 * they are, and who of the others holds what it has not used.
 */
const CLAIM_SCRIPT = `
local own, asks, faded, kept = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), ARGV[4]
local limit = { tonumber(ARGV[5]), tonumber(ARGV[6]) }
local before = { tonumber(ARGV[7]), tonumber(ARGV[8]) }
local used = { tonumber(ARGV[9]), tonumber(ARGV[10]) }
local held = { tonumber(ARGV[11]), tonumber(ARGV[12]) }
local need = { tonumber(ARGV[13]), tonumber(ARGV[14]) }
local wish = { tonumber(ARGV[15]), tonumber(ARGV[16]) }
local function write(key, u, h)
  redis.call('HSET', key, own, string.format('%.0f %.0f %.0f %.0f', u[1], h[1], u[2], h[2]))
  redis.call('PEXPIRE', key, kept)
end
local function sum(key)
  local total, names, unspent = { 0, 0 }, {}, {}
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    names[#names + 1] = all[i]
    if all[i] ~= own then
      local ur, hr, ut, ht = string.match(all[i + 1], '^(%d+) (%d+) (%d+) (%d+)$')
      if ur then
        total[1] = total[1] + tonumber(hr)
        total[2] = total[2] + tonumber(ht)
        if tonumber(hr) > tonumber(ur) or tonumber(ht) > tonumber(ut) then unspent[#unspent + 1] = all[i] end
      end
    end
  end
  return total, names, unspent
end
if before[1] > 0 or before[2] > 0 or redis.call('HEXISTS', KEYS[2], own) == 1 then write(KEYS[2], before, before) end
local others, names, unspent = sum(KEYS[1])
local past, pastNames = sum(KEYS[2])
local known, count = { [own] = true }, 1
for _, list in ipairs({ names, pastNames }) do
  for _, name in ipairs(list) do
    if not known[name] then
      known[name] = true
      count = count + 1
    end
  end
end
local room, fits = { 0, 0 }, asks
for i = 1, 2 do
  past[i] = past[i] + before[i]
  if limit[i] >= 0 then
    room[i] = math.max(0, limit[i] - math.floor(past[i] * faded) - others[i] - used[i])
    need[i] = math.min(need[i], limit[i])
    if need[i] > room[i] then fits = false end
  end
end
if fits then
  for i = 1, 2 do
    if limit[i] >= 0 then
      local base = math.max(need[i], math.min(wish[i], room[i]))
      local allowance = math.floor(math.max(0, room[i] - base) / (4 * count))
      held[i] = math.max(math.min(held[i], used[i] + room[i]), used[i] + base + allowance)
    end
  end
end
write(KEYS[1], used, held)
return { held[1], held[2], others[1], others[2], past[1], past[2], count, table.concat(unspent, ' ') }
`;

const CLAIM_SCRIPT_SHA1 = new Bun.CryptoHasher("sha1").update(CLAIM_SCRIPT).digest("hex");

/**
 * @param keys of the minute of the gate and of the one before
 * @param isLoaded the server has the script, and need not be sent it
 */
export function claimCommand(
  claim: MinuteClaim,
  self: string,
  keys: readonly [string, string],
  isLoaded: boolean,
): Command {
  const { asks, at, limits, before, used, held, need, wish } = claim;
  const faded = 1 - (at % MINUTE_MS) / MINUTE_MS;
  const amounts = [before, used, held, need, wish].flatMap(({ requests, tokens }) => [requests, tokens]);
  const values = [asks ? 1 : 0, faded, KEPT_MS, limits.requests ?? -1, limits.tokens ?? -1, ...amounts];
  const given = ["2", ...keys, self, ...values.map(String)];
  return isLoaded ? ["EVALSHA", [CLAIM_SCRIPT_SHA1, ...given]] : ["EVAL", [CLAIM_SCRIPT, ...given]];
}

/** What the script answers, and the processes that hold what they have not used. */
export interface Claimed {
  readonly answer: MinuteAnswer;
  readonly unspent: readonly string[];
}

/** @throws Error if it is not an answer of the script */
export function readClaimed(claim: MinuteClaim, reply: unknown): Claimed {
  const values = Array.isArray(reply) ? (reply as unknown[]) : [];
  const numbers = values.slice(0, 7).map(Number);
  if (numbers.length < 7 || !numbers.every(Number.isFinite)) throw new Error("Redis answers what was not asked");
  const at = (index: number): number => numbers[index] ?? 0;
  const amountAt = (index: number) => ({ requests: at(index), tokens: at(index + 1) });
  const sums = { others: amountAt(2), before: amountAt(4), processes: at(6) };
  const names = typeof values[7] === "string" ? values[7] : "";
  return {
    answer: { ...decide(claim, sums), held: amountAt(0) },
    unspent: names.split(" ").filter((name) => name !== ""),
  };
}
