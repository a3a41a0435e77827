// What the runner keeps between requests, and the requests themselves. See README.md for the commands.
#ifndef STRATA_SESSION_H
#define STRATA_SESSION_H

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "executor.h"
#include "json.h"
#include "request.h"

namespace strata {

class Session {
 public:
  // Adds the fields of the reply to `reply`. Throws Error; the session stays usable.
  void handle(const Request &request, JsonWriter &reply);

 private:
  struct Loaded {
    std::shared_ptr<const Artifact> artifact;
    std::map<std::string, std::unique_ptr<Executor>> executors;  // by entry point
    // One entry point runs at a time.
    std::shared_ptr<AlignedBuffer> arena = std::make_shared<AlignedBuffer>();
  };

  void ping(JsonWriter &reply) const;
  void load(const Request &request, JsonWriter &reply);
  void unload(const Request &request);
  void run(const Request &request, JsonWriter &reply, bool bench);
  void trace(const Request &request, JsonWriter &reply);
  Loaded &loaded(const Request &request);
  ThreadPool &pool(int threads);

  std::map<int64_t, Loaded> loaded_;
  int64_t next_id_ = 1;
  std::vector<std::unique_ptr<ThreadPool>> pools_;  // the last used first
  std::unique_ptr<Trace> trace_;
};

}  // namespace strata

#endif
