/** A setting that only shows to be bad when it is used, such as the path of a file; the message is one line for the operator. */
export class BadSetting extends Error {
  constructor(name: string, reason: string) {
    super(`${name} is not accepted: ${reason}`);
    this.name = "BadSetting";
  }
}
