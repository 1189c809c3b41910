/** The text of the inert script element in which the plugin's page holds its settings: a browser counts it as inline. */
const SETTINGS_ELEMENT_TEXT = "\n    ";

function hashSource(text: string): string {
  return `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;
}

/**
 * Forbids the documentation page everything but this gateway, so that a browser itself keeps it from other hosts.
 * Inline styles are allowed: Swagger UI sets them on its elements.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'self' ${hashSource(SETTINGS_ELEMENT_TEXT)}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
