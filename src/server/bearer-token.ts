import { bearer } from "@elysiajs/bearer";
import { Elysia } from "elysia";

const SCHEME = /^bearer +/i;

/**
 * The bearer token of a request as `bearer` in the context; empty or undefined where there is none.
 * The plugin alone would refuse the scheme in lower case (RFC 9110 section 11.1 makes it case-insensitive), accept
 * `Bearertoken`, and read tokens from the query, where they end in access logs. So it is handed a header that always
 * has its own form: then it has no reason to look anywhere else.
 */
export function bearerToken() {
  return new Elysia({ name: "bearer-token" })
    .onTransform({ as: "global" }, ({ headers }) => {
      const authorization = headers["authorization"] ?? "";
      headers["authorization"] = SCHEME.test(authorization) ? authorization.replace(SCHEME, "Bearer ") : "Bearer";
    })
    .use(bearer({ extract: { header: "Bearer" } }));
}
