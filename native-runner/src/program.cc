#include "program.h"

#include <cmath>
#include <cstring>
#include <set>

#include "error.h"

namespace strata {
namespace {

using format::BindingAccess;
using format::BufferSpace;
using format::ProgramHeader;
using format::Range;
using format::Section;
using format::StringRef;

// Integers of the format are at most 2^53 − 1, so that every reader represents them.
constexpr uint64_t kMaxInteger = (uint64_t{1} << 53) - 1;

class Decoder {
 public:
  Decoder(const std::string &file, Bytes bytes) : file_(file), bytes_(bytes) { decode_header(); }

  Program program() {
    Program program;
    program.target = string(header_.target);
    program.architecture = string(header_.architecture);
    program.model = string(header_.model);
    for (uint32_t i = 0; i < header_.kernel_libraries.count; ++i) {
      const auto record = at<format::KernelLibraryRecord>(header_.kernel_libraries, i, "kernel libraries");
      program.kernel_libraries.push_back({string(record.file), string_list(record.cpu_features)});
    }
    for (uint32_t i = 0; i < header_.constants.count; ++i) {
      const auto record = at<format::ConstantRecord>(header_.constants, i, "constants");
      const Constant constant{string(record.name), string(record.external_path), count(record.offset, "constants"),
                              count(record.length, "constants")};
      require(constant.external_path.find('\0') == std::string::npos, "constants", "a path holds a NUL");
      program.constants.push_back(constant);
    }
    std::set<std::string> names;
    for (uint32_t i = 0; i < header_.entry_points.count; ++i) {
      program.entry_points.push_back(
          entry_point(at<format::EntryPointRecord>(header_.entry_points, i, "entry points"), program));
      const std::string &name = program.entry_points.back().name;
      require(!name.empty() && names.insert(name).second, "entry points", "names are empty or not unique");
    }
    require(!program.entry_points.empty(), "entry points", "there is none");
    for (uint32_t i = 0; i < header_.functions.count; ++i) {
      program.functions.push_back(
          function(at<format::FunctionRecord>(header_.functions, i, "functions"), program.entry_points));
      const std::string &name = program.functions.back().name;
      require(!name.empty() && names.insert(name).second, "functions", "names are empty or not unique");
    }
    return program;
  }

 private:
  void decode_header() {
    require(bytes_.size >= 8, "header", "it is cut short");
    uint32_t magic = 0;
    uint32_t version = 0;
    std::memcpy(&magic, bytes_.data, sizeof magic);
    std::memcpy(&version, bytes_.data + 4, sizeof version);
    require(magic == format::kProgramMagic, "header", "the magic number is wrong");
    if (version != format::kFormatVersion)
      throw Error(errors::kArtifactVersion, {{"file", file_},
                                             {"found", std::to_string(version)},
                                             {"expected", std::to_string(format::kFormatVersion)}});
    require(bytes_.size >= sizeof header_, "header", "it is cut short");
    std::memcpy(&header_, bytes_.data, sizeof header_);
    require(header_.header_bytes == sizeof header_ && header_.file_bytes == bytes_.size, "header",
            "the sizes are wrong");
    require(in_file(header_.strings, 1), "strings", "the section lies outside the file");
  }

  void require(bool sound, const char *what, const std::string &reason) const {
    if (!sound)
      throw Error(errors::kArtifactDamaged,
                  {{"file", file_}, {"what", std::string(format::kProgramFile) + ", " + what}, {"reason", reason}});
  }

  uint64_t count(uint64_t value, const char *what) const {
    require(value <= kMaxInteger, what, "a number is too large");
    return value;
  }

  bool in_file(const Section &section, uint64_t record_size) const {
    return section.offset % 8 == 0 && section.offset + section.count * record_size <= bytes_.size;
  }

  template <typename Record>
  Record at(const Section &section, uint64_t index, const char *what) const {
    require(in_file(section, sizeof(Record)), what, "the table lies outside the file");
    require(index < section.count, what, "there is no record " + std::to_string(index));
    Record record;
    std::memcpy(&record, bytes_.data + section.offset + index * sizeof(Record), sizeof record);
    return record;
  }

  // Before anything is allocated for `range`.
  void check_range(const Range &range, const Section &section, const char *what) const {
    require(uint64_t{range.first} + range.count <= section.count, what, "a range lies outside the table");
  }

