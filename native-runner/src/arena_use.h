// How much of the arena holds values that are still needed, step by step.
#ifndef STRATA_ARENA_USE_H
#define STRATA_ARENA_USE_H

#include <cstdint>
#include <vector>

#include "program.h"

namespace strata {

// Bytes that are live while each step of the entry point runs: what the step touches, and what an earlier step wrote
// and a later one reads.
std::vector<uint64_t> arena_use(const EntryPoint &entry);

}  // namespace strata

#endif
