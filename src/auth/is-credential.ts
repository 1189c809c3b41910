/**
 * Whether a text can be one credential: visible ASCII without a comma. A comma or a space is what two `Authorization`
 * headers, joined into one, leave behind. https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
export function isCredential(text: string): boolean {
  return CREDENTIAL.test(text);
}

const CREDENTIAL = /^[\x21-\x2b\x2d-\x7e]+$/;