  std::string string(const StringRef &ref) const {
    require(uint64_t{ref.offset} + ref.length <= header_.strings.count && ref.length <= format::kMaxStringBytes,
            "strings", "a text lies outside the section");
    return {reinterpret_cast<const char *>(bytes_.data + header_.strings.offset + ref.offset), ref.length};
  }

  std::vector<std::string> string_list(const Range &range) const {
    check_range(range, header_.string_lists, "string lists");
    std::vector<std::string> list;
    for (uint64_t i = 0; i < range.count; ++i)
      list.push_back(string(at<StringRef>(header_.string_lists, range.first + i, "string lists")));
    return list;
  }

  std::vector<Tensor> tensors(const Range &range, size_t symbol_count) const {
    check_range(range, header_.tensors, "tensors");
    std::vector<Tensor> list;
    std::set<std::string> names;
    for (uint64_t i = 0; i < range.count; ++i) {
      const auto record = at<format::TensorRecord>(header_.tensors, range.first + i, "tensors");
      Tensor tensor;
      tensor.name = string(record.name);
      require(names.insert(tensor.name).second, "tensors", "two have the same name");
      for (const auto &info : format::kElementTypes)
        if (static_cast<uint32_t>(info.type) == record.element_type) tensor.element_type = &info;
      require(tensor.element_type != nullptr, "tensors", "an element type is unknown");
      check_range(record.shape, header_.dims, "dims");
      require(record.shape.count <= format::kMaxRank, "tensors", "a rank is too high");
      uint64_t bytes = tensor.element_type->bytes;
      for (uint64_t k = 0; k < record.shape.count; ++k) {
        const auto dim = at<int64_t>(header_.dims, record.shape.first + k, "dims");
        require(dim >= 0 || -1 - dim < static_cast<int64_t>(symbol_count), "dims", "a symbol is unknown");
        tensor.shape.push_back(dim);
        if (dim < 0) continue;
        const uint64_t extent = count(static_cast<uint64_t>(dim), "dims");
        require(extent == 0 || bytes <= kMaxInteger / extent, "tensors", "one is too large");
        bytes *= extent;
      }
      list.push_back(std::move(tensor));
    }
    return list;
  }

  EntryPoint entry_point(const format::EntryPointRecord &record, const Program &program) const {
    EntryPoint entry;
    entry.name = string(record.name);
    entry.symbols = string_list(record.symbols);
    entry.inputs = tensors(record.inputs, entry.symbols.size());
    entry.outputs = tensors(record.outputs, entry.symbols.size());
    entry.arena_bytes = count(record.arena_bytes, "entry points");
    std::set<int64_t> bound;
    for (const Tensor &input : entry.inputs) bound.insert(input.shape.begin(), input.shape.end());
    for (size_t k = 0; k < entry.symbols.size(); ++k)
      require(bound.count(-1 - static_cast<int64_t>(k)) != 0, "dims", "a symbol appears in no input");
    check_range(record.steps, header_.steps, "steps");
    for (uint64_t i = 0; i < record.steps.count; ++i)
      entry.steps.push_back(step(at<format::StepRecord>(header_.steps, record.steps.first + i, "steps"), entry, program));
    return entry;
  }

  Function function(const format::FunctionRecord &record, const std::vector<EntryPoint> &entries) const {
    Function function;
    function.name = string(record.name);
    function.symbols = string_list(record.symbols);
    function.inputs = tensors(record.inputs, function.symbols.size());
    check_range(record.variants, header_.variants, "variants");
    std::set<std::vector<int64_t>> known;
    for (uint64_t i = 0; i < record.variants.count; ++i) {
      const auto variant = at<format::VariantRecord>(header_.variants, record.variants.first + i, "variants");
      require(variant.entry_point < entries.size(), "variants", "an entry point is unknown");
      check_range(variant.sizes, header_.dims, "dims");
      require(variant.sizes.count == function.symbols.size(), "variants", "a size is missing");
      std::vector<int64_t> sizes;
      for (uint64_t k = 0; k < variant.sizes.count; ++k)
        sizes.push_back(at<int64_t>(header_.dims, variant.sizes.first + k, "dims"));
      require(fits(function, sizes, entries[variant.entry_point]), "variants", "the inputs of one are not of its sizes");
      require(known.insert(sizes).second, "variants", "two are for the same sizes");
      function.variants.push_back({variant.entry_point, std::move(sizes)});
    }
    require(!function.variants.empty(), "functions", "one has no entry point");
    return function;
  }

