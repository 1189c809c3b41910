import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "../../src/cli/command-line.ts";

describe("parseCommandLine", () => {
  test.each([
    [["--dmo"], 'unknown option "--dmo" (did you mean --demo?)'],
    [["--print-conf"], 'unknown option "--print-conf" (did you mean --print-config?)'],
    [["--something"], 'unknown option "--something"; --help lists the options'],
    [["--key=sk-secret"], 'unknown option "--key"; --help lists the options'],
    [["-x"], 'unknown option "-x"; --help lists the options'],
    [["-hx"], 'unknown option "-x"; --help lists the options'],
    [["--constructor"], 'unknown option "--constructor"; --help lists the options'],
    [["--check=life"], "--check takes no value but live: --check=live"],
    [["--check="], "--check takes no value but live: --check=live"],
    [["--demo=1"], "--demo takes no value"],
    [["--demo="], "--demo takes no value"],
    [["serve"], 'unexpected argument "serve"; --help lists the options'],
    [["--", "x"], 'unexpected argument "x"; --help lists the options'],
    [["a\nb"], 'unexpected argument "a\\nb"; --help lists the options'],
    [["--env-file"], "--env-file needs a path: --env-file PATH"],
    [["--env-file="], "--env-file needs a path: --env-file PATH"],
    [["--env-file", "--demo"], "--env-file needs a path: --env-file PATH"],
    [["--env-file=a", "--env-file=b"], "--env-file may be given only once"],
    [["--config"], "--config needs a path: --config PATH"],
    [["--config=a", "--config", "b"], "--config may be given only once"],
    [["--print-schema=x"], "--print-schema takes no value"],
  ])("refuses %j", (args, problem) => {
    expect(parseCommandLine(args)).toEqual({ ok: false, problem });
  });

  test.each([
    [[], { action: "serve", demo: false, envFile: undefined, configFile: undefined }],
    [["--demo"], { action: "serve", demo: true, envFile: undefined, configFile: undefined }],
    [["--env-file", ".env", "--demo"], { action: "serve", demo: true, envFile: ".env", configFile: undefined }],
    [["--env-file=.env"], { action: "serve", demo: false, envFile: ".env", configFile: undefined }],
    [["--env-file=-odd"], { action: "serve", demo: false, envFile: "-odd", configFile: undefined }],
    [["--config", "a.yaml", "--env-file=b"], { action: "serve", demo: false, envFile: "b", configFile: "a.yaml" }],
    [["--print-schema", "--check"], { action: "print-schema", demo: false, envFile: undefined, configFile: undefined }],
    [["--help"], { action: "help", demo: false, envFile: undefined, configFile: undefined }],
    [["-h"], { action: "help", demo: false, envFile: undefined, configFile: undefined }],
    [["--version"], { action: "version", demo: false, envFile: undefined, configFile: undefined }],
    [["-v"], { action: "version", demo: false, envFile: undefined, configFile: undefined }],
    [["--check"], { action: "check", demo: false, envFile: undefined, configFile: undefined }],
    [
      ["--check=live", "--demo"],
      { action: "check", live: true, demo: true, envFile: undefined, configFile: undefined },
    ],
    [["--print-config", "--demo"], { action: "print-config", demo: true, envFile: undefined, configFile: undefined }],
    [["--check", "--print-config"], { action: "print-config", demo: false, envFile: undefined, configFile: undefined }],
    [["--check", "-vh"], { action: "help", demo: false, envFile: undefined, configFile: undefined }],
  ] as const)("reads %j", (args, commandLine) => {
    expect(parseCommandLine([...args])).toEqual({ ok: true, commandLine: { live: false, ...commandLine } });
  });
});
