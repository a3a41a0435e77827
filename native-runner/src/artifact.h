// A loaded artifact: program, constants in place, kernels resolved.
#ifndef STRATA_ARTIFACT_H
#define STRATA_ARTIFACT_H

#include <memory>
#include <string>
#include <vector>

#include "files.h"
#include "kernel_library.h"
#include "program.h"

namespace strata {

class Artifact {
 public:
  // Throws Error: unreadable or damaged file, other machine, missing CPU feature, missing kernel or parameters.
  explicit Artifact(std::string file);

  const std::string &file() const { return file_; }
  const Program &program() const { return program_; }
  // Which program of the file runs here: 0, or the number of a fallback.
  size_t program_index() const { return program_index_; }
  // Throws STR0708.
  const EntryPoint &entry_point(const std::string &name) const;
  // The function of this name, or nullptr.
  const Function *find_function(const std::string &name) const;
  const void *constant(uint32_t index) const { return constants_[index]; }
  strata_kernel kernel(const EntryPoint &entry, size_t step) const;

 private:
  // The first whose features this machine has.
  void choose_program(const ZipArchive &archive);
  void load_kernels(const ZipArchive &archive);
  void place_constants(const ZipArchive &archive);
  void copy_constants();
  const MappedFile &parameter_file(const Constant &constant);

  std::string file_;
  std::unique_ptr<MappedFile> mapping_;
  Program program_;
  size_t program_index_ = 0;
  std::vector<std::unique_ptr<KernelLibrary>> libraries_;
  std::vector<std::vector<strata_kernel>> kernels_;  // by entry point and step
  std::vector<std::pair<std::string, std::unique_ptr<MappedFile>>> parameter_files_;
  std::vector<const void *> constants_;
  AlignedBuffer copied_;
};

}  // namespace strata

#endif
