/** Diagnostics of reading and writing artifacts (STR06xx). Those with `native` are raised by the native runner too. */
import { defineMessages } from '../base/diagnostics';
import { templated } from './messageTemplate';

export const artifactTemplates = {
  STR0601: {
    native: 'artifact_unreadable',
    text: '{file} cannot be read: {reason}.',
    next: 'Check the path and its permissions.',
  },
  STR0602: {
    native: 'artifact_unrecognised',
    text: '{file} is not a Strata artifact: {reason}.',
    next: 'Pass a file that "strata compile" wrote.',
  },
  STR0603: {
    native: 'artifact_version',
    text: '{file} has artifact format version {found}, this build of Strata reads version {expected}.',
    next: 'Compile the model again with this version of Strata.',
  },
  STR0604: {
    native: 'artifact_damaged',
    text: '{file} is damaged: {what}: {reason}.',
    next: 'Compile the model again: the file was cut short or changed after it was written.',
  },
  STR0605: {
    text: 'The program cannot be packaged: {where}: {reason}.',
    next: 'This is a defect of the compiler; please report it with the model and the pipeline.',
  },
  STR0606: {
    text: '{file} cannot be written: {reason}.',
    next: 'Free some space or choose another place with -o. Nothing was left behind.',
  },
  STR0607: {
    text: '{file} would have {bytes} bytes; an artifact holds less than 4 GiB.',
    next: 'Keep the parameters in an external file instead of embedding them.',
  },
  STR0608: {
    native: 'parameters_unreadable',
    text: 'Constant "{name}": the parameter file {file} {reason}.',
    next: 'Put the file back where it was when the model was compiled, or compile the model again.',
  },
} as const;

export const messages = defineMessages(templated(artifactTemplates));
