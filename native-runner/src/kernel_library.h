// A shared library with kernels, loaded from bytes.
#ifndef STRATA_KERNEL_LIBRARY_H
#define STRATA_KERNEL_LIBRARY_H

#include <string>

#include "files.h"
#include "strata/strata_kernel.h"
#include "zip.h"

namespace strata {

class KernelLibrary {
 public:
  // Throws FileFailure with the reason of the dynamic loader.
  explicit KernelLibrary(Bytes image);
  ~KernelLibrary();
  KernelLibrary(const KernelLibrary &) = delete;
  KernelLibrary &operator=(const KernelLibrary &) = delete;

  // nullptr when there is no such function.
  strata_kernel find(const std::string &symbol) const;

 private:
  // Stays open: the loader identifies libraries by path, and the path names the descriptor.
  Descriptor file_;
  void *handle_ = nullptr;
};

}  // namespace strata

#endif
