#include "kernel_library.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "error.h"

namespace strata {
namespace {

void *load(const std::string &path) {
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char *reason = dlerror();
    throw FileFailure{reason == nullptr ? "the dynamic loader gave no reason" : reason};
  }
  return handle;
}

// For systems without anonymous files: a private file that is gone as soon as it is loaded.
void *load_from_temporary_file(Bytes image, Descriptor &file) {
  const char *folder = std::getenv("TMPDIR");
  const std::string pattern = std::string(folder == nullptr ? "/tmp" : folder) + "/strata-kernels-XXXXXX";
  std::vector<char> path(pattern.c_str(), pattern.c_str() + pattern.size() + 1);
  file = Descriptor(mkstemp(path.data()));
  if (file.number() < 0) throw FileFailure{system_reason(errno)};
  try {
    write_all(file.number(), image.data, image.size);
    void *handle = load(path.data());
    unlink(path.data());
    return handle;
  } catch (...) {
    unlink(path.data());
    throw;
  }
}

}  // namespace

KernelLibrary::KernelLibrary(Bytes image) {
#if defined(__linux__)
  file_ = Descriptor(memfd_create("strata-kernels", MFD_CLOEXEC));
  if (file_.number() >= 0) {
    write_all(file_.number(), image.data, image.size);
    handle_ = load("/proc/self/fd/" + std::to_string(file_.number()));
    return;
  }
#endif
  handle_ = load_from_temporary_file(image, file_);
}

KernelLibrary::~KernelLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

strata_kernel KernelLibrary::find(const std::string &symbol) const {
  void *address = dlsym(handle_, symbol.c_str());
  strata_kernel kernel = nullptr;
  static_assert(sizeof kernel == sizeof address, "POSIX requires that dlsym gives function addresses");
  std::memcpy(&kernel, &address, sizeof kernel);
  return kernel;
}

}  // namespace strata
