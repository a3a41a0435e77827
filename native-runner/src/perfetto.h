// Writes a trace in Perfetto's protobuf format (perfetto/trace/trace.proto), which opens unchanged in its UI:
// one track with iterations and whole dispatches, and one per thread with the share that it computed.
#ifndef STRATA_PERFETTO_H
#define STRATA_PERFETTO_H

#include <string>

#include "trace.h"

namespace strata {

std::string encode_perfetto(const Trace &trace);

}  // namespace strata

#endif
