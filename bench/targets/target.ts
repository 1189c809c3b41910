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
  /** Where it runs: in the directory of the run without it. */
  readonly directory?: string;
}

/** Something that carries a chat request to the mock provider, and how to start it. */
export interface Target {
  readonly name: string;
  /** Why it cannot be measured here; `undefined` if it can. */
  readonly missing?: string | undefined;
  /** Absent for a server that is up already. */
  readonly start?: (port: number, ground: Ground) => Start;
  /** Its path that answers 200 once it serves, and how long it may take to: `/health` within ten seconds unless given. */
  readonly ready?: { readonly path: string; readonly seconds: number };
  /** What prints its version. */
  readonly version?: readonly string[];
  /** Address to send chat requests to, if it is not {@link Target.path} at the port that the target was started with. */
  readonly chatUrl?: (ground: Ground) => string;
  /** `/v1/chat/completions` unless given. */
  readonly path?: string;
  /** What it calls the mock's `{model}`: `openai/{model}` unless given. */
  readonly model?: string;
  /** Sent with every request. */
  readonly headers?: (ground: Ground) => Readonly<Record<string, string>>;
  /** Process to measure, if this program does not start it. */
  readonly pid?: number;
  /** Size of the executable, in bytes, for one that is shipped as a single file. */
  readonly binaryBytes?: number;
  /** Sent as bearer tokens; absent if requests carry none. */
  readonly credentials?: Credentials;
}
