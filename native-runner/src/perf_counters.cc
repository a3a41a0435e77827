#include "perf_counters.h"

#ifdef __linux__
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#endif

namespace strata {

#ifdef __linux__
namespace {

struct Kind {
  uint32_t type;
  uint64_t config;
};
// In the order of PerfCounter.
constexpr Kind kKinds[kPerfCounters] = {{PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
                                        {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
                                        {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
                                        {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK}};

// −1 with errno where the kernel or the machine has no such counter.
int open_counter(PerfCounter counter) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = kKinds[static_cast<size_t>(counter)].type;
  attributes.config = kKinds[static_cast<size_t>(counter)].config;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  return static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

// The counters of one thread; closed when the thread ends.
struct ThreadCounters {
  std::array<int, kPerfCounters> files = {-1, -1, -1, -1};
  std::array<bool, kPerfCounters> tried = {};

  ~ThreadCounters() {
    for (const int file : files)
      if (file >= 0) close(file);
  }
  uint64_t read_one(PerfCounter counter) {
    const auto i = static_cast<size_t>(counter);
    if (!tried[i]) {
      tried[i] = true;
      files[i] = open_counter(counter);
    }
    uint64_t value = 0;
    if (files[i] < 0 || read(files[i], &value, sizeof value) != static_cast<ssize_t>(sizeof value)) return 0;
    return value;
  }
};

}  // namespace

PerfSupport perf_support() {
  PerfSupport support;
  for (size_t i = 0; i < kPerfCounters; ++i) {
    const int file = open_counter(static_cast<PerfCounter>(i));
    if (file >= 0) {
      close(file);
      support.counters.push_back(static_cast<PerfCounter>(i));
      continue;
    }
    const bool absent = errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP;
    const bool forbidden = errno == EACCES || errno == EPERM;
    if (!support.missing.empty()) support.missing += ", ";
    support.missing += std::string(kPerfCounterNames[i]) + ": " +
                       (absent      ? "this machine has no such counter"
                        : forbidden ? "kernel.perf_event_paranoid does not allow it"
                                    : std::strerror(errno));
  }
  return support;
}

PerfCounts read_perf(const std::vector<PerfCounter> &counters) {
  thread_local ThreadCounters own;
  PerfCounts counts{};
  for (const PerfCounter counter : counters) counts[static_cast<size_t>(counter)] = own.read_one(counter);
  return counts;
}

#else

PerfSupport perf_support() { return {{}, "perf_event is a part of Linux"}; }
PerfCounts read_perf(const std::vector<PerfCounter> &) { return {}; }

#endif

}  // namespace strata
