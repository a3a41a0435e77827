// Reports a fatal signal on stderr together with the dispatch that the thread was in, as one line:
// `strata-runner crashed {"signal":"SIGSEGV","dispatch":{…}}`. The signal then takes its default action.
#ifndef STRATA_CRASH_H
#define STRATA_CRASH_H

#include <memory>

namespace strata {
namespace crash {

// Once per process, before threads start.
void install_handlers();

// An alternative signal stack for the calling thread, so that a stack overflow is reported too.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack &) = delete;
  SignalStack &operator=(const SignalStack &) = delete;

 private:
  std::unique_ptr<char[]> memory_;
};

// What the calling thread does, as a JSON object; nullptr for nothing. The text must outlive it.
void set_activity(const char *json);

}  // namespace crash
}  // namespace strata

#endif
