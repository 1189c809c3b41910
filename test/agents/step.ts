/** What the scripted model says in one round. */
export interface Step {
  readonly thinking?: string;
  readonly text?: string;
  readonly calls?: readonly ScriptedCall[];
}

export interface ScriptedCall {
  readonly name: string;
  /** The arguments of a function; what a tool without a schema gets is in `custom`. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly custom?: string;
}

/** What a request shows of where its agent is. */
export interface Round {
  /** Names of the tools that it offers. */
  readonly tools: readonly string[];
  /** Those of them that take free text. */
  readonly custom: readonly string[];
  /** How often the model has called tools so far. */
  readonly callsBefore: number;
}

export const TASK = "Change hello to goodbye in hello.txt";
const ANSWER = "Done: the file says goodbye.";

const TEXT = "I will read it. é😀";
const SEE = "I look first.";
const CHANGE = "Now edit.";

const PATCH = "*** Begin Patch\n*** Update File: hello.txt\n@@\n-hello\n+goodbye\n*** End Patch\n";
const SED = "sed -i s/hello/goodbye/ hello.txt";

const edit = ([read, change]: readonly [ScriptedCall[], ScriptedCall[]]): readonly Step[] => [
  { thinking: SEE, text: TEXT, calls: read },
  { thinking: CHANGE, calls: change },
  { text: ANSWER },
];

/**
 * What the model says to an agent, by the tools that it offers: it looks with two calls at once, changes the file, and says
 * so. A request without tools is for something else, such as a title.
 * @param file the path of the file to change
 */
export function stepOf({ tools, callsBefore }: Round, file: string): Step {
  const steps = stepsFor(tools, file);
  return steps[Math.min(callsBefore, steps.length - 1)] ?? { text: "A title" };
}

function stepsFor(tools: readonly string[], file: string): readonly Step[] {
  const has = (name: string): boolean => tools.includes(name);
  // Claude Code
  if (has("Read")) {
    return edit([
      [
        { name: "Read", args: { file_path: file } },
        { name: "Bash", args: { command: "ls", description: "List" } },
      ],
      [{ name: "Edit", args: { file_path: file, old_string: "hello", new_string: "goodbye" } }],
    ]);
  }
  // gemini-cli
  if (has("read_file")) {
    return edit([
      [
        { name: "read_file", args: { file_path: file } },
        { name: "list_directory", args: { dir_path: file.replace(/\/[^/]*$/, "") } },
      ],
      [
        {
          name: "replace",
          args: { file_path: file, old_string: "hello", new_string: "goodbye", instruction: "Say goodbye" },
        },
      ],
    ]);
  }
  // opencode
  if (has("read")) {
    return edit([
      [
        { name: "read", args: { filePath: file } },
        { name: "bash", args: { command: "ls", description: "List" } },
      ],
      [{ name: "edit", args: { filePath: file, oldString: "hello", newString: "goodbye" } }],
    ]);
  }
  return stepsForShell(tools);
}

/** Codex, whose tools differ with the model that it takes the name for. */
function stepsForShell(tools: readonly string[]): readonly Step[] {
  const code = tools.find((name) => name === "exec" || name.endsWith("__exec"));
  if (code !== undefined) {
    const input = `const r = await tools.exec_command({cmd: '${SED}; echo \\u00e9 done'}); text(r.output ?? JSON.stringify(r));`;
    return [{ thinking: SEE, text: TEXT, calls: [{ name: code, args: { input }, custom: input }] }, { text: ANSWER }];
  }
  const shell = ["exec_command", "shell", "shell_command", "local_shell"].find((name) => tools.includes(name));
  if (shell === undefined) return [];
  const run = (command: string): ScriptedCall => {
    if (shell === "exec_command") return { name: shell, args: { cmd: command } };
    if (shell === "shell_command") return { name: shell, args: { command } };
    return { name: shell, args: { command: ["bash", "-lc", command] } };
  };
  const patch = tools.find((name) => name.startsWith("apply_patch"));
  const change = patch === undefined ? run(SED) : { name: patch, args: { input: PATCH }, custom: PATCH };
  return edit([[run("cat hello.txt"), run("ls")], [change]]);
}
