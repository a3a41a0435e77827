#include "zip.h"

#include <array>
#include <cstring>
#include <utility>

#include "error.h"
#include "strata/artifact_format.h"

namespace strata {
namespace {

using format::ZipCentralHeader;
using format::ZipEnd;
using format::ZipLocalHeader;

std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t c = n;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}

uint32_t crc32(Bytes bytes) {
  static const std::array<uint32_t, 256> table = crc_table();
  uint32_t c = ~0u;
  for (uint64_t i = 0; i < bytes.size; ++i) c = table[(c ^ bytes.data[i]) & 0xff] ^ (c >> 8);
  return ~c;
}

template <typename Record>
Record read_at(Bytes archive, uint64_t offset) {
  Record record;
  std::memcpy(&record, archive.data + offset, sizeof record);
  return record;
}

}  // namespace

ZipArchive::ZipArchive(std::string file, Bytes archive) : file_(std::move(file)) {
  const auto damaged = [this](const std::string &what, const std::string &reason) {
    return Error(errors::kArtifactDamaged, {{"file", file_}, {"what", what}, {"reason", reason}});
  };
  if (archive.size < 4 || read_at<uint32_t>(archive, 0) != format::kZipLocalHeaderSignature)
    throw Error(errors::kArtifactUnrecognised, {{"file", file_}, {"reason", "it does not begin with a zip entry"}});
  if (archive.size < sizeof(ZipEnd)) throw damaged("end of directory", "the file is too short");
  const uint64_t end_at = archive.size - sizeof(ZipEnd);
  const ZipEnd end = read_at<ZipEnd>(archive, end_at);
  if (end.signature != format::kZipEndSignature || end.comment_length != 0)
    throw damaged("end of directory", "not found in the last bytes");
  const uint64_t directory_at = end.directory_offset;
  if (directory_at + end.directory_size != end_at || end.entries > format::kMaxZipEntries)
    throw damaged("end of directory", "the directory does not lie in front of it");
  uint64_t at = directory_at;
  for (uint32_t i = 0; i < end.entries; ++i) {
    const std::string what = "directory entry " + std::to_string(i);
    if (end_at - at < sizeof(ZipCentralHeader)) throw damaged(what, "it lies behind the directory");
    const ZipCentralHeader central = read_at<ZipCentralHeader>(archive, at);
    at += sizeof central;
    const uint64_t behind = uint64_t{central.name_length} + central.extra_length + central.comment_length;
    if (central.signature != format::kZipCentralHeaderSignature || end_at - at < behind)
      throw damaged(what, "it is not a directory record");
    const std::string name(reinterpret_cast<const char *>(archive.data + at), central.name_length);
    at += behind;
    if (central.method != 0 || central.compressed_size != central.size)
      throw damaged(name, "it is compressed; entries must be stored");
    const uint64_t local_at = central.local_header_offset;
    if (local_at + sizeof(ZipLocalHeader) > directory_at) throw damaged(name, "its header lies behind the directory");
    const ZipLocalHeader local = read_at<ZipLocalHeader>(archive, local_at);
    const uint64_t data_at = local_at + sizeof local + local.name_length + local.extra_length;
    if (local.signature != format::kZipLocalHeaderSignature)
      throw damaged(name, "there is no entry where the directory says");
    if (data_at + central.size > directory_at) throw damaged(name, "its data ends behind the directory");
    if (local.size != central.size || local.crc32 != central.crc32 || local.name_length != central.name_length)
      throw damaged(name, "its header and the directory disagree");
    if (data_at % format::kDataAlignment != 0) throw damaged(name, "its data is not aligned");
    const bool inserted =
        entries_.emplace(name, ZipEntry{{archive.data + data_at, central.size}, central.crc32}).second;
    if (!inserted) throw damaged(name, "there are two entries of this name");
  }
  if (at != end_at) throw damaged("directory", "there are bytes behind its last entry");
}

Bytes ZipArchive::entry(const std::string &name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end())
    throw Error(errors::kArtifactUnrecognised, {{"file", file_}, {"reason", "it is a zip without " + name}});
  return found->second.bytes;
}

Bytes ZipArchive::checked_entry(const std::string &name) const {
  const Bytes bytes = entry(name);
  if (crc32(bytes) != entries_.at(name).crc32)
    throw Error(errors::kArtifactDamaged, {{"file", file_}, {"what", name}, {"reason", "its checksum is wrong"}});
  return bytes;
}

}  // namespace strata
