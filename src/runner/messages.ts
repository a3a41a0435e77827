/** Diagnostics of toolchains and the native runner (STR07xx). Those with `native` are worded here and raised there. */
import { defineMessages } from '../base/diagnostics';
import { templated } from '../artifact/messageTemplate';

export const runnerTemplates = {
  STR0701: {
    text: 'Building native code needs {tools}, which {verb} not found.',
    next: 'Run: {command}',
  },
  STR0702: {
    text: 'The native runner could not be built ({step} failed):\n{log}',
    next: 'Run "strata doctor" to check the toolchain; the sources are in {sources}.',
  },
  STR0703: {
    text: 'The C compiler refused a generated kernel:\n{log}',
    next: 'The C source was kept in {kept}; the command was: {command}',
  },
  STR0704: {
    native: 'cpu_feature_missing',
    text: '{file} needs the CPU feature "{feature}" ({library}), which this machine does not have.',
    next: 'Compile the model on this machine, or for a target without it.',
  },
  STR0705: {
    native: 'architecture_differs',
    text: '{file} holds kernels for {found}, this machine is {expected}.',
    next: 'Compile the model for this machine.',
  },
  STR0706: {
    native: 'kernel_library_unloadable',
    text: 'Kernel library {library} of {file} cannot be loaded: {reason}.',
    next: 'Compile the model again on this machine.',
  },
  STR0707: {
    native: 'kernel_missing',
    text: 'Kernel library {library} of {file} has no function "{symbol}", which dispatch "{dispatch}" calls.',
    next: 'Compile the model again.',
  },
  STR0708: {
    native: 'entry_point_unknown',
    text: '{file} has no entry point "{name}"; it has {available}.',
    next: 'Pass one of these names.',
  },
  STR0709: {
    native: 'input_missing',
    text: 'Input "{name}" was not given; entry point "{entry}" needs {expected}.',
    next: 'Pass a file of raw little-endian data for every input.',
  },
  STR0710: {
    native: 'input_size',
    text: 'Input "{name}" has {found} bytes, expected {expected} for {signature}.',
    next: 'Check element type and shape of the data.',
  },
  STR0711: {
    native: 'input_unknown',
    text: 'Entry point "{entry}" has no input "{name}"; it has {available}.',
    next: 'Check the name of the input.',
  },
  STR0712: {
    native: 'input_shape',
    text: 'The shape {found} of input "{name}" does not fit {signature}: {reason}.',
    next: 'Pass a shape of the same rank with the fixed dimensions unchanged.',
  },
  STR0713: {
    native: 'file_unreadable',
    text: '{file} cannot be read: {reason}.',
    next: 'Check the path and its permissions.',
  },
  STR0714: {
    native: 'file_unwritable',
    text: '{file} cannot be written: {reason}.',
    next: 'Free some space or choose another place.',
  },
  STR0715: {
    native: 'request_invalid',
    text: 'The runner cannot do "{request}": {reason}.',
    next: 'See native-runner/README.md for the commands.',
  },
  STR0716: {
    native: 'out_of_memory',
    text: '{bytes} bytes of memory for {what} are not available.',
    next: 'Close other programs or run a smaller model.',
  },
  STR0717: {
    text: 'The native runner crashed with {signal} {place}.',
    next: 'Generated code is at fault; "strata compile --dump-dir" keeps its source.',
  },
  STR0718: {
    text: 'The native runner was killed from outside ({signal}) {place}.',
    next: 'The system may be short of memory; run it again.',
  },
  STR0719: {
    text: 'The native runner did not answer "{request}" within {seconds} s and was stopped.',
    next: 'Allow more time or run fewer repetitions.',
  },
  STR0720: {
    text: 'The native runner ended unexpectedly (exit code {exitCode}): {output}',
    next: 'Run "strata doctor"; if the toolchain is sound, report this.',
  },
  STR0721: {
    text: 'The native runner {file} cannot be started: {reason}.',
    next: 'Delete {file} so that it is built again.',
  },
  STR0722: {
    text: '{folder} cannot be written: {reason}.',
    next: 'Set STRATA_CACHE_DIR to a folder with free space that you may write.',
  },
  STR0723: {
    native: 'artifact_not_loaded',
    text: 'There is no loaded artifact {id}.',
    next: 'Load it first.',
  },
  STR0724: {
    native: 'threads_unavailable',
    text: '{count} threads cannot be started: {reason}.',
    next: 'Ask for fewer threads.',
  },
  STR0725: {
    text: '"{feature}" is no known CPU feature of {architecture}.',
    next: 'Known are {known}.',
  },
  STR0726: {
    text: 'The native runner was closed before it could answer "{request}".',
    next: 'Start it again.',
  },
  STR0727: {
    text: 'What this machine reaches at most could not be measured ({step} failed):\n{log}',
    next: 'Run "strata doctor" to check the toolchain.',
  },
  STR0728: {
    text: 'Code for {architecture} needs a cross compiler: {program} was not found.',
    next: 'On Debian run "apt-get install {package}", or choose a feature level of this machine.',
  },
  STR0729: {
    text: 'Sampling kernels needs "perf" of Linux, which was not found.',
    next: 'Run: {command}',
  },
  STR0730: {
    text: 'Kernels could not be sampled ("perf {step}" failed):\n{log}',
    next: 'Where the system forbids it, "sysctl kernel.perf_event_paranoid=1" allows it until the next start.',
  },
  STR0731: {
    text: 'Lines of generated C cannot be told without "addr2line", which was not found.',
    next: 'Run: {command}',
  },
  STR0732: {
    text: 'The line tables of the kernels could not be read ({tool} failed):\n{log}',
    next: 'Compile the model again.',
  },
  STR0733: {
    text: '{artifact} cannot be sampled: it has {libraries} kernel libraries, 1 is expected.',
    next: 'Compile the model again.',
  },
  STR0734: {
    text: 'Models are exported with Python {oldest} or newer; {found}.',
    next: 'Install Python, with its module "venv", and start the editor from where it is on the PATH.',
  },
  STR0735: {
    text: '{what} failed:\n{problem}',
    next: 'The log has all that was written. What is installed is downloaded, so the machine must reach a package index.',
  },
  STR0736: {
    native: 'size_unknown',
    text: '"{function}" was not compiled for {found}; it was for {available}.',
    next: 'Give inputs of one of these sizes, or compile the model again with this size in --dim.',
  },
} as const;

export const messages = defineMessages(templated(runnerTemplates));
