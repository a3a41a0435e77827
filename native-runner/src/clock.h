// The clock of all measurements.
#ifndef STRATA_CLOCK_H
#define STRATA_CLOCK_H

#include <time.h>

#include <cstdint>

namespace strata {

// Nanoseconds of the monotonic clock.
inline uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace strata

#endif
