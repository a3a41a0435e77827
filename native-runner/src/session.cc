#include "session.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <new>
#include <thread>
#include <utility>

#include "cpu.h"
#include "error.h"
#include "perfetto.h"

namespace strata {
namespace {

constexpr int64_t kMaxRepeat = 1000000;
// Bounds the memory of the measurements of one request.
constexpr uint64_t kMaxMeasurements = 1u << 26;
// Comparing numbers of threads should not start threads again and again.
constexpr size_t kMaxPools = 3;
constexpr int64_t kDefaultZones = 1 << 16;
constexpr int64_t kMaxZones = 1 << 24;

int default_threads() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

std::vector<Input> inputs_of(const Request &request) {
  std::vector<Input> inputs;
  const auto input = [&](const std::string &name) -> Input & {
    for (auto &known : inputs)
      if (known.name == name) return known;
    inputs.push_back({name, "", ""});
    return inputs.back();
  };
  for (const auto &[name, file] : request.with_prefix("input.")) input(name).file = file;
  for (const auto &[name, shape] : request.with_prefix("shape.")) input(name).shape = shape;
  return inputs;
}

void describe_tensors(JsonWriter &json, const std::vector<Tensor> &tensors, const std::vector<std::string> &symbols) {
  json.begin_array();
  for (const auto &tensor : tensors) {
    json.begin_object().key("name").value(tensor.name).key("elementType").value(tensor.element_type->name);
    json.key("shape").begin_array();
    for (const int64_t dim : tensor.shape) {
      if (dim < 0) {
        json.value(symbols[static_cast<size_t>(-1 - dim)]);
      } else {
        json.value(dim);
      }
    }
    json.end_array().end_object();
  }
  json.end_array();
}

std::string sizes_text(const Function &function, const std::vector<int64_t> &sizes) {
  std::string text;
  for (size_t k = 0; k < sizes.size(); ++k)
    text += (k == 0 ? "" : ", ") + function.symbols[k] + " = " + std::to_string(sizes[k]);
  return text;
}

// The entry point for the sizes that the shapes of `inputs` say. Where no shape is given, the first one.
// Throws Error (STR0711, STR0712, STR0736).
const EntryPoint &choose_entry(const Artifact &artifact, const Function &function, const std::vector<Input> &inputs) {
  const auto entry_of = [&](const Variant &variant) -> const EntryPoint & {
    return artifact.program().entry_points[variant.entry_point];
  };
  if (std::none_of(inputs.begin(), inputs.end(), [](const Input &input) { return !input.shape.empty(); }))
    return entry_of(function.variants.front());
  const std::vector<int64_t> sizes =
      resolve_symbols(function.inputs, function.symbols, in_order(inputs, function.inputs, function.name));
  std::string available;
  for (const Variant &variant : function.variants) {
    if (variant.sizes == sizes) return entry_of(variant);
    available += (available.empty() ? "" : "; ") + sizes_text(function, variant.sizes);
  }
  throw Error(errors::kSizeUnknown,
              {{"function", function.name}, {"found", sizes_text(function, sizes)}, {"available", available}});
}

void write_outputs(const Executor &executor, const std::string &folder, JsonWriter &reply) {
  // Failing to create it shows when the first file is written.
  if (!folder.empty()) mkdir(folder.c_str(), 0777);
  reply.key("outputs").begin_array();
  for (size_t i = 0; i < executor.entry().outputs.size(); ++i) {
    const Tensor &tensor = executor.entry().outputs[i];
    const AlignedBuffer &data = executor.output(i);
    reply.begin_object().key("name").value(tensor.name).key("elementType").value(tensor.element_type->name);
    reply.key("shape").begin_array();
    for (const int64_t extent : executor.output_shape(i)) reply.value(extent);
    reply.end_array().key("bytes").value(data.size());
    if (!folder.empty()) {
      const std::string file = folder + "/output-" + std::to_string(i) + ".bin";
      write_file(file, data.data(), data.size());
      reply.key("file").value(file);
    }
    reply.end_object();
  }
  reply.end_array();
}

}  // namespace

void Session::handle(const Request &request, JsonWriter &reply) {
  const std::string &command = request.command();
  try {
    if (command == "ping") return request.allow_only({"id"}), ping(reply);
    if (command == "load") return load(request, reply);
    if (command == "unload") return unload(request);
    if (command == "run") return run(request, reply, false);
    if (command == "bench") return run(request, reply, true);
    if (command == "trace") return trace(request, reply);
  } catch (const std::bad_alloc &) {
    throw Error(errors::kOutOfMemory, {{"bytes", "The"}, {"what", "\"" + command + "\""}});
  }
  throw Error(errors::kRequestInvalid,
              {{"request", command}, {"reason", "commands are ping, load, unload, run, bench, trace and quit"}});
}

void Session::ping(JsonWriter &reply) const {
  reply.key("formatVersion").value(uint64_t{format::kFormatVersion});
  reply.key("architecture").value(host_architecture());
  reply.key("pid").value(static_cast<int64_t>(getpid()));
  reply.key("threads").value(static_cast<int64_t>(default_threads()));
  reply.key("cpuFeatures").begin_array();
  for (const auto &feature : format::kCpuFeatures)
    if (host_has_feature(feature.name)) reply.value(feature.name);
  reply.end_array();
}

void Session::load(const Request &request, JsonWriter &reply) {
  request.allow_only({"id", "path"});
  const auto artifact = std::make_shared<const Artifact>(request.text("path"));
  const int64_t id = next_id_++;
  loaded_[id].artifact = artifact;
  reply.key("artifact").value(id);
  reply.key("program").value(static_cast<uint64_t>(artifact->program_index()));
  reply.key("entryPoints").begin_array();
  for (const auto &entry : artifact->program().entry_points) {
    reply.begin_object().key("name").value(entry.name);
    describe_tensors(reply.key("inputs"), entry.inputs, entry.symbols);
    describe_tensors(reply.key("outputs"), entry.outputs, entry.symbols);
    reply.key("arenaBytes").value(entry.arena_bytes);
    reply.key("steps").value(static_cast<uint64_t>(entry.steps.size())).end_object();
  }
  reply.end_array().key("functions").begin_array();
  for (const auto &function : artifact->program().functions) {
    reply.begin_object().key("name").value(function.name);
    describe_tensors(reply.key("inputs"), function.inputs, function.symbols);
    reply.key("symbols").begin_array();
    for (const auto &symbol : function.symbols) reply.value(symbol);
    reply.end_array().key("variants").begin_array();
    for (const auto &variant : function.variants) {
      reply.begin_object().key("entry").value(artifact->program().entry_points[variant.entry_point].name);
      reply.key("sizes").begin_array();
      for (const int64_t size : variant.sizes) reply.value(size);
      reply.end_array().end_object();
    }
    reply.end_array().end_object();
  }
  reply.end_array();
}

Session::Loaded &Session::loaded(const Request &request) {
  const int64_t id = request.integer_or("artifact", 0, 1, next_id_);
  const auto found = loaded_.find(id);
  if (found == loaded_.end()) throw Error(errors::kArtifactNotLoaded, {{"id", std::to_string(id)}});
  return found->second;
}

void Session::unload(const Request &request) {
  request.allow_only({"id", "artifact"});
  loaded(request);
  loaded_.erase(request.integer_or("artifact", 0, 1, next_id_));
}

ThreadPool &Session::pool(int threads) {
  const auto found =
      std::find_if(pools_.begin(), pools_.end(), [&](const auto &pool) { return pool->size() == threads; });
  if (found != pools_.end()) {
    std::rotate(pools_.begin(), found, found + 1);
  } else {
    if (pools_.size() == kMaxPools) pools_.pop_back();
    pools_.insert(pools_.begin(), std::make_unique<ThreadPool>(threads));
  }
  return *pools_.front();
}

void Session::run(const Request &request, JsonWriter &reply, bool bench) {
  request.allow_only({"id", "artifact", "entry", "threads", "repeat", "warmup", "iteration", "output-dir", "synthetic",
                      "input.", "shape."});
  Loaded &from = loaded(request);
  const Program &program = from.artifact->program();
  const std::vector<Input> inputs = inputs_of(request);
  const std::string name = request.text_or(
      "entry", program.functions.empty() ? program.entry_points.front().name : program.functions.front().name);
  const Function *function = from.artifact->find_function(name);
  const EntryPoint &entry =
      function == nullptr ? from.artifact->entry_point(name) : choose_entry(*from.artifact, *function, inputs);
  const auto threads = static_cast<int>(request.integer_or("threads", default_threads(), 1, kMaxThreads));
  const int64_t repeat = request.integer_or("repeat", bench ? 20 : 1, 1, kMaxRepeat);
  const int64_t warmup = request.integer_or("warmup", bench ? 3 : 0, 0, kMaxRepeat);
  const int64_t iteration = request.integer_or("iteration", -1, -1, std::numeric_limits<int32_t>::max());
  const bool synthetic = request.integer_or("synthetic", 0, 0, 1) == 1;
  const size_t steps = entry.steps.size();
  if (static_cast<uint64_t>(repeat) * (steps + 1) > kMaxMeasurements)
    throw Error(errors::kRequestInvalid,
                {{"request", request.command()},
                 {"reason", std::to_string(repeat) + " repetitions of " + std::to_string(steps) +
                                " dispatches are more than can be measured at once"}});

  auto &executor = from.executors[entry.name];
  if (executor == nullptr) executor = std::make_unique<Executor>(from.artifact, entry, from.arena);
  executor->set_inputs(inputs, synthetic);
  executor->prepare_scratch(threads);
  ThreadPool &workers = pool(threads);
  std::vector<uint64_t> iteration_ns(static_cast<size_t>(repeat));
  std::vector<uint64_t> step_ns(static_cast<size_t>(repeat) * steps + 1);
  for (int64_t i = 0; i < warmup; ++i) executor->run(workers, nullptr, 0, step_ns.data());
  const uint32_t traced = trace_ == nullptr ? 0 : trace_->prepare(from.artifact, entry, threads);
  for (size_t i = 0; i < iteration_ns.size(); ++i)
    iteration_ns[i] = executor->run(workers, trace_.get(), traced, step_ns.data() + i * steps, iteration);

  reply.key("entry").value(entry.name).key("threads").value(static_cast<int64_t>(threads));
  reply.key("dims").begin_object();
  for (size_t i = 0; i < entry.symbols.size(); ++i) reply.key(entry.symbols[i]).value(executor->dims()[i]);
  reply.end_object();
  reply.key("iterationNs").begin_array();
  for (const uint64_t time : iteration_ns) reply.value(time);
  reply.end_array().key("dispatches").begin_array();
  for (size_t s = 0; s < steps; ++s) {
    reply.begin_object().key("index").value(static_cast<uint64_t>(s)).key("name").value(entry.steps[s].name);
    reply.key("ns").begin_array();
    for (size_t i = 0; i < iteration_ns.size(); ++i) reply.value(step_ns[i * steps + s]);
    reply.end_array().end_object();
  }
  reply.end_array();
  write_outputs(*executor, request.text_or("output-dir", ""), reply);
}

void Session::trace(const Request &request, JsonWriter &reply) {
  request.allow_only({"id", "action", "path", "zones", "peakFlops", "peakBytes", "counters"});
  const std::string &action = request.text("action");
  if (action == "start") {
    const PerfSupport support = request.integer_or("counters", 0, 0, 1) == 1 ? perf_support() : PerfSupport{};
    trace_ = std::make_unique<Trace>(static_cast<size_t>(request.integer_or("zones", kDefaultZones, 1, kMaxZones)),
                                     support.counters);
    reply.key("counters").begin_array();
    for (const PerfCounter counter : support.counters) reply.value(kPerfCounterNames[static_cast<size_t>(counter)]);
    reply.end_array().key("missing").value(support.missing);
    return;
  }
  if (action == "stop") {
    trace_.reset();
    return;
  }
  if (action != "write" || trace_ == nullptr)
    throw Error(errors::kRequestInvalid,
                {{"request", "trace"},
                 {"reason", action == "write" ? "no trace was started" : "actions are start, write and stop"}});
  const auto peak = [&](const char *name) {
    return static_cast<uint64_t>(request.integer_or(name, 0, 0, std::numeric_limits<int64_t>::max()));
  };
  const std::string bytes = encode_perfetto(*trace_, {peak("peakFlops"), peak("peakBytes")});
  write_file(request.text("path"), bytes.data(), bytes.size());
  reply.key("bytes").value(static_cast<uint64_t>(bytes.size()));
  reply.key("zones").value(trace_->recorded()).key("dropped").value(trace_->dropped());
}

}  // namespace strata
