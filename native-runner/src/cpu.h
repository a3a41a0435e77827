// What the processor offers.
#ifndef STRATA_CPU_H
#define STRATA_CPU_H

#include <string>

namespace strata {

// x86_64, aarch64, arm or riscv64: the instruction set that this program was built for.
const char *host_architecture();

// Whether hardware and operating system support a feature of the generated table; false for unknown names.
bool host_has_feature(const std::string &name);

}  // namespace strata

#endif
