import { generateKeyPairSync, sign } from "node:crypto";

/** An OpenID Connect issuer for the bench: the gateway fetches its key, the bench mints tokens. */
export interface Issuer {
  /** The issuer as its tokens name it. */
  readonly url: string;
  /** Mints tokens that are valid for ten minutes and of which none was ever given out before. Takes about a millisecond each. */
  mint(count: number): readonly string[];
  stop(): void;
}

/** The audience of the tokens. */
export const AUDIENCE = "bench";

const KEY_ID = "bench-1";
const VALID_SECONDS = 600;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Starts the issuer on a free port of 127.0.0.1, with one RSA key of 2,048 bits: what most providers sign with (RS256). */
export function startIssuer(): Issuer {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: KEY_ID, alg: "RS256", use: "sig" };
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    routes: {
      "/.well-known/openid-configuration": () => Response.json({ issuer: url, jwks_uri: `${url}/keys` }),
      "/keys": () => Response.json({ keys: [jwk] }),
    },
  });
  const url: string = `http://127.0.0.1:${server.port}`;
  const header = encode({ alg: "RS256", typ: "at+jwt", kid: KEY_ID });
  let minted = 0;

  const token = (): string => {
    const now = Math.floor(Date.now() / 1000);
    minted += 1;
    const claims = encode({ iss: url, aud: AUDIENCE, sub: "bench", iat: now, exp: now + VALID_SECONDS, jti: minted });
    const signed = `${header}.${claims}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  };
  return {
    url,
    mint: (count) => Array.from({ length: count }, token),
    stop: () => void server.stop(true),
  };
}
