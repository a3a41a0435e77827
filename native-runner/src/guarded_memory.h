// What kernels may not touch, told to the address sanitizer; nothing in other builds.
#ifndef STRATA_GUARDED_MEMORY_H
#define STRATA_GUARDED_MEMORY_H

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define STRATA_GUARDS_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STRATA_GUARDS_MEMORY 1
#endif
#endif

#if defined(STRATA_GUARDS_MEMORY)
#include <sanitizer/asan_interface.h>
#endif

namespace strata {

#if defined(STRATA_GUARDS_MEMORY)
inline constexpr bool kGuardsMemory = true;
inline void forbid(const void *from, uint64_t bytes) { __asan_poison_memory_region(from, bytes); }
inline void allow(const void *from, uint64_t bytes) { __asan_unpoison_memory_region(from, bytes); }
#else
inline constexpr bool kGuardsMemory = false;
inline void forbid(const void *, uint64_t) {}
inline void allow(const void *, uint64_t) {}
#endif

}  // namespace strata

#endif
