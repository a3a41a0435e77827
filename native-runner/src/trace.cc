#include "trace.h"

namespace strata {

uint32_t Trace::prepare(const std::shared_ptr<const Artifact> &artifact, const EntryPoint &entry, int threads) {
  while (threads_.size() < static_cast<size_t>(threads)) threads_.emplace_back(capacity_);
  for (size_t i = 0; i < programs_.size(); ++i)
    if (programs_[i].entry == &entry) return static_cast<uint32_t>(i);
  programs_.push_back({artifact, &entry});
  return static_cast<uint32_t>(programs_.size() - 1);
}

uint64_t Trace::recorded() const {
  uint64_t sum = dispatches_.size();
  for (const auto &ring : threads_) sum += ring.size();
  return sum;
}

uint64_t Trace::dropped() const {
  uint64_t sum = dispatches_.dropped();
  for (const auto &ring : threads_) sum += ring.dropped();
  return sum;
}

}  // namespace strata
