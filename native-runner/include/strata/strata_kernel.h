#ifndef STRATA_KERNEL_H
#define STRATA_KERNEL_H

#include <stdint.h>

#if defined(_WIN32)
#define STRATA_EXPORT __declspec(dllexport)
#else
#define STRATA_EXPORT __attribute__((visibility("default")))
#endif

/* What a kernel is given. The runner owns all of it; it is valid during the call. */
typedef struct {
  /* Buffers, in the order of the bindings of the dispatch. */
  void *const *bindings;
  /* Private memory of the thread, 64-byte aligned; NULL without scratch. */
  void *scratch;
  /* Extents of the symbolic dimensions of the entry point. */
  const int64_t *dims;
  /* Which thread of the pool runs the kernel, from 0. */
  int32_t thread;
} strata_kernel_state;

/* Computes units [begin, end) of the parallel range of the dispatch. Calls for disjoint ranges run at the same time. */
typedef void (*strata_kernel)(const strata_kernel_state *state, int64_t begin, int64_t end);

#endif
