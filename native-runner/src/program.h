// The program of an artifact (program.bin) in memory, checked: whoever holds it need not check again.
#ifndef STRATA_PROGRAM_H
#define STRATA_PROGRAM_H

#include <cstdint>
#include <string>
#include <vector>

#include "strata/artifact_format.h"
#include "zip.h"

namespace strata {

struct Tensor {
  std::string name;
  const format::ElementTypeInfo *element_type = nullptr;
  // An extent, or −1 − k for symbol k of the entry point.
  std::vector<int64_t> shape;
};

struct Binding {
  format::BufferSpace space;
  format::BindingAccess access;
  uint32_t index;   // of an input, output or constant
  uint64_t offset;  // in the arena
  uint64_t length;  // in the arena
};

struct Step {
  std::string name;
  std::string symbol;
  std::string schedule;
  std::string refused;  // why more ops were not fused into it, a reason a line
  std::vector<std::string> origins;
  std::vector<Binding> bindings;
  uint32_t kernel_library;
  int64_t extent;
  int64_t grain;
  uint64_t flops;
  uint64_t bytes_read;
  uint64_t bytes_written;
  uint64_t scratch_bytes;
  double predicted_ns;  // −1: no estimate
};

struct EntryPoint {
  std::string name;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  std::vector<std::string> symbols;
  std::vector<Step> steps;
  uint64_t arena_bytes;
};

// An entry point of a function, and the sizes of the function's symbols that it is for.
struct Variant {
  uint32_t entry_point;
  std::vector<int64_t> sizes;
};

// A function of the model with an entry point for each of several sizes.
struct Function {
  std::string name;
  std::vector<Tensor> inputs;  // with symbols
  std::vector<std::string> symbols;
  std::vector<Variant> variants;
};

struct Constant {
  std::string name;
  std::string external_path;  // empty: in constants.bin
  uint64_t offset;
  uint64_t length;
};

struct KernelLibraryReference {
  std::string file;
  std::vector<std::string> cpu_features;
};

struct Program {
  std::string target;
  std::string architecture;
  std::string model;
  std::vector<EntryPoint> entry_points;
  std::vector<Function> functions;
  std::vector<Constant> constants;
  std::vector<KernelLibraryReference> kernel_libraries;
};

// Throws STR0603 for another version and STR0604 for a damaged program; `file` names the artifact.
Program decode_program(const std::string &file, Bytes bytes);

// `3x224xN` with the names in `symbols`, and its element type: `f32[3x224xN]`.
std::string describe(const Tensor &tensor, const std::vector<std::string> &symbols);

}  // namespace strata

#endif
