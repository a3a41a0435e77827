// What was measured: zones in preallocated rings, one per thread and one for whole dispatches.
#ifndef STRATA_TRACE_H
#define STRATA_TRACE_H

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "artifact.h"
#include "perf_counters.h"

namespace strata {

constexpr uint32_t kWholeIteration = 0xffffffff;

struct Zone {
  uint64_t start_ns;
  uint64_t end_ns;
  uint32_t program;    // index in Trace::programs
  uint32_t step;       // or kWholeIteration
  uint32_t iteration;  // since the trace began
  int64_t units;       // of the parallel range
  PerfCounts counts{};  // of the thread, where they were asked for
};

// Keeps the newest zones. Written by one thread, read when that thread is idle.
class ZoneRing {
 public:
  explicit ZoneRing(size_t capacity) : zones_(capacity) {}

  void push(const Zone &zone) {
    zones_[next_] = zone;
    if (++next_ == zones_.size()) next_ = 0;
    ++pushed_;
  }
  uint64_t dropped() const { return pushed_ < zones_.size() ? 0 : pushed_ - zones_.size(); }
  uint64_t size() const { return pushed_ - dropped(); }
  // From the oldest.
  template <typename Visit>
  void for_each(Visit visit) const {
    const size_t oldest = dropped() == 0 ? 0 : next_;
    for (size_t i = 0; i < size(); ++i) visit(zones_[(oldest + i) % zones_.size()]);
  }

 private:
  std::vector<Zone> zones_;
  size_t next_ = 0;
  uint64_t pushed_ = 0;
};

class Trace {
 public:
  // Keeps the artifact, whose texts the trace shows, until the trace is dropped.
  struct TracedProgram {
    std::shared_ptr<const Artifact> artifact;
    const EntryPoint *entry;
  };

  // Reads `counters` around the share of each thread.
  Trace(size_t capacity, std::vector<PerfCounter> counters)
      : capacity_(capacity), counters_(std::move(counters)), dispatches_(capacity) {}

  // Called before a run, while no thread works: gives the index of the entry point and a ring for every thread.
  uint32_t prepare(const std::shared_ptr<const Artifact> &artifact, const EntryPoint &entry, int threads);
  uint32_t next_iteration() { return iteration_++; }

  ZoneRing &thread(int index) { return threads_[static_cast<size_t>(index)]; }
  ZoneRing &dispatches() { return dispatches_; }

  const std::vector<PerfCounter> &counters() const { return counters_; }
  const std::vector<TracedProgram> &programs() const { return programs_; }
  const std::vector<ZoneRing> &threads() const { return threads_; }
  const ZoneRing &dispatches() const { return dispatches_; }
  uint64_t recorded() const;
  uint64_t dropped() const;

 private:
  size_t capacity_;
  std::vector<PerfCounter> counters_;
  std::vector<TracedProgram> programs_;
  std::vector<ZoneRing> threads_;
  ZoneRing dispatches_;
  uint32_t iteration_ = 0;
};

}  // namespace strata

#endif
