/** What all targets of a run have in common. */
export interface Ground {
  /** Origin of the mock provider, without a trailing slash. */
  readonly mockOrigin: string;
  /** A directory of this run's own, removed at its end. */
  readonly directory: string;
}

/** Whom a target's requests come from. `fresh` if each request needs another credential than all before it. */
export interface Credentials {
  readonly fresh: boolean;
  /** Makes that many, all different. */
  readonly make: (count: number) => Promise<readonly string[]>;
}

/** How the process of a target is started. */
export interface Start {
  readonly command: readonly string[];
  /** All of its environment but PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  /** File for its standard output, which is thrown away without one. */
  readonly outputFile?: string;
}

/** Something that carries a chat request to the mock provider, and how to start it. */
export interface Target {
  readonly name: string;
  /** Why it cannot be measured here; `undefined` if it can. */
  readonly missing?: string;
  /** Absent for a server that is up already. */
  readonly start?: (port: number, ground: Ground) => Start;
  /** Address to send chat requests to, if it is not {@link Target.path} at the port that the target was started with. */
  readonly chatUrl?: (ground: Ground) => string;
  /** `/v1/chat/completions` unless given. */
  readonly path?: string;
  /** In front of the models that it is asked for: `openai` unless given. */
  readonly provider?: string;
  /** Process to measure, if this program does not start it. */
  readonly pid?: number;
  /** Size of the executable, in bytes, for one that is shipped as a single file. */
  readonly binaryBytes?: number;
  /** Sent as bearer tokens; absent if requests carry none. */
  readonly credentials?: Credentials;
}

/**
 * A server that somebody else started, with the mock provider (see `--mock-port`) as its OpenAI provider.
 * @param text `name=url`, the URL as far as `/v1`, with an optional `#pid` to measure CPU time and memory of that process
 * @throws Error for the user if the text is not of this form
 */
export function parseTarget(text: string): Target {
  const equals = text.indexOf("=");
  const url = URL.parse(text.slice(equals + 1));
  if (equals < 1 || url === null || url.protocol !== "http:") {
    throw new Error(`--target ${text}: must be name=http://host:port/v1, with an optional #pid`);
  }
  const pid = Number(url.hash.slice(1));
  const chatUrl = `${url.origin}${url.pathname.replace(/\/$/, "")}/chat/completions`;
  return { name: text.slice(0, equals), chatUrl: () => chatUrl, ...(pid > 0 && { pid }) };
}
