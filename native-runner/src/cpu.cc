#include "cpu.h"

#include <cstdint>
#include <cstring>

#include "strata/artifact_format.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__linux__)
#include <sys/auxv.h>
#endif

namespace strata {
namespace {

#if defined(__x86_64__)

uint64_t enabled_state() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return 0;
  uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low | (uint64_t{high} << 32);
}

bool probe(const format::CpuFeatureInfo &feature) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(feature.leaf, feature.subleaf, &a, &b, &c, &d) == 0) return false;
  const unsigned word = feature.reg == 'a' ? a : feature.reg == 'b' ? b : feature.reg == 'c' ? c : d;
  const bool enabled = feature.xcr0 == 0 || (enabled_state() & feature.xcr0) == feature.xcr0;
  return enabled && ((word >> feature.bit) & 1) != 0;
}

#elif defined(__linux__)

bool probe(const format::CpuFeatureInfo &feature) {
  const unsigned long bits = getauxval(feature.probe == format::CpuProbe::kHwcap2 ? AT_HWCAP2 : AT_HWCAP);
  return ((bits >> feature.bit) & 1) != 0;
}

#else

bool probe(const format::CpuFeatureInfo &) { return false; }

#endif

}  // namespace

const char *host_architecture() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#elif defined(__arm__)
  return "arm";
#elif defined(__riscv) && __riscv_xlen == 64
  return "riscv64";
#else
  return "unknown";
#endif
}

bool host_has_feature(const std::string &name) {
  for (const auto &feature : format::kCpuFeatures)
    if (name == feature.name && std::strcmp(feature.architecture, host_architecture()) == 0) return probe(feature);
  return false;
}

}  // namespace strata
