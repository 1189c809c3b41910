import { expect, test } from "bun:test";
import { editorSchema } from "../../../src/config/file/editor-schema.ts";
import { FILE_SCHEMA } from "../../../src/config/file/file-schema.ts";
import { placesOf } from "../../../src/config/file/saying.ts";
import { typedPlacesOf } from "../../../src/config/file/typed-places.ts";
import { PROVIDER_TABLE } from "../../../src/providers/table.ts";
import { linesOf, runToEnd } from "../../cli/run-to-end.ts";
import { writeFile } from "./load-file.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: unknown;
  readonly description?: string;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly anyOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const whole = JSON.parse(editorSchema()) as Schema;
const resolve = (schema: Schema | undefined): Schema | undefined =>
  schema?.$ref === undefined ? schema : whole.definitions?.[schema.$ref.replace("#/definitions/", "")];

test("the schema for editors has every place of the file, with what it means", () => {
  for (const { path } of placesOf(FILE_SCHEMA)) {
    const found = path.reduce<Schema | undefined>((schema, key) => {
      const further = schema?.additionalProperties || undefined;
      return resolve(schema?.properties?.[key] ?? (key.startsWith("<") ? further : undefined));
    }, whole);
    expect([path.join("."), typeof found?.description]).toEqual([path.join("."), "string"]);
  }
  const providers = resolve(whole.properties?.["providers"]);
  expect(Object.keys(providers?.properties ?? {})).toEqual(Object.keys(PROVIDER_TABLE));
});

test("it refuses unknown keys and takes references in place of what is no text", () => {
  const server = resolve(whole.properties?.["server"]);
  expect([whole.additionalProperties, server?.additionalProperties]).toEqual([false, false]);
  expect(server?.type).toEqual(["object", "null"]);
  expect(server?.properties?.["port"]?.anyOf).toContainEqual({ type: "string", pattern: "\\$\\{" });
});

test("--print-schema prints it, whatever the settings are", async () => {
  const { stdout, stderr, code } = await runToEnd(["--print-schema"], { SERVER_PORT: "bad" });
  expect([code, linesOf(stderr), stdout]).toEqual([0, [], editorSchema()]);
});

test("every value that no setting says is described, too", () => {
  for (const { path, schema } of typedPlacesOf(FILE_SCHEMA)) {
    expect([path.join("."), typeof schema["description"]]).toEqual([path.join("."), "string"]);
  }
  const model = resolve(resolve(whole.properties?.["models"])?.additionalProperties || undefined);
  const deployment = resolve(resolve(model?.properties?.["deployments"])?.items);
  expect(Object.keys(model?.properties ?? {})).toContain("context_fallbacks");
  expect(deployment).toMatchObject({ required: ["provider", "model"], additionalProperties: false });
});

test("however slowly it is read, all of it is there, and so are all problems", async () => {
  const count = 3000;
  const path = writeFile(Array.from({ length: count }, (_, index) => `unknown_${index}: 1`).join("\n"));
  const { stderr, code } = await runToEnd(["--check", "--config", path]);
  expect([code, linesOf(stderr).length]).toEqual([2, count]);
});
