#include "crash.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

namespace strata {
namespace crash {
namespace {

thread_local const char *volatile t_activity = nullptr;
thread_local volatile sig_atomic_t t_reporting = 0;
std::atomic_flag g_reporting = ATOMIC_FLAG_INIT;

struct FatalSignal {
  int number;
  const char *name;
};
constexpr FatalSignal kFatalSignals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"}};

// Only async-signal-safe functions from here on.
void put(const char *text) {
  const ssize_t ignored = write(STDERR_FILENO, text, std::strlen(text));
  static_cast<void>(ignored);
}

void report(int number) {
  if (t_reporting != 0) {
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  t_reporting = 1;
  // Threads that crash together would end the process before the first of them has spoken; for the same reason the
  // default action comes back only after the report.
  if (g_reporting.test_and_set()) {
    for (;;) pause();
  }
  const char *name = "unknown";
  for (const auto &fatal : kFatalSignals)
    if (fatal.number == number) name = fatal.name;
  put("\nstrata-runner crashed {\"signal\":\"");
  put(name);
  put("\",\"dispatch\":");
  const char *activity = t_activity;
  put(activity == nullptr ? "null" : activity);
  put("}\n");
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

void install_handlers() {
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = report;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (const auto &fatal : kFatalSignals) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // The sanitizer's own report says more.
    if (fatal.number != SIGABRT) continue;
#endif
    sigaction(fatal.number, &action, nullptr);
  }
}

SignalStack::SignalStack() : memory_(new char[64 * 1024]) {
  stack_t stack{};
  stack.ss_sp = memory_.get();
  stack.ss_size = 64 * 1024;
  sigaltstack(&stack, nullptr);
}

SignalStack::~SignalStack() {
  stack_t stack{};
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, nullptr);
}

void set_activity(const char *json) { t_activity = json; }

}  // namespace crash
}  // namespace strata
