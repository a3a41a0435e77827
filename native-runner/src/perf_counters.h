// Counters of the calling thread by Linux's perf_event: what the machine has of cycles, instructions and cache misses,
// and the processor time that the kernel counts itself. Elsewhere there are none.
#ifndef STRATA_PERF_COUNTERS_H
#define STRATA_PERF_COUNTERS_H

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace strata {

enum class PerfCounter : uint32_t { kCycles, kInstructions, kCacheMisses, kTaskClock };
constexpr size_t kPerfCounters = 4;
// As traces name them; the last one is in nanoseconds.
constexpr std::array<const char *, kPerfCounters> kPerfCounterNames = {"cycles", "instructions", "cache_misses",
                                                                       "task_clock_ns"};
using PerfCounts = std::array<uint64_t, kPerfCounters>;

struct PerfSupport {
  std::vector<PerfCounter> counters;
  // Why others are missing, in words; empty when none is.
  std::string missing;
};

// Tries each counter once on the calling thread.
PerfSupport perf_support();

// Readings of `counters` on the calling thread, which opens them at its first call; 0 for those that are not asked for.
PerfCounts read_perf(const std::vector<PerfCounter> &counters);

}  // namespace strata

#endif
