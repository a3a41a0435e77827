// Generated from src/artifact/format.ts; do not edit. "UPDATE=1 node scripts/test.mjs unit nativeHeaders" writes it again.

#ifndef STRATA_ARTIFACT_FORMAT_H
#define STRATA_ARTIFACT_FORMAT_H

#include <cstddef>
#include <cstdint>

#include "strata/strata_kernel.h"

namespace strata {
namespace format {

inline constexpr uint32_t kProgramMagic = 0x41525453u;
inline constexpr uint32_t kFormatVersion = 4;
inline constexpr uint64_t kDataAlignment = 64;
inline constexpr uint32_t kMaxRank = 64;
inline constexpr uint32_t kMaxBindings = 256;
inline constexpr uint32_t kMaxStringBytes = 16777216;
inline constexpr uint32_t kMaxZipEntries = 65534;
inline constexpr uint32_t kZipLocalHeaderSignature = 0x4034b50u;
inline constexpr uint32_t kZipCentralHeaderSignature = 0x2014b50u;
inline constexpr uint32_t kZipEndSignature = 0x6054b50u;
inline constexpr const char *kManifestFile = "manifest.json";
inline constexpr const char *kProgramFile = "program.bin";
inline constexpr const char *kConstantsFile = "constants.bin";
inline constexpr const char *kHostModelFile = "host/model.onnx";
inline constexpr const char *kFallbackProgramPrefix = "program-";

enum class ElementType : uint32_t {
  kF32 = 1,
  kF16 = 2,
  kBf16 = 3,
  kF64 = 4,
  kI8 = 5,
  kU8 = 6,
  kI16 = 7,
  kU16 = 8,
  kI32 = 9,
  kU32 = 10,
  kI64 = 11,
  kU64 = 12,
  kI1 = 13,
  kF8E4M3FN = 14,
  kF8E4M3FNUZ = 15,
  kF8E5M2 = 16,
  kF8E5M2FNUZ = 17,
  kF8E8M0FNU = 18,
  kF4E2M1FN = 19,
  kI4 = 20,
  kU4 = 21,
  kI2 = 22,
  kU2 = 23,
};

struct ElementTypeInfo {
  ElementType type;
  const char *name;
  uint32_t bytes;
};
inline constexpr ElementTypeInfo kElementTypes[] = {
    {ElementType::kF32, "f32", 4},
    {ElementType::kF16, "f16", 2},
    {ElementType::kBf16, "bf16", 2},
    {ElementType::kF64, "f64", 8},
    {ElementType::kI8, "i8", 1},
    {ElementType::kU8, "u8", 1},
    {ElementType::kI16, "i16", 2},
    {ElementType::kU16, "u16", 2},
    {ElementType::kI32, "i32", 4},
    {ElementType::kU32, "u32", 4},
    {ElementType::kI64, "i64", 8},
    {ElementType::kU64, "u64", 8},
    {ElementType::kI1, "i1", 1},
    {ElementType::kF8E4M3FN, "f8E4M3FN", 1},
    {ElementType::kF8E4M3FNUZ, "f8E4M3FNUZ", 1},
    {ElementType::kF8E5M2, "f8E5M2", 1},
    {ElementType::kF8E5M2FNUZ, "f8E5M2FNUZ", 1},
    {ElementType::kF8E8M0FNU, "f8E8M0FNU", 1},
    {ElementType::kF4E2M1FN, "f4E2M1FN", 1},
    {ElementType::kI4, "i4", 1},
    {ElementType::kU4, "u4", 1},
    {ElementType::kI2, "i2", 1},
    {ElementType::kU2, "u2", 1},
};

enum class BufferSpace : uint8_t {
  kInput = 1,
  kOutput = 2,
  kArena = 3,
  kConstant = 4,
};

enum class BindingAccess : uint8_t {
  kRead = 1,
  kWrite = 2,
  kReadwrite = 3,
};

// UTF-8 text in the string section.
struct StringRef {
  uint32_t offset;  // Bytes from the start of the string section.
  uint32_t length;  // Bytes.
};
static_assert(sizeof(StringRef) == 8, "StringRef");
static_assert(offsetof(StringRef, offset) == 0, "StringRef.offset");
static_assert(offsetof(StringRef, length) == 4, "StringRef.length");

// Consecutive records of another table.
struct Range {
  uint32_t first;  // Index of the first record.
  uint32_t count;  // Number of records.
};
static_assert(sizeof(Range) == 8, "Range");
static_assert(offsetof(Range, first) == 0, "Range.first");
static_assert(offsetof(Range, count) == 4, "Range.count");

// Where a table lies in program.bin.
struct Section {
  uint32_t offset;  // Bytes from the start of the file, a multiple of 8.
  uint32_t count;  // Number of records; bytes for the string section.
};
static_assert(sizeof(Section) == 8, "Section");
static_assert(offsetof(Section, offset) == 0, "Section.offset");
static_assert(offsetof(Section, count) == 4, "Section.count");

// First record of program.bin.
struct ProgramHeader {
  uint32_t magic;  // `programMagic`.
  uint32_t version;  // `formatVersion`. Checked before anything behind it is read.
  uint32_t header_bytes;  // Size of this record.
  uint32_t reserved;  // 0.
  uint64_t file_bytes;  // Size of program.bin.
  StringRef target;  // Name of the compiler target.
  StringRef architecture;  // Instruction set of the kernels, such as x86_64.
  StringRef model;  // File name of the model.
  Section strings;  // UTF-8 bytes of all texts.
  Section string_lists;  // stringRef records.
  Section dims;  // int64: an extent, or −1 − k for symbol k of the entry point.
  Section tensors;  // tensorRecord records.
  Section entry_points;  // entryPointRecord records.
  Section steps;  // stepRecord records.
  Section bindings;  // bindingRecord records.
  Section constants;  // constantRecord records.
  Section kernel_libraries;  // kernelLibraryRecord records.
  Section functions;  // functionRecord records.
  Section variants;  // variantRecord records.
};
static_assert(sizeof(ProgramHeader) == 136, "ProgramHeader");
static_assert(offsetof(ProgramHeader, magic) == 0, "ProgramHeader.magic");
static_assert(offsetof(ProgramHeader, version) == 4, "ProgramHeader.version");
static_assert(offsetof(ProgramHeader, header_bytes) == 8, "ProgramHeader.header_bytes");
static_assert(offsetof(ProgramHeader, reserved) == 12, "ProgramHeader.reserved");
static_assert(offsetof(ProgramHeader, file_bytes) == 16, "ProgramHeader.file_bytes");
static_assert(offsetof(ProgramHeader, target) == 24, "ProgramHeader.target");
static_assert(offsetof(ProgramHeader, architecture) == 32, "ProgramHeader.architecture");
static_assert(offsetof(ProgramHeader, model) == 40, "ProgramHeader.model");
static_assert(offsetof(ProgramHeader, strings) == 48, "ProgramHeader.strings");
static_assert(offsetof(ProgramHeader, string_lists) == 56, "ProgramHeader.string_lists");
static_assert(offsetof(ProgramHeader, dims) == 64, "ProgramHeader.dims");
static_assert(offsetof(ProgramHeader, tensors) == 72, "ProgramHeader.tensors");
static_assert(offsetof(ProgramHeader, entry_points) == 80, "ProgramHeader.entry_points");
static_assert(offsetof(ProgramHeader, steps) == 88, "ProgramHeader.steps");
static_assert(offsetof(ProgramHeader, bindings) == 96, "ProgramHeader.bindings");
static_assert(offsetof(ProgramHeader, constants) == 104, "ProgramHeader.constants");
static_assert(offsetof(ProgramHeader, kernel_libraries) == 112, "ProgramHeader.kernel_libraries");
static_assert(offsetof(ProgramHeader, functions) == 120, "ProgramHeader.functions");
static_assert(offsetof(ProgramHeader, variants) == 128, "ProgramHeader.variants");

// Signature of an input or output.
struct TensorRecord {
  StringRef name;  // Unique among the inputs, or outputs, of the entry point.
  Range shape;  // In `dims`.
  uint32_t element_type;  // ElementType.
  uint32_t reserved;  // 0.
};
static_assert(sizeof(TensorRecord) == 24, "TensorRecord");
static_assert(offsetof(TensorRecord, name) == 0, "TensorRecord.name");
static_assert(offsetof(TensorRecord, shape) == 8, "TensorRecord.shape");
static_assert(offsetof(TensorRecord, element_type) == 16, "TensorRecord.element_type");
static_assert(offsetof(TensorRecord, reserved) == 20, "TensorRecord.reserved");

// One program over the shared constants.
struct EntryPointRecord {
  StringRef name;  // Unique in the artifact.
  Range inputs;  // In `tensors`.
  Range outputs;  // In `tensors`.
  Range symbols;  // In `stringLists`: names of the symbolic dimensions.
  Range steps;  // In `steps`, in order of execution.
  uint64_t arena_bytes;  // Size of the arena.
};
static_assert(sizeof(EntryPointRecord) == 48, "EntryPointRecord");
static_assert(offsetof(EntryPointRecord, name) == 0, "EntryPointRecord.name");
static_assert(offsetof(EntryPointRecord, inputs) == 8, "EntryPointRecord.inputs");
static_assert(offsetof(EntryPointRecord, outputs) == 16, "EntryPointRecord.outputs");
static_assert(offsetof(EntryPointRecord, symbols) == 24, "EntryPointRecord.symbols");
static_assert(offsetof(EntryPointRecord, steps) == 32, "EntryPointRecord.steps");
static_assert(offsetof(EntryPointRecord, arena_bytes) == 40, "EntryPointRecord.arena_bytes");

// One kernel launch.
struct StepRecord {
  StringRef name;  // Name of the dispatch.
  StringRef symbol;  // C function in the kernel library.
  StringRef schedule;  // Schedule attribute as IR text.
  StringRef refused;  // Why more ops were not fused into it, a reason a line.
  Range origins;  // In `stringLists`: model nodes.
  Range bindings;  // In `bindings`.
  uint32_t kernel_library;  // Index in `kernelLibraries`.
  uint32_t reserved;  // 0.
  uint64_t extent;  // Units of the parallel range, at least 1.
  uint64_t grain;  // Smallest sub-range worth giving to a thread, at least 1.
  uint64_t flops;  // Arithmetic operations of one execution.
  uint64_t bytes_read;  // Bytes.
  uint64_t bytes_written;  // Bytes.
  uint64_t scratch_bytes;  // Scratch memory of each thread.
  double predicted_ns;  // Estimated time, or −1.
};
static_assert(sizeof(StepRecord) == 112, "StepRecord");
static_assert(offsetof(StepRecord, name) == 0, "StepRecord.name");
static_assert(offsetof(StepRecord, symbol) == 8, "StepRecord.symbol");
static_assert(offsetof(StepRecord, schedule) == 16, "StepRecord.schedule");
static_assert(offsetof(StepRecord, refused) == 24, "StepRecord.refused");
static_assert(offsetof(StepRecord, origins) == 32, "StepRecord.origins");
static_assert(offsetof(StepRecord, bindings) == 40, "StepRecord.bindings");
static_assert(offsetof(StepRecord, kernel_library) == 48, "StepRecord.kernel_library");
static_assert(offsetof(StepRecord, reserved) == 52, "StepRecord.reserved");
static_assert(offsetof(StepRecord, extent) == 56, "StepRecord.extent");
static_assert(offsetof(StepRecord, grain) == 64, "StepRecord.grain");
static_assert(offsetof(StepRecord, flops) == 72, "StepRecord.flops");
static_assert(offsetof(StepRecord, bytes_read) == 80, "StepRecord.bytes_read");
static_assert(offsetof(StepRecord, bytes_written) == 88, "StepRecord.bytes_written");
static_assert(offsetof(StepRecord, scratch_bytes) == 96, "StepRecord.scratch_bytes");
static_assert(offsetof(StepRecord, predicted_ns) == 104, "StepRecord.predicted_ns");

// A buffer that a dispatch is given.
struct BindingRecord {
  uint8_t space;  // BufferSpace.
  uint8_t access;  // BindingAccess.
  uint16_t reserved;  // 0.
  uint32_t index;  // Which input, output or constant; 0 for the arena.
  uint64_t offset;  // Bytes from the start of the arena; else 0.
  uint64_t length;  // Bytes in the arena; else 0.
};
static_assert(sizeof(BindingRecord) == 24, "BindingRecord");
static_assert(offsetof(BindingRecord, space) == 0, "BindingRecord.space");
static_assert(offsetof(BindingRecord, access) == 1, "BindingRecord.access");
static_assert(offsetof(BindingRecord, reserved) == 2, "BindingRecord.reserved");
static_assert(offsetof(BindingRecord, index) == 4, "BindingRecord.index");
static_assert(offsetof(BindingRecord, offset) == 8, "BindingRecord.offset");
static_assert(offsetof(BindingRecord, length) == 16, "BindingRecord.length");

// A parameter.
struct ConstantRecord {
  StringRef name;  // For people.
  StringRef external_path;  // Parameter file, or empty for constants.bin.
  uint64_t offset;  // Bytes from the start of that file.
  uint64_t length;  // Bytes.
};
static_assert(sizeof(ConstantRecord) == 32, "ConstantRecord");
static_assert(offsetof(ConstantRecord, name) == 0, "ConstantRecord.name");
static_assert(offsetof(ConstantRecord, external_path) == 8, "ConstantRecord.external_path");
static_assert(offsetof(ConstantRecord, offset) == 16, "ConstantRecord.offset");
static_assert(offsetof(ConstantRecord, length) == 24, "ConstantRecord.length");

// A shared library with kernels.
struct KernelLibraryRecord {
  StringRef file;  // Name of the zip entry.
  Range cpu_features;  // In `stringLists`.
};
static_assert(sizeof(KernelLibraryRecord) == 16, "KernelLibraryRecord");
static_assert(offsetof(KernelLibraryRecord, file) == 0, "KernelLibraryRecord.file");
static_assert(offsetof(KernelLibraryRecord, cpu_features) == 8, "KernelLibraryRecord.cpu_features");

// A function of the model with an entry point for each of several sizes.
struct FunctionRecord {
  StringRef name;  // Unique among functions and entry points.
  Range inputs;  // In `tensors`, with symbolic dimensions.
  Range symbols;  // In `stringLists`: names of the symbolic dimensions.
  Range variants;  // In `variants`.
};
static_assert(sizeof(FunctionRecord) == 32, "FunctionRecord");
static_assert(offsetof(FunctionRecord, name) == 0, "FunctionRecord.name");
static_assert(offsetof(FunctionRecord, inputs) == 8, "FunctionRecord.inputs");
static_assert(offsetof(FunctionRecord, symbols) == 16, "FunctionRecord.symbols");
static_assert(offsetof(FunctionRecord, variants) == 24, "FunctionRecord.variants");

// An entry point of a function.
struct VariantRecord {
  uint32_t entry_point;  // Index in `entryPoints`.
  uint32_t reserved;  // 0.
  Range sizes;  // In `dims`: sizes of the symbols of the function, for which the entry point is.
};
static_assert(sizeof(VariantRecord) == 16, "VariantRecord");
static_assert(offsetof(VariantRecord, entry_point) == 0, "VariantRecord.entry_point");
static_assert(offsetof(VariantRecord, reserved) == 4, "VariantRecord.reserved");
static_assert(offsetof(VariantRecord, sizes) == 8, "VariantRecord.sizes");

#pragma pack(push, 1)
// Precedes the data of a zip entry; followed by the name and the extra field.
struct ZipLocalHeader {
  uint32_t signature;  // 0x04034b50.
  uint16_t version_needed;  // 10.
  uint16_t flags;  // 0x0800: the name is UTF-8.
  uint16_t method;  // 0: stored.
  uint16_t time;  // 0, so that equal contents give equal bytes.
  uint16_t date;  // 0x0021: 1980-01-01.
  uint32_t crc32;  // Of the data.
  uint32_t compressed_size;  // Bytes.
  uint32_t size;  // Bytes.
  uint16_t name_length;  // Bytes.
  uint16_t extra_length;  // Bytes; holds the padding that aligns the data.
};
#pragma pack(pop)
static_assert(sizeof(ZipLocalHeader) == 30, "ZipLocalHeader");
static_assert(offsetof(ZipLocalHeader, signature) == 0, "ZipLocalHeader.signature");
static_assert(offsetof(ZipLocalHeader, version_needed) == 4, "ZipLocalHeader.version_needed");
static_assert(offsetof(ZipLocalHeader, flags) == 6, "ZipLocalHeader.flags");
static_assert(offsetof(ZipLocalHeader, method) == 8, "ZipLocalHeader.method");
static_assert(offsetof(ZipLocalHeader, time) == 10, "ZipLocalHeader.time");
static_assert(offsetof(ZipLocalHeader, date) == 12, "ZipLocalHeader.date");
static_assert(offsetof(ZipLocalHeader, crc32) == 14, "ZipLocalHeader.crc32");
static_assert(offsetof(ZipLocalHeader, compressed_size) == 18, "ZipLocalHeader.compressed_size");
static_assert(offsetof(ZipLocalHeader, size) == 22, "ZipLocalHeader.size");
static_assert(offsetof(ZipLocalHeader, name_length) == 26, "ZipLocalHeader.name_length");
static_assert(offsetof(ZipLocalHeader, extra_length) == 28, "ZipLocalHeader.extra_length");

#pragma pack(push, 1)
// Directory record of a zip entry; followed by name, extra field and comment.
struct ZipCentralHeader {
  uint32_t signature;  // 0x02014b50.
  uint16_t version_made_by;  // 10.
  uint16_t version_needed;  // 10.
  uint16_t flags;  // As in the local header.
  uint16_t method;  // 0: stored.
  uint16_t time;  // 0.
  uint16_t date;  // 0x0021.
  uint32_t crc32;  // Of the data.
  uint32_t compressed_size;  // Bytes.
  uint32_t size;  // Bytes.
  uint16_t name_length;  // Bytes.
  uint16_t extra_length;  // 0.
  uint16_t comment_length;  // 0.
  uint16_t disk;  // 0.
  uint16_t internal_attributes;  // 0.
  uint32_t external_attributes;  // 0.
  uint32_t local_header_offset;  // Bytes from the start of the file.
};
#pragma pack(pop)
static_assert(sizeof(ZipCentralHeader) == 46, "ZipCentralHeader");
static_assert(offsetof(ZipCentralHeader, signature) == 0, "ZipCentralHeader.signature");
static_assert(offsetof(ZipCentralHeader, version_made_by) == 4, "ZipCentralHeader.version_made_by");
static_assert(offsetof(ZipCentralHeader, version_needed) == 6, "ZipCentralHeader.version_needed");
static_assert(offsetof(ZipCentralHeader, flags) == 8, "ZipCentralHeader.flags");
static_assert(offsetof(ZipCentralHeader, method) == 10, "ZipCentralHeader.method");
static_assert(offsetof(ZipCentralHeader, time) == 12, "ZipCentralHeader.time");
static_assert(offsetof(ZipCentralHeader, date) == 14, "ZipCentralHeader.date");
static_assert(offsetof(ZipCentralHeader, crc32) == 16, "ZipCentralHeader.crc32");
static_assert(offsetof(ZipCentralHeader, compressed_size) == 20, "ZipCentralHeader.compressed_size");
static_assert(offsetof(ZipCentralHeader, size) == 24, "ZipCentralHeader.size");
static_assert(offsetof(ZipCentralHeader, name_length) == 28, "ZipCentralHeader.name_length");
static_assert(offsetof(ZipCentralHeader, extra_length) == 30, "ZipCentralHeader.extra_length");
static_assert(offsetof(ZipCentralHeader, comment_length) == 32, "ZipCentralHeader.comment_length");
static_assert(offsetof(ZipCentralHeader, disk) == 34, "ZipCentralHeader.disk");
static_assert(offsetof(ZipCentralHeader, internal_attributes) == 36, "ZipCentralHeader.internal_attributes");
static_assert(offsetof(ZipCentralHeader, external_attributes) == 38, "ZipCentralHeader.external_attributes");
static_assert(offsetof(ZipCentralHeader, local_header_offset) == 42, "ZipCentralHeader.local_header_offset");

#pragma pack(push, 1)
// End of central directory; the last bytes of the file, without a comment.
struct ZipEnd {
  uint32_t signature;  // 0x06054b50.
  uint16_t disk;  // 0.
  uint16_t directory_disk;  // 0.
  uint16_t entries_on_disk;  // As `entries`.
  uint16_t entries;  // Number of entries.
  uint32_t directory_size;  // Bytes.
  uint32_t directory_offset;  // Bytes from the start of the file.
  uint16_t comment_length;  // 0.
};
#pragma pack(pop)
static_assert(sizeof(ZipEnd) == 22, "ZipEnd");
static_assert(offsetof(ZipEnd, signature) == 0, "ZipEnd.signature");
static_assert(offsetof(ZipEnd, disk) == 4, "ZipEnd.disk");
static_assert(offsetof(ZipEnd, directory_disk) == 6, "ZipEnd.directory_disk");
static_assert(offsetof(ZipEnd, entries_on_disk) == 8, "ZipEnd.entries_on_disk");
static_assert(offsetof(ZipEnd, entries) == 10, "ZipEnd.entries");
static_assert(offsetof(ZipEnd, directory_size) == 12, "ZipEnd.directory_size");
static_assert(offsetof(ZipEnd, directory_offset) == 16, "ZipEnd.directory_offset");
static_assert(offsetof(ZipEnd, comment_length) == 20, "ZipEnd.comment_length");

enum class CpuProbe { kCpuid, kHwcap, kHwcap2 };
struct CpuFeatureInfo {
  const char *name;
  const char *architecture;
  CpuProbe probe;
  uint32_t leaf;
  uint32_t subleaf;
  char reg;  // second letter of eax, ebx, ecx, edx
  uint32_t bit;
  uint32_t xcr0;  // state components that the operating system must have enabled
};
inline constexpr CpuFeatureInfo kCpuFeatures[] = {
    {"sse3", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 0, 0x0u},
    {"ssse3", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 9, 0x0u},
    {"sse4.1", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 19, 0x0u},
    {"sse4.2", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 20, 0x0u},
    {"popcnt", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 23, 0x0u},
    {"avx", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 28, 0x6u},
    {"f16c", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 29, 0x6u},
    {"fma", "x86_64", CpuProbe::kCpuid, 1, 0, 'c', 12, 0x6u},
    {"bmi", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 3, 0x0u},
    {"bmi2", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 8, 0x0u},
    {"avx2", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 5, 0x6u},
    {"avxvnni", "x86_64", CpuProbe::kCpuid, 7, 1, 'a', 4, 0x6u},
    {"avx512f", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 16, 0xe6u},
    {"avx512dq", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 17, 0xe6u},
    {"avx512cd", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 28, 0xe6u},
    {"avx512bw", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 30, 0xe6u},
    {"avx512vl", "x86_64", CpuProbe::kCpuid, 7, 0, 'b', 31, 0xe6u},
    {"avx512vbmi", "x86_64", CpuProbe::kCpuid, 7, 0, 'c', 1, 0xe6u},
    {"avx512vnni", "x86_64", CpuProbe::kCpuid, 7, 0, 'c', 11, 0xe6u},
    {"avx512bf16", "x86_64", CpuProbe::kCpuid, 7, 1, 'a', 5, 0xe6u},
    {"avx512fp16", "x86_64", CpuProbe::kCpuid, 7, 0, 'd', 23, 0xe6u},
    {"simd", "aarch64", CpuProbe::kHwcap, 0, 0, '-', 1, 0},
    {"lse", "aarch64", CpuProbe::kHwcap, 0, 0, '-', 8, 0},
    {"fp16", "aarch64", CpuProbe::kHwcap, 0, 0, '-', 10, 0},
    {"dotprod", "aarch64", CpuProbe::kHwcap, 0, 0, '-', 20, 0},
    {"sve", "aarch64", CpuProbe::kHwcap, 0, 0, '-', 22, 0},
    {"sve2", "aarch64", CpuProbe::kHwcap2, 0, 0, '-', 1, 0},
    {"i8mm", "aarch64", CpuProbe::kHwcap2, 0, 0, '-', 13, 0},
    {"bf16", "aarch64", CpuProbe::kHwcap2, 0, 0, '-', 14, 0},
    {"neon", "arm", CpuProbe::kHwcap, 0, 0, '-', 12, 0},
    {"vfpv4", "arm", CpuProbe::kHwcap, 0, 0, '-', 16, 0},
    {"v", "riscv64", CpuProbe::kHwcap, 0, 0, '-', 21, 0},
};

static_assert(sizeof(void *) != 8 || offsetof(strata_kernel_state, bindings) == 0, "bindings");
static_assert(sizeof(void *) != 8 || offsetof(strata_kernel_state, scratch) == 8, "scratch");
static_assert(sizeof(void *) != 8 || offsetof(strata_kernel_state, dims) == 16, "dims");
static_assert(sizeof(void *) != 8 || offsetof(strata_kernel_state, thread) == 24, "thread");

}  // namespace format
}  // namespace strata

#endif