  // Whether the inputs of `entry` are those of `function` with `sizes` for its symbols.
  static bool fits(const Function &function, const std::vector<int64_t> &sizes, const EntryPoint &entry) {
    if (function.inputs.size() != entry.inputs.size()) return false;
    for (size_t i = 0; i < entry.inputs.size(); ++i) {
      const Tensor &wanted = function.inputs[i];
      const Tensor &found = entry.inputs[i];
      std::vector<int64_t> shape = wanted.shape;
      for (int64_t &dim : shape)
        if (dim < 0) dim = sizes[static_cast<size_t>(-1 - dim)];
      if (wanted.name != found.name || wanted.element_type != found.element_type || shape != found.shape) return false;
    }
    return true;
  }

  Step step(const format::StepRecord &record, const EntryPoint &entry, const Program &program) const {
    require(record.kernel_library < program.kernel_libraries.size(), "steps", "a kernel library is unknown");
    const auto positive = [this](uint64_t value) {
      require(value >= 1, "steps", "an extent or grain is 0");
      return static_cast<int64_t>(count(value, "steps"));
    };
    require(std::isfinite(record.predicted_ns), "steps", "a predicted time is not finite");
    Step step{string(record.name),
              string(record.symbol),
              string(record.schedule),
              string(record.refused),
              string_list(record.origins),
              {},
              record.kernel_library,
              positive(record.extent),
              positive(record.grain),
              count(record.flops, "steps"),
              count(record.bytes_read, "steps"),
              count(record.bytes_written, "steps"),
              count(record.scratch_bytes, "steps"),
              record.predicted_ns};
    require(!step.symbol.empty() && step.symbol.find('\0') == std::string::npos, "steps", "a symbol is no name");
    check_range(record.bindings, header_.bindings, "bindings");
    require(record.bindings.count <= format::kMaxBindings, "steps", "one has too many bindings");
    for (uint64_t i = 0; i < record.bindings.count; ++i)
      step.bindings.push_back(
          binding(at<format::BindingRecord>(header_.bindings, record.bindings.first + i, "bindings"), entry, program));
    return step;
  }

  Binding binding(const format::BindingRecord &record, const EntryPoint &entry, const Program &program) const {
    const Binding binding{static_cast<BufferSpace>(record.space), static_cast<BindingAccess>(record.access),
                          record.index, record.offset, record.length};
    const bool reads = binding.access == BindingAccess::kRead;
    require(reads || binding.access == BindingAccess::kWrite || binding.access == BindingAccess::kReadwrite,
            "bindings", "an access is unknown");
    switch (binding.space) {
      case BufferSpace::kInput:
        require(binding.index < entry.inputs.size() && reads, "bindings", "an input is unknown or written");
        break;
      case BufferSpace::kOutput:
        require(binding.index < entry.outputs.size(), "bindings", "an output is unknown");
        break;
      case BufferSpace::kConstant:
        require(binding.index < program.constants.size() && reads, "bindings", "a constant is unknown or written");
        break;
      case BufferSpace::kArena:
        require(binding.offset <= entry.arena_bytes && binding.length <= entry.arena_bytes - binding.offset,
                "bindings", "one lies outside the arena");
        break;
      default:
        require(false, "bindings", "a buffer space is unknown");
    }
    return binding;
  }

  const std::string &file_;
  Bytes bytes_;
  ProgramHeader header_{};
};

}  // namespace

Program decode_program(const std::string &file, Bytes bytes) { return Decoder(file, bytes).program(); }

std::string describe(const Tensor &tensor, const std::vector<std::string> &symbols) {
  std::string text = std::string(tensor.element_type->name) + "[";
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (i > 0) text += 'x';
    const int64_t dim = tensor.shape[i];
    text += dim < 0 ? symbols[static_cast<size_t>(-1 - dim)] : std::to_string(dim);
  }
  return text + "]";
}

}  // namespace strata
