// Files and memory of the operating system (POSIX).
#ifndef STRATA_FILES_H
#define STRATA_FILES_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace strata {

// Why a file operation failed; callers turn it into a coded error.
struct FileFailure {
  std::string reason;
};

// A whole file, mapped read-only.
class MappedFile {
 public:
  // Throws FileFailure.
  explicit MappedFile(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const uint8_t *data() const { return data_; }
  uint64_t size() const { return size_; }
  // Gives back memory of what was read; reading again reads the file again.
  void release() const;

 private:
  const uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
};

// Zeroed memory aligned to 64 bytes; large blocks ask for huge pages.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  // Throws Error (STR0716); `what` names the buffer.
  AlignedBuffer(uint64_t size, const std::string &what);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer &&other) noexcept;
  AlignedBuffer &operator=(AlignedBuffer &&other) noexcept;
  AlignedBuffer(const AlignedBuffer &) = delete;
  AlignedBuffer &operator=(const AlignedBuffer &) = delete;

  uint8_t *data() const { return data_; }
  uint64_t size() const { return size_; }

 private:
  // The end of the last page.
  uintptr_t mapped_end() const;

  uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
  void *mapping_ = nullptr;
  uint64_t mapped_ = 0;
};

// An owned file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor &&other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor &operator=(Descriptor &&other) noexcept;
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

// Writes all bytes. Throws FileFailure.
void write_all(int descriptor, const void *data, uint64_t size);

// Writes a new file in place of an old one; on failure nothing is left. Throws Error (STR0714).
void write_file(const std::string &path, const void *data, uint64_t size);

// Size of a regular file. Throws Error (STR0713).
uint64_t file_size(const std::string &path);

// Fills `data` with the first `size` bytes. Throws Error (STR0713).
void read_file(const std::string &path, uint8_t *data, uint64_t size);

// The folder of `path`, without the last slash.
std::string folder_of(const std::string &path);

}  // namespace strata

#endif
