#include "arena_use.h"

#include <algorithm>

namespace strata {
namespace {

struct Access {
  size_t step;
  bool reads;
};

bool reads(format::BindingAccess access) { return access != format::BindingAccess::kWrite; }

// Steps that touch the bytes from `begin` to `end`, in order; a step that reads and writes them reads.
std::vector<Access> accesses(const EntryPoint &entry, uint64_t begin, uint64_t end) {
  std::vector<Access> found;
  for (size_t step = 0; step < entry.steps.size(); ++step) {
    bool touched = false;
    bool read = false;
    for (const Binding &binding : entry.steps[step].bindings) {
      if (binding.space != format::BufferSpace::kArena || binding.offset >= end ||
          binding.offset + binding.length <= begin)
        continue;
      touched = true;
      read = read || reads(binding.access);
    }
    if (touched) found.push_back({step, read});
  }
  return found;
}

}  // namespace

std::vector<uint64_t> arena_use(const EntryPoint &entry) {
  // Between neighbouring bounds all bytes are used alike.
  std::vector<uint64_t> bounds;
  for (const Step &step : entry.steps)
    for (const Binding &binding : step.bindings)
      if (binding.space == format::BufferSpace::kArena) {
        bounds.push_back(binding.offset);
        bounds.push_back(binding.offset + binding.length);
      }
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());

  std::vector<uint64_t> use(entry.steps.size(), 0);
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    const std::vector<Access> found = accesses(entry, bounds[i], bounds[i + 1]);
    for (size_t k = 0; k < found.size();) {
      // A value lives until the last read before it is overwritten.
      size_t last = k;
      while (last + 1 < found.size() && found[last + 1].reads) ++last;
      for (size_t step = found[k].step; step <= found[last].step; ++step) use[step] += bounds[i + 1] - bounds[i];
      k = last + 1;
    }
  }
  return use;
}

}  // namespace strata
