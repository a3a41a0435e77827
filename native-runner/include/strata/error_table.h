// Generated from src/{artifact,runner}/messages.ts; do not edit. "UPDATE=1 node scripts/test.mjs unit nativeHeaders" writes it again.

#ifndef STRATA_ERROR_TABLE_H
#define STRATA_ERROR_TABLE_H

namespace strata {

// Wording of an error; {name} stands for a parameter.
struct ErrorTemplate {
  const char *code;
  const char *text;
  const char *next;
};

namespace errors {
inline constexpr ErrorTemplate kArtifactUnreadable = {
    "STR0601",
    "{file} cannot be read: {reason}.",
    "Check the path and its permissions."};
inline constexpr ErrorTemplate kArtifactUnrecognised = {
    "STR0602",
    "{file} is not a Strata artifact: {reason}.",
    "Pass a file that \"strata compile\" wrote."};
inline constexpr ErrorTemplate kArtifactVersion = {
    "STR0603",
    "{file} has artifact format version {found}, this build of Strata reads version {expected}.",
    "Compile the model again with this version of Strata."};
inline constexpr ErrorTemplate kArtifactDamaged = {
    "STR0604",
    "{file} is damaged: {what}: {reason}.",
    "Compile the model again: the file was cut short or changed after it was written."};
inline constexpr ErrorTemplate kParametersUnreadable = {
    "STR0608",
    "Constant \"{name}\": the parameter file {file} {reason}.",
    "Put the file back where it was when the model was compiled, or compile the model again."};
inline constexpr ErrorTemplate kCpuFeatureMissing = {
    "STR0704",
    "{file} needs the CPU feature \"{feature}\" ({library}), which this machine does not have.",
    "Compile the model on this machine, or for a target without it."};
inline constexpr ErrorTemplate kArchitectureDiffers = {
    "STR0705",
    "{file} holds kernels for {found}, this machine is {expected}.",
    "Compile the model for this machine."};
inline constexpr ErrorTemplate kKernelLibraryUnloadable = {
    "STR0706",
    "Kernel library {library} of {file} cannot be loaded: {reason}.",
    "Compile the model again on this machine."};
inline constexpr ErrorTemplate kKernelMissing = {
    "STR0707",
    "Kernel library {library} of {file} has no function \"{symbol}\", which dispatch \"{dispatch}\" calls.",
    "Compile the model again."};
inline constexpr ErrorTemplate kEntryPointUnknown = {
    "STR0708",
    "{file} has no entry point \"{name}\"; it has {available}.",
    "Pass one of these names."};
inline constexpr ErrorTemplate kInputMissing = {
    "STR0709",
    "Input \"{name}\" was not given; entry point \"{entry}\" needs {expected}.",
    "Pass a file of raw little-endian data for every input."};
inline constexpr ErrorTemplate kInputSize = {
    "STR0710",
    "Input \"{name}\" has {found} bytes, expected {expected} for {signature}.",
    "Check element type and shape of the data."};
inline constexpr ErrorTemplate kInputUnknown = {
    "STR0711",
    "Entry point \"{entry}\" has no input \"{name}\"; it has {available}.",
    "Check the name of the input."};
inline constexpr ErrorTemplate kInputShape = {
    "STR0712",
    "The shape {found} of input \"{name}\" does not fit {signature}: {reason}.",
    "Pass a shape of the same rank with the fixed dimensions unchanged."};
inline constexpr ErrorTemplate kFileUnreadable = {
    "STR0713",
    "{file} cannot be read: {reason}.",
    "Check the path and its permissions."};
inline constexpr ErrorTemplate kFileUnwritable = {
    "STR0714",
    "{file} cannot be written: {reason}.",
    "Free some space or choose another place."};
inline constexpr ErrorTemplate kRequestInvalid = {
    "STR0715",
    "The runner cannot do \"{request}\": {reason}.",
    "See native-runner/README.md for the commands."};
inline constexpr ErrorTemplate kOutOfMemory = {
    "STR0716",
    "{bytes} bytes of memory for {what} are not available.",
    "Close other programs or run a smaller model."};
inline constexpr ErrorTemplate kArtifactNotLoaded = {
    "STR0723",
    "There is no loaded artifact {id}.",
    "Load it first."};
inline constexpr ErrorTemplate kThreadsUnavailable = {
    "STR0724",
    "{count} threads cannot be started: {reason}.",
    "Ask for fewer threads."};
inline constexpr ErrorTemplate kSizeUnknown = {
    "STR0736",
    "\"{function}\" was not compiled for {found}; it was for {available}.",
    "Give inputs of one of these sizes, or compile the model again with this size in --dim."};
}  // namespace errors

}  // namespace strata

#endif
