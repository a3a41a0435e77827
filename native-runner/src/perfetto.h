// Writes a trace in Perfetto's protobuf format (perfetto/trace/trace.proto), which opens unchanged in its UI:
// one track with iterations and whole dispatches, one per thread with the share that it computed, and a counter of the
// arena's use.
#ifndef STRATA_PERFETTO_H
#define STRATA_PERFETTO_H

#include <cstdint>
#include <string>

#include "trace.h"

namespace strata {

// What all threads of the runs could reach, measured by whoever asks for the trace; 0 where it is not known.
struct MachinePeak {
  uint64_t flops_per_second = 0;
  uint64_t bytes_per_second = 0;
};

std::string encode_perfetto(const Trace &trace, const MachinePeak &peak);

}  // namespace strata

#endif
