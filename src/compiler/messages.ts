/** Coded messages of the driver (STR05xx, 0583 on). */
import { defineMessages, message } from '../base/diagnostics';
import { formatBytes } from '../base/units';

export const compilerMessages = defineMessages({
  STR0579: message<{ input: string }>({
    text: (p) => `input '${p.input}' is no tensor of numbers, and only those can be given to a program.`,
    next: () =>
      'Sequences, optionals and strings inside of a model are supported; give it tensors as inputs.',
  }),
  STR0580: message<{ model: string; missing: readonly string[] }>({
    text: (p) =>
      p.missing.length === 0
        ? `'${p.model}' cannot be compiled for several sizes: only models with named symbolic dimensions can.`
        : `'${p.model}' is to be compiled for several sizes, and these dimensions have none: ${p.missing.join(', ')}.`,
    next: (p) =>
      p.missing.length === 0
        ? 'Give one size per dimension, or the ONNX model that the IR was made from.'
        : 'Give each a size (--dim NAME=SIZE) or several (--dim NAME=SIZE,SIZE); one without a name needs a name in the model.',
  }),
  STR0581: message<{ assumed: string; problem: string }>({
    severity: 'warning',
    text: (p) => `nothing could be compiled in advance for ${p.assumed}: ${p.problem}`,
    next: () => 'What a run needs is compiled when its inputs are known; --dim NAME=SIZE gives sizes now.',
  }),
  STR0582: message<{ file: string; problem: string }>({
    text: (p) => `the model that this artifact was made from, '${p.file}', ${p.problem}.`,
    next: () => "Compile it again; without '--external-parameters' the artifact keeps a copy.",
  }),
  STR0583: message<{ file: string }>({
    text: (p) => `the IR of this compilation was in the cache and is gone or damaged: ${p.file}.`,
    next: () => 'Run the command again: it compiles anew.',
  }),
  STR0584: message<{ level: string; reason: string }>({
    text: (p) => `the level '${p.level}' cannot be a fallback here: ${p.reason}.`,
    next: () => 'Name levels of one architecture, from the most to the least demanding.',
  }),
  STR0585: message<{ name: string; reader: string }>({
    text: (p) => `"${p.name}" is read by ${p.reader} and nothing gives it a value.`,
    next: () => 'Check the model with onnx.checker; its nodes must be in order.',
  }),
  STR0586: message<{ node: string; operator: string; found: string }>({
    text: (p) => `node "${p.node}" (${p.operator}) cannot run on ${p.found}.`,
  }),
  STR0587: message<{ op: string }>({
    text: (p) => `the size of what ${p.op} gives depends on data, and no bound of it is known.`,
  }),
  STR0588: message<{ form: string; bytes: number; limit: number }>({
    text: (p) =>
      `the weights take ${formatBytes(p.bytes)}, and text of the form '${p.form}' that is printed holds at most ${formatBytes(p.limit)}.`,
    next: () => 'Write it to a file with -o FILE: there is room for all of them.',
  }),
  STR0589: message<{ name: string; known: string }>({
    text: (p) => `the artifact has no entry point '${p.name}'; it has ${p.known}.`,
  }),
  STR0590: message<{ file: string; found: string }>({
    text: (p) => `'${p.file}' cannot be compiled: ${p.found}.`,
    next: () => 'Strata compiles .onnx and .tflite models and .mlir text.',
  }),
  STR0591: message<{ file: string; problem: string }>({
    text: (p) => `cannot write '${p.file}': ${p.problem}.`,
    next: () => 'Check that the folder exists, may be written and has room. Nothing was left behind.',
  }),
  STR0592: message<{ name: string; exists: boolean; stages: string }>({
    text: (p) =>
      p.exists
        ? `the pass '${p.name}' is not in this pipeline, so it cannot stop there.`
        : `there is no stage or pass '${p.name}' to stop after.`,
    next: (p) => `Stages are ${p.stages}; 'strata opt --list' shows the passes.`,
  }),
  STR0593: message<{ input: string; expected: string; found: string }>({
    text: (p) => `input '${p.input}' must be ${p.expected}, found ${p.found}.`,
  }),
  STR0594: message<{ input: string }>({
    text: (p) => `input '${p.input}' has a symbolic shape, so it cannot be made up.`,
    next: () => 'Give its sizes (--dim NAME=SIZE), or the input as a file (--input NAME=FILE.npy).',
  }),
  STR0595: message<{ reference: string; problem: string }>({
    text: (p) => `the reference '${p.reference}' cannot be used: ${p.problem}.`,
  }),
  STR0596: message<{ tensor: string; element: string }>({
    text: (p) => `the tensor '${p.tensor}' has elements of ${p.element}, which artifacts cannot hold.`,
  }),
  STR0597: message<{ dispatch: string; space: string }>({
    text: (p) =>
      `the dispatch '${p.dispatch}' is given the middle of an ${p.space}, which artifacts cannot say.`,
    next: () => 'This is a defect of the lowering.',
  }),
  STR0598: message<{ found: string }>({
    text: (p) => `the pipeline ends before the IR is a program: it still has ${p.found}.`,
    next: () => `Add passes to --pipeline, or print the IR with '--stop-after PASS'.`,
  }),
  STR0599: message<{ file: string; problem: string }>({
    text: (p) => `cannot read '${p.file}': ${p.problem}.`,
    next: () => 'Check the path.',
  }),
});
