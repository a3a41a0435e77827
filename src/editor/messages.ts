/** Coded messages of the editor (STR09xx). */
import { defineMessages, message } from '../base/diagnostics';

export const editorMessages = defineMessages({
  STR0901: message<{ what: string }>({
    text: (p) => `${p.what} builds and runs native code, which needs a trusted workspace.`,
    next: () => 'Trust this workspace to go on; IR and traces can be looked at without.',
  }),
  STR0902: message<{ file: string }>({
    text: (p) => `'${p.file}' is not a file on a disk of this machine.`,
    next: () => 'Save a copy and compile that.',
  }),
  STR0903: message<{ what: string }>({
    text: (p) => `${p.what}: the compilation that it belongs to is no longer in the window.`,
    next: () => 'Compile the model again.',
  }),
  STR0904: message<{ model: string }>({
    text: (p) => `there is no run of '${p.model}' yet, so there is no timeline.`,
    next: () => 'Profile it first.',
  }),
  STR0905: message<{ op: string }>({
    text: (p) =>
      `${p.op} became no dispatch of its own: it was folded, or takes no time when the model runs.`,
  }),
  STR0906: message<{ zone: string }>({
    text: (p) => `the zone '${p.zone}' leads to no op of a compilation in this window.`,
    next: () =>
      'Zones of runs that Strata made lead to their ops; those of other tools do where the model is compiled here and they name its nodes or kernels.',
  }),
  STR0907: message<{ folder: string; problem: string }>({
    text: (p) => `'${p.folder}' cannot be written: ${p.problem}.`,
    next: () => 'Make room there or check its permissions.',
  }),
  STR0908: message<{ file: string; problem: string }>({
    text: (p) => `'${p.file}' cannot be read: ${p.problem}.`,
  }),
  STR0909: message<{ message: string }>({
    text: (p) => `an internal error: ${p.message}`,
    next: () => 'The log has the details; please report it.',
  }),
  STR0910: message<{ link: string }>({
    text: (p) => `'${p.link}' is not a link to a zone.`,
    next: () =>
      "Copy one from the details of a zone: it begins with the editor's own scheme and ends in name=….",
  }),
  STR0911: message<{ zone: string; file: string }>({
    text: (p) => `'${p.file}' has no zone '${p.zone}' where the link says: the trace was written anew since.`,
    next: () => 'Search for the name, or copy a new link.',
  }),
  STR0920: message<Record<never, never>>({
    text: () => 'the editor in front shows no IR of a dump that is open.',
    next: () => "Open a pass in the IR Dumps view; 'Strata: Open IR Dump…' opens a dump.",
  }),
  STR0921: message<{ command: string; known: string }>({
    text: (p) => `'${p.command}' is no command of a compiler that Strata knows how to trace.`,
    next: (p) => `It knows ${p.known}. Of others, open what they dump.`,
  }),
  STR0922: message<{ tool: string; problem: string }>({
    text: (p) => `'${p.tool}' cannot be started: ${p.problem}.`,
    next: () => 'Check that it is on the PATH, or give its whole path.',
  }),
  STR0923: message<{ tool: string; code: number; log: string }>({
    text: (p) => `${p.tool} ended with code ${p.code} and printed no IR; what it said is in '${p.log}'.`,
    next: () => 'Run the command in a terminal to see that it works on its own.',
  }),
  STR0930: message<{ what: string }>({
    text: (p) => `'${p.what}' needs MLIR text in front; there is none.`,
    next: () => 'Open a pass of a compilation or a .mlir file.',
  }),
  STR0931: message<{ file: string }>({
    text: (p) => `'${p.file}' is too large to be drawn or compared op by op (more than 32 MiB).`,
    next: () => 'Open one function of it.',
  }),
  STR0932: message<{ what: string }>({
    text: (p) => `'${p.what}' needs two texts: a pass of a compilation, or a diff editor in front.`,
    next: () => 'Choose a pass in the Compilations view, or select two files and compare them.',
  }),
  STR0933: message<Record<never, never>>({
    text: () => 'there is no op at the cursor.',
    next: () => 'Put the cursor on an op.',
  }),
  STR0934: message<{ file: string }>({
    text: (p) => `'${p.file}' is one text, without the passes before and after it.`,
    next: () => "Ask from the IR of a pass; for dumps, 'strata dump FILE life OP' tells it.",
  }),
  STR0938: message<{ file: string }>({
    text: (p) => `'${p.file}' has not been compiled in this window.`,
    next: () => "Compile it first: 'Strata: Compile Model…'.",
  }),
  STR0937: message<{ file: string }>({
    text: (p) => `reading '${p.file}' was stopped.`,
    next: () => 'Close it and open it again to read it.',
  }),
  STR0936: message<Record<never, never>>({
    text: () => 'there is no compilation whose kernels could be sampled.',
    next: () => "Compile a model first: 'Strata: Compile Model…'.",
  }),
  STR0935: message<{ pass: string }>({
    text: (p) => `'${p.pass}' has no IR before it.`,
    next: () => 'Choose a pass after the import.',
  }),
});
