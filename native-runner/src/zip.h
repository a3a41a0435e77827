// Finds the stored entries of a mapped artifact. The file is untrusted; nothing outside it is touched.
#ifndef STRATA_ZIP_H
#define STRATA_ZIP_H

#include <cstdint>
#include <map>
#include <string>

namespace strata {

struct Bytes {
  const uint8_t *data = nullptr;
  uint64_t size = 0;
};

struct ZipEntry {
  Bytes bytes;
  uint32_t crc32 = 0;
};

class ZipArchive {
 public:
  // `file` names the archive in errors (STR0602, STR0604).
  ZipArchive(std::string file, Bytes archive);

  // The data of an entry; throws STR0602 when there is none.
  Bytes entry(const std::string &name) const;
  // As `entry`, with its checksum verified.
  Bytes checked_entry(const std::string &name) const;
  bool has(const std::string &name) const { return entries_.count(name) != 0; }

 private:
  std::string file_;
  std::map<std::string, ZipEntry> entries_;
};

}  // namespace strata

#endif
