#include "files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "error.h"
#include "guarded_memory.h"

namespace strata {
namespace {

constexpr uint64_t kHugePage = 2u << 20;

FileFailure failure() { return FileFailure{system_reason(errno)}; }

uint64_t regular_size(int descriptor) {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) throw failure();
  if (!S_ISREG(info.st_mode)) throw FileFailure{"it is not a regular file"};
  return static_cast<uint64_t>(info.st_size);
}

Descriptor open_to_read(const std::string &path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) throw failure();
  return file;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Descriptor &Descriptor::operator=(Descriptor &&other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

MappedFile::MappedFile(const std::string &path) {
  const Descriptor file = open_to_read(path);
  size_ = regular_size(file.number());
  if (size_ == 0) return;
  if (size_ > std::numeric_limits<size_t>::max()) throw FileFailure{"it is too large for this machine"};
  void *mapping = mmap(nullptr, static_cast<size_t>(size_), PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (mapping == MAP_FAILED) throw failure();
  data_ = static_cast<const uint8_t *>(mapping);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t *>(data_), static_cast<size_t>(size_));
}

void MappedFile::release() const {
#ifdef MADV_DONTNEED
  if (data_ != nullptr) madvise(const_cast<uint8_t *>(data_), static_cast<size_t>(size_), MADV_DONTNEED);
#endif
}

AlignedBuffer::AlignedBuffer(uint64_t size, const std::string &what) : size_(size) {
  // At least one byte, so that an empty tensor has an address too.
  const uint64_t wanted = std::max<uint64_t>(size, 1);
  const bool huge = wanted >= kHugePage;
  const uint64_t slack = huge ? kHugePage : 0;
  mapped_ = wanted + slack;
  if (wanted <= std::numeric_limits<size_t>::max() - slack)
    mapping_ = mmap(nullptr, static_cast<size_t>(mapped_), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED || mapping_ == nullptr) {
    mapping_ = nullptr;
    throw Error(errors::kOutOfMemory, {{"bytes", std::to_string(size)}, {"what", what}});
  }
  const auto address = reinterpret_cast<uintptr_t>(mapping_);
  data_ = static_cast<uint8_t *>(mapping_) + (huge ? (kHugePage - address % kHugePage) % kHugePage : 0);
#ifdef MADV_HUGEPAGE
  // Refusal is harmless: the memory then has small pages.
  if (huge) madvise(data_, static_cast<size_t>(wanted), MADV_HUGEPAGE);
#endif
  if (kGuardsMemory) forbid(data_ + size, mapped_end() - reinterpret_cast<uintptr_t>(data_) - size);
}

uintptr_t AlignedBuffer::mapped_end() const {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  return (reinterpret_cast<uintptr_t>(mapping_) + static_cast<uintptr_t>(mapped_) + page - 1) / page * page;
}

AlignedBuffer::~AlignedBuffer() {
  if (mapping_ == nullptr) return;
  if (kGuardsMemory) allow(mapping_, mapped_end() - reinterpret_cast<uintptr_t>(mapping_));
  munmap(mapping_, static_cast<size_t>(mapped_));
}

AlignedBuffer::AlignedBuffer(AlignedBuffer &&other) noexcept { *this = std::move(other); }

AlignedBuffer &AlignedBuffer::operator=(AlignedBuffer &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

void write_all(int descriptor, const void *data, uint64_t size) {
  const auto *bytes = static_cast<const uint8_t *>(data);
  while (size > 0) {
    const size_t part = static_cast<size_t>(std::min<uint64_t>(size, 1u << 30));
    const ssize_t written = write(descriptor, bytes, part);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw failure();
    bytes += written;
    size -= static_cast<uint64_t>(written);
  }
}

void write_file(const std::string &path, const void *data, uint64_t size) {
  // The temporary file keeps the old contents until the new ones are complete; devices are written in place.
  struct stat info {};
  const bool replaces = stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
  const std::string target = replaces ? path + "." + std::to_string(getpid()) + ".tmp" : path;
  try {
    const Descriptor file(open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.number() < 0) throw failure();
    write_all(file.number(), data, size);
    if (replaces && rename(target.c_str(), path.c_str()) != 0) throw failure();
  } catch (const FileFailure &why) {
    if (replaces) unlink(target.c_str());
    throw Error(errors::kFileUnwritable, {{"file", path}, {"reason", why.reason}});
  }
}

uint64_t file_size(const std::string &path) {
  try {
    return regular_size(open_to_read(path).number());
  } catch (const FileFailure &why) {
    throw Error(errors::kFileUnreadable, {{"file", path}, {"reason", why.reason}});
  }
}

void read_file(const std::string &path, uint8_t *data, uint64_t size) {
  try {
    const Descriptor file = open_to_read(path);
    while (size > 0) {
      const size_t part = static_cast<size_t>(std::min<uint64_t>(size, 1u << 30));
      const ssize_t got = read(file.number(), data, part);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw failure();
      if (got == 0) throw FileFailure{"it became shorter while it was read"};
      data += got;
      size -= static_cast<uint64_t>(got);
    }
  } catch (const FileFailure &why) {
    throw Error(errors::kFileUnreadable, {{"file", path}, {"reason", why.reason}});
  }
}

std::string folder_of(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace strata
