#include "artifact.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "cpu.h"
#include "error.h"

namespace strata {
namespace {

// Up to this size constants are copied to huge pages: streams of weights then miss the TLB less. Larger ones stay in the
// mapped file, which loads at once and is shared among processes.
constexpr uint64_t kMaxCopied = uint64_t{1} << 30;
// Bytes of files that are kept while they are copied.
constexpr uint64_t kMaxKept = uint64_t{1} << 24;
// Less than this does not fill huge pages.
constexpr uint64_t kMinCopied = uint64_t{1} << 22;

uint64_t aligned(uint64_t bytes) {
  return (bytes + format::kDataAlignment - 1) / format::kDataAlignment * format::kDataAlignment;
}

struct MissingFeature {
  std::string feature;
  std::string library;
};

std::optional<MissingFeature> missing_feature(const Program &program) {
  for (const auto &library : program.kernel_libraries)
    for (const auto &feature : library.cpu_features)
      if (!host_has_feature(feature)) return MissingFeature{feature, library.file};
  return std::nullopt;
}

}  // namespace

Artifact::Artifact(std::string file) : file_(std::move(file)) {
  try {
    mapping_ = std::make_unique<MappedFile>(file_);
  } catch (const FileFailure &why) {
    throw Error(errors::kArtifactUnreadable, {{"file", file_}, {"reason", why.reason}});
  }
  const ZipArchive archive(file_, {mapping_->data(), mapping_->size()});
  choose_program(archive);
  place_constants(archive);
  load_kernels(archive);
}

void Artifact::choose_program(const ZipArchive &archive) {
  std::string name = format::kProgramFile;
  while (true) {
    program_ = decode_program(file_, archive.checked_entry(name));
    if (program_.architecture != host_architecture())
      throw Error(errors::kArchitectureDiffers,
                  {{"file", file_}, {"found", program_.architecture}, {"expected", host_architecture()}});
    const auto missing = missing_feature(program_);
    if (!missing) return;
    name = format::kFallbackProgramPrefix + std::to_string(++program_index_) + ".bin";
    // The last program asks for the least, so what it lacks is what every machine of this artifact needs.
    if (!archive.has(name))
      throw Error(errors::kCpuFeatureMissing,
                  {{"file", file_}, {"feature", missing->feature}, {"library", missing->library}});
  }
}

void Artifact::load_kernels(const ZipArchive &archive) {
  for (const auto &reference : program_.kernel_libraries) {
    const Bytes image = archive.checked_entry(reference.file);
    try {
      libraries_.push_back(std::make_unique<KernelLibrary>(image));
    } catch (const FileFailure &why) {
      throw Error(errors::kKernelLibraryUnloadable,
                  {{"library", reference.file}, {"file", file_}, {"reason", why.reason}});
    }
  }
  for (const auto &entry : program_.entry_points) {
    std::vector<strata_kernel> kernels;
    for (const auto &step : entry.steps) {
      const strata_kernel function = libraries_[step.kernel_library]->find(step.symbol);
      if (function == nullptr)
        throw Error(errors::kKernelMissing, {{"library", program_.kernel_libraries[step.kernel_library].file},
                                             {"file", file_},
                                             {"symbol", step.symbol},
                                             {"dispatch", step.name}});
      kernels.push_back(function);
    }
    kernels_.push_back(std::move(kernels));
  }
}

const MappedFile &Artifact::parameter_file(const Constant &constant) {
  const bool absolute = constant.external_path[0] == '/';
  const std::string path = absolute ? constant.external_path : folder_of(file_) + "/" + constant.external_path;
  for (const auto &[known, mapping] : parameter_files_)
    if (known == path) return *mapping;
  try {
    parameter_files_.emplace_back(path, std::make_unique<MappedFile>(path));
  } catch (const FileFailure &why) {
    throw Error(errors::kParametersUnreadable,
                {{"name", constant.name}, {"file", path}, {"reason", "cannot be read: " + why.reason}});
  }
  return *parameter_files_.back().second;
}

void Artifact::place_constants(const ZipArchive &archive) {
  // Read by kernels, therefore not through the checksum: that would load every page.
  const Bytes embedded = archive.has(format::kConstantsFile) ? archive.entry(format::kConstantsFile) : Bytes{};
  for (const auto &constant : program_.constants) {
    Bytes from = embedded;
    if (!constant.external_path.empty()) {
      const MappedFile &parameters = parameter_file(constant);
      from = {parameters.data(), parameters.size()};
    }
    if (constant.offset > from.size || constant.length > from.size - constant.offset) {
      if (constant.external_path.empty())
        throw Error(errors::kArtifactDamaged, {{"file", file_},
                                               {"what", "constant \"" + constant.name + "\""},
                                               {"reason", "it lies outside constants.bin"}});
      throw Error(errors::kParametersUnreadable,
                  {{"name", constant.name},
                   {"file", constant.external_path},
                   {"reason", "has " + std::to_string(from.size) + " bytes, bytes " + std::to_string(constant.offset) +
                                  " to " + std::to_string(constant.offset + constant.length) + " are needed"}});
    }
    constants_.push_back(from.data + constant.offset);
  }
  copy_constants();
}

void Artifact::copy_constants() {
  // Several constants may be the same bytes.
  std::map<const void *, uint64_t> lengths;
  for (size_t i = 0; i < constants_.size(); ++i) {
    uint64_t &length = lengths[constants_[i]];
    length = std::max(length, program_.constants[i].length);
  }
  uint64_t total = 0;
  for (const auto &[from, length] : lengths) total += aligned(length);
  if (total < kMinCopied || total > kMaxCopied) return;
  copied_ = AlignedBuffer(total, "constants");
  // Pages of the files are given back on the way, so that weights are in memory once.
  const auto release = [this] {
    mapping_->release();
    for (const auto &[path, file] : parameter_files_) file->release();
  };
  uint64_t at = 0;
  uint64_t kept = 0;
  std::map<const void *, const void *> places;
  for (const void *&constant : constants_) {
    const auto known = places.find(constant);
    if (known != places.end()) {
      constant = known->second;
      continue;
    }
    const uint64_t length = lengths[constant];
    std::memcpy(copied_.data() + at, constant, static_cast<size_t>(length));
    places[constant] = copied_.data() + at;
    constant = copied_.data() + at;
    at += aligned(length);
    kept += length;
    if (kept < kMaxKept) continue;
    release();
    kept = 0;
  }
  release();
}

const EntryPoint &Artifact::entry_point(const std::string &name) const {
  std::string available;
  for (const auto &function : program_.functions) available += (available.empty() ? "" : ", ") + function.name;
  for (const auto &entry : program_.entry_points) {
    if (entry.name == name) return entry;
    available += (available.empty() ? "" : ", ") + entry.name;
  }
  throw Error(errors::kEntryPointUnknown, {{"file", file_}, {"name", name}, {"available", available}});
}

const Function *Artifact::find_function(const std::string &name) const {
  for (const auto &function : program_.functions)
    if (function.name == name) return &function;
  return nullptr;
}

strata_kernel Artifact::kernel(const EntryPoint &entry, size_t step) const {
  const auto index = static_cast<size_t>(&entry - program_.entry_points.data());
  return kernels_[index][step];
}

}  // namespace strata
