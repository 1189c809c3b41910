import type { TimerSource } from "../../core/deadlines.ts";
import { readTextFileLater } from "../../core/read-files.ts";
import type { Credential, CredentialSettings, FindAuthorize, IssuedCredential, IssuingParts } from "./credential.ts";
import type { CredentialError } from "./credential-error.ts";
import { createRenewedCredential, type RenewedCredential } from "./renewed-credential.ts";

/** What credentials need of the outside world, whatever configuration is in use. */
export interface CredentialsParts extends Pick<IssuingParts, "clock"> {
  /** Reads a file as UTF-8, the system's unless given. */
  readonly readFile?: IssuingParts["readFile"];
  readonly timers: Pick<TimerSource, "setTimer">;
  /** Called when credentials of that kind can no more be had, with the reason, and when they can again. */
  readonly onChange: (kind: CredentialSettings["kind"], problem: CredentialError | undefined) => void;
}

/** How a configuration reaches those who issue credentials. */
export type CredentialNetwork = Pick<IssuingParts, "fetch" | "fetchDirect">;

/** The credentials of one configuration. */
export interface CredentialLease {
  /** What authorizes requests with that credential. Rejects with a {@link CredentialError}. */
  readonly find: FindAuthorize;
  /** Says that this configuration is over. A second call does nothing. */
  release(): void;
}

/** All credentials that were issued, kept by their settings for as long as a configuration has these. */
export interface Credentials {
  lease(credentials: readonly Credential[], network: CredentialNetwork): CredentialLease;
  /** How many are kept. */
  readonly size: number;
}

interface Kept {
  readonly renewed: RenewedCredential;
  /** Of the configuration that came last. */
  network: CredentialNetwork;
  /** How many configurations have it. */
  users: number;
}

export function createCredentials({
  readFile = readTextFileLater,
  clock,
  timers,
  onChange,
}: CredentialsParts): Credentials {
  const kept = new Map<string, Kept>();

  const open = (settings: CredentialSettings, network: CredentialNetwork): Kept => {
    const entry: Kept = {
      network,
      users: 0,
      renewed: createRenewedCredential({
        issue: () => issue(settings, { ...entry.network, readFile, clock }),
        clock,
        timers,
        onChange: (problem) => onChange(settings.kind, problem),
      }),
    };
    return entry;
  };

  return {
    lease(credentials, network) {
      const keys = new Set<string>();
      for (const { settings, issued } of credentials) {
        const key = JSON.stringify(settings);
        const entry = kept.get(key) ?? open(settings, network);
        kept.set(key, entry);
        entry.network = network;
        if (!keys.has(key)) entry.users += 1;
        keys.add(key);
        issued.follow(entry.renewed.secrets);
      }
      const renewed = new Map(
        credentials.map(({ settings }) => [settings, kept.get(JSON.stringify(settings))?.renewed] as const),
      );
      let isReleased = false;
      return {
        find(credential) {
          const found = renewed.get(credential.settings);
          if (!found) throw new Error("a credential of another configuration");
          return found.current();
        },
        release() {
          if (isReleased) return;
          isReleased = true;
          for (const key of keys) {
            const entry = kept.get(key);
            if (entry && --entry.users === 0) kept.delete(key);
          }
        },
      };
    },
    get size() {
      return kept.size;
    },
  };
}

/** Loads what one kind needs only if a provider has it. */
async function issue(settings: CredentialSettings, parts: IssuingParts): Promise<IssuedCredential> {
  switch (settings.kind) {
    case "aws":
      return (await import("./aws/issue-aws.ts")).issueAws(settings, parts);
    case "google":
      return (await import("./google/issue-google.ts")).issueGoogle(settings, parts);
    case "entra":
      return (await import("./entra-token.ts")).issueEntraToken(settings, parts);
  }
}
