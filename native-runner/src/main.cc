// strata-runner: executes artifacts. `run` for one artifact, `serve` for a session over standard input and output.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "crash.h"
#include "error.h"
#include "json.h"
#include "request.h"
#include "session.h"

#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#endif

namespace strata {
namespace {

constexpr size_t kMaxLine = 1 << 20;

constexpr const char *kUsage =
    "usage: strata-runner run ARTIFACT [options]\n"
    "       strata-runner serve\n"
    "\n"
    "options of run:\n"
    "  --entry NAME          entry point, or function of which the shapes of inputs choose one; default: the first\n"
    "  --threads N           default: all processors\n"
    "  --input NAME=FILE     raw little-endian data; once per input\n"
    "  --shape NAME=1x3x8    extents of an input with symbolic dimensions\n"
    "  --synthetic           made-up data for inputs that are not given\n"
    "  --output-dir DIR      writes output-0.bin, output-1.bin, ...\n"
    "  --repeat R            measured executions; default 1\n"
    "  --warmup W            executions before them; default 0\n"
    "  --trace FILE          writes a Perfetto trace of the measured executions\n"
    "\n"
    "Prints one line of JSON on standard output; errors are JSON on standard error.\n";

void add_error(JsonWriter &reply, const Error &error) {
  reply.key("ok").value(false).key("code").value(error.code());
  reply.key("text").value(error.text()).key("next").value(error.next());
}

std::string reply_to(Session &session, const std::string &line) {
  JsonWriter reply;
  std::string id;
  try {
    const Request request = Request::parse(line);
    id = request.text_or("id", "");
    JsonWriter fields;
    fields.begin_object();
    if (!id.empty()) fields.key("id").value(id);
    fields.key("ok").value(true);
    session.handle(request, fields);
    return fields.end_object().text();
  } catch (const Error &error) {
    reply.begin_object();
    if (!id.empty()) reply.key("id").value(id);
    add_error(reply, error);
    return reply.end_object().text();
  }
}

int serve() {
#if defined(__linux__)
  // A runner busy with a long request must not outlive whom it works for.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  Session session;
  std::string pending;
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const size_t end = pending.find('\n');
    if (end != std::string::npos) {
      const std::string line = pending.substr(0, end);
      pending.erase(0, end + 1);
      if (line.empty()) continue;
      const bool quit = line == "quit" || line.compare(0, 5, "quit ") == 0;
      const std::string reply = quit ? "{\"ok\":true,\"quit\":true}\n" : reply_to(session, line) + "\n";
      try {
        write_all(STDOUT_FILENO, reply.data(), reply.size());
      } catch (const FileFailure &) {
        return 1;
      }
      if (quit) return 0;
      continue;
    }
    if (pending.size() > kMaxLine) {
      std::fputs("strata-runner: a request is longer than 1 MiB\n", stderr);
      return 1;
    }
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    pending.append(buffer.data(), static_cast<size_t>(got));
  }
}

// `NAME=VALUE` of a repeatable option.
void add_named(Request &request, const std::string &prefix, const std::string &option, const std::string &value) {
  const size_t equals = value.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(errors::kRequestInvalid, {{"request", "run"}, {"reason", option + " needs NAME=VALUE, found \"" + value + "\""}});
  request.add(prefix + value.substr(0, equals), value.substr(equals + 1));
}

void run_once(const std::vector<std::string> &arguments, JsonWriter &reply) {
  Request load("load");
  Request run("run");
  std::string trace;
  const auto refuse = [](const std::string &reason) {
    throw Error(errors::kRequestInvalid, {{"request", "run"}, {"reason", reason}});
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string &option = arguments[i];
    if (option.compare(0, 2, "--") != 0) {
      load.add("path", option);
      continue;
    }
    if (option == "--synthetic") {
      run.add("synthetic", "1");
      continue;
    }
    if (i + 1 == arguments.size()) refuse(option + " needs a value");
    const std::string &value = arguments[++i];
    if (option == "--input") {
      add_named(run, "input.", option, value);
    } else if (option == "--shape") {
      add_named(run, "shape.", option, value);
    } else if (option == "--trace") {
      trace = value;
    } else if (option == "--entry" || option == "--threads" || option == "--output-dir" || option == "--repeat" ||
               option == "--warmup") {
      run.add(option.substr(2), value);
    } else {
      refuse("there is no option " + option);
    }
  }
  Session session;
  JsonWriter ignored;
  ignored.begin_object();
  session.handle(load, ignored);
  run.add("artifact", "1");
  if (!trace.empty()) {
    Request start("trace");
    start.add("action", "start");
    session.handle(start, ignored);
  }
  session.handle(run, reply);
  if (!trace.empty()) {
    Request write("trace");
    write.add("action", "write");
    write.add("path", trace);
    session.handle(write, reply.key("trace").begin_object());
    reply.end_object();
  }
}

int main_of(const std::vector<std::string> &arguments) {
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (arguments.size() == 1 && arguments[0] == "serve") return serve();
  if (arguments.size() < 2 || arguments[0] != "run") {
    std::fputs(kUsage, stderr);
    return 2;
  }
  JsonWriter reply;
  try {
    reply.begin_object().key("ok").value(true);
    run_once({arguments.begin() + 1, arguments.end()}, reply);
    const std::string line = reply.end_object().text() + "\n";
    write_all(STDOUT_FILENO, line.data(), line.size());
    return 0;
  } catch (const FileFailure &) {
    return 1;
  } catch (const Error &error) {
    JsonWriter failure;
    add_error(failure.begin_object(), error);
    std::fprintf(stderr, "%s\n", failure.end_object().text().c_str());
    return 1;
  }
}

}  // namespace
}  // namespace strata

int main(int argc, char **argv) {
  strata::crash::install_handlers();
  const strata::crash::SignalStack stack;
  return strata::main_of({argv + 1, argv + argc});
}
