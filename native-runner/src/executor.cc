#include "executor.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "clock.h"
#include "crash.h"
#include "error.h"
#include "json.h"

namespace strata {
namespace {

using format::BufferSpace;

constexpr int64_t kUnresolved = -1;

std::string activity_of(const EntryPoint &entry, size_t index) {
  JsonWriter json;
  json.begin_object().key("name").value(entry.steps[index].name);
  json.key("index").value(static_cast<uint64_t>(index)).key("entry").value(entry.name).end_object();
  return json.text();
}

// One step, computed by all threads that find a chunk of it.
class DispatchJob : public ThreadPool::Job {
 public:
  DispatchJob(strata_kernel kernel, const strata_kernel_state &shared, const char *activity, uint64_t scratch_stride,
              Trace *trace, Zone zone)
      : kernel_(kernel),
        shared_(shared),
        activity_(activity),
        scratch_stride_(scratch_stride),
        trace_(trace),
        zone_(zone) {}

  void work(int thread, ThreadPool::Share &share) override {
    strata_kernel_state state = shared_;
    state.thread = thread;
    if (state.scratch != nullptr)
      state.scratch = static_cast<uint8_t *>(shared_.scratch) + static_cast<uint64_t>(thread) * scratch_stride_;
    crash::set_activity(activity_);
    const bool counts = trace_ != nullptr && !trace_->counters().empty();
    const PerfCounts before = counts ? read_perf(trace_->counters()) : PerfCounts{};
    const uint64_t start = trace_ == nullptr ? 0 : now_ns();
    int64_t units = 0;
    for (int64_t begin = 0, end = 0; share.next(begin, end);) {
      kernel_(&state, begin, end);
      units += end - begin;
    }
    crash::set_activity(nullptr);
    if (trace_ == nullptr) return;
    Zone zone = zone_;
    zone.start_ns = start;
    zone.end_ns = now_ns();
    zone.units = units;
    if (counts) {
      zone.counts = read_perf(trace_->counters());
      for (size_t i = 0; i < zone.counts.size(); ++i) zone.counts[i] -= before[i];
    }
    trace_->thread(thread).push(zone);
  }

 private:
  strata_kernel kernel_;
  strata_kernel_state shared_;
  const char *activity_;
  uint64_t scratch_stride_;
  Trace *trace_;
  Zone zone_;
};

// Reads `1x3x224x224`; an empty text is rank 0.
bool parse_shape(const std::string &text, std::vector<int64_t> &shape) {
  size_t at = 0;
  while (at < text.size()) {
    int64_t extent = 0;
    const size_t start = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      extent = extent * 10 + (text[at] - '0');
      if (extent > (int64_t{1} << 53)) return false;
    }
    if (at == start) return false;
    shape.push_back(extent);
    if (at == text.size()) return true;
    if (text[at] != 'x' || at + 1 == text.size()) return false;
    ++at;
  }
  return true;
}

// Values as a model sees them, the same every time: floats in (−2, 2), integers 0 (valid as an index).
void fill_synthetic(const Tensor &tensor, const AlignedBuffer &buffer) {
  using format::ElementType;
  uint64_t state = 0x9e3779b97f4a7c15u;
  const auto random = [&state] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  const uint32_t size = tensor.element_type->bytes;
  // Sign and mantissa are random, the exponent is that of [1/4, 2).
  const auto value = [&]() -> uint64_t {
    const uint64_t r = random();
    const uint64_t sign = r & 1, step = (r >> 1) % 3, mantissa = r >> 12;
    switch (tensor.element_type->type) {
      case ElementType::kF32:
        return sign << 31 | (125 + step) << 23 | (mantissa & 0x7fffff);
      case ElementType::kF64:
        return sign << 63 | (1021 + step) << 52 | (mantissa & 0xfffffffffffff);
      case ElementType::kF16:
        return sign << 15 | (13 + step) << 10 | (mantissa & 0x3ff);
      case ElementType::kBf16:
        return sign << 15 | (125 + step) << 7 | (mantissa & 0x7f);
      default:
        return 0;
    }
  };
  for (uint64_t at = 0; at + size <= buffer.size(); at += size) {
    const uint64_t bits = value();
    std::memcpy(buffer.data() + at, &bits, size);
  }
}

}  // namespace

std::vector<int64_t> resolve_symbols(const std::vector<Tensor> &inputs, const std::vector<std::string> &symbols,
                                     const std::vector<const Input *> &given) {
  std::vector<int64_t> dims(symbols.size(), kUnresolved);
  const auto refuse = [&](size_t i, const std::string &reason) {
    throw Error(errors::kInputShape, {{"found", given[i] == nullptr || given[i]->shape.empty() ? "(none)" : given[i]->shape},
                                      {"name", inputs[i].name},
                                      {"signature", describe(inputs[i], symbols)},
                                      {"reason", reason}});
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor &tensor = inputs[i];
    if (given[i] == nullptr || given[i]->shape.empty()) continue;
    std::vector<int64_t> shape;
    if (!parse_shape(given[i]->shape, shape)) refuse(i, "it is not a list of extents such as 1x3x224x224");
    if (shape.size() != tensor.shape.size()) refuse(i, "the rank is " + std::to_string(tensor.shape.size()));
    for (size_t k = 0; k < shape.size(); ++k) {
      const int64_t dim = tensor.shape[k];
      if (dim >= 0) {
        if (dim != shape[k]) refuse(i, "dimension " + std::to_string(k) + " is " + std::to_string(dim));
        continue;
      }
      int64_t &symbol = dims[static_cast<size_t>(-1 - dim)];
      if (symbol != kUnresolved && symbol != shape[k])
        refuse(i, symbols[static_cast<size_t>(-1 - dim)] + " is already " + std::to_string(symbol));
      symbol = shape[k];
    }
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    for (const int64_t dim : inputs[i].shape)
      if (dim < 0 && dims[static_cast<size_t>(-1 - dim)] == kUnresolved)
        refuse(i, "nothing says how large " + symbols[static_cast<size_t>(-1 - dim)] + " is");
  return dims;
}

std::vector<const Input *> in_order(const std::vector<Input> &inputs, const std::vector<Tensor> &tensors,
                                    const std::string &entry) {
  std::vector<const Input *> given(tensors.size(), nullptr);
  for (const Input &input : inputs) {
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const Tensor &tensor) { return tensor.name == input.name; });
    if (found == tensors.end()) {
      std::string available;
      for (const auto &tensor : tensors) available += (available.empty() ? "" : ", ") + tensor.name;
      throw Error(errors::kInputUnknown,
                  {{"entry", entry}, {"name", input.name}, {"available", available.empty() ? "none" : available}});
    }
    given[static_cast<size_t>(found - tensors.begin())] = &input;
  }
  return given;
}

Executor::Executor(std::shared_ptr<const Artifact> artifact, const EntryPoint &entry,
                   std::shared_ptr<AlignedBuffer> arena)
    : artifact_(std::move(artifact)),
      entry_(entry),
      arena_(std::move(arena)),
      inputs_(entry.inputs.size()),
      outputs_(entry.outputs.size()),
      dims_(entry.symbols.size(), kUnresolved) {
  for (size_t i = 0; i < entry.steps.size(); ++i)
    steps_.push_back({artifact_->kernel(entry, i), {}, activity_of(entry, i)});
}

void Executor::prepare_scratch(int threads) {
  uint64_t largest = 0;
  for (const auto &step : entry_.steps) largest = std::max(largest, step.scratch_bytes);
  if (largest == 0) return;
  scratch_stride_ = (largest + format::kDataAlignment - 1) / format::kDataAlignment * format::kDataAlignment;
  const uint64_t wanted = scratch_stride_ * static_cast<uint64_t>(threads);
  if (scratch_.size() < wanted) scratch_ = AlignedBuffer(wanted, "scratch");
}

std::vector<int64_t> Executor::resolve(const Tensor &tensor) const {
  std::vector<int64_t> shape = tensor.shape;
  for (auto &dim : shape)
    if (dim < 0) dim = dims_[static_cast<size_t>(-1 - dim)];
  return shape;
}

uint64_t Executor::bytes_of(const Tensor &tensor) const {
  uint64_t bytes = tensor.element_type->bytes;
  for (const int64_t extent : resolve(tensor)) {
    const auto factor = static_cast<uint64_t>(extent);
    if (factor != 0 && bytes > std::numeric_limits<uint64_t>::max() / 2 / factor)
      throw Error(errors::kOutOfMemory, {{"bytes", "2^63"}, {"what", "\"" + tensor.name + "\""}});
    bytes *= factor;
  }
  return bytes;
}

void Executor::set_inputs(const std::vector<Input> &inputs, bool synthetic) {
  const std::vector<const Input *> given = in_order(inputs, entry_.inputs, entry_.name);
  for (size_t i = 0; i < given.size(); ++i)
    if ((given[i] == nullptr || given[i]->file.empty()) && !synthetic)
      throw Error(errors::kInputMissing, {{"name", entry_.inputs[i].name},
                                          {"entry", entry_.name},
                                          {"expected", describe(entry_.inputs[i], entry_.symbols)}});
  const std::vector<int64_t> previous = std::exchange(dims_, resolve_symbols(entry_.inputs, entry_.symbols, given));
  try {
    const auto resize = [](AlignedBuffer &buffer, uint64_t bytes, const std::string &name) {
      if (buffer.data() == nullptr || buffer.size() != bytes) buffer = AlignedBuffer(bytes, "\"" + name + "\"");
    };
    for (size_t i = 0; i < given.size(); ++i) {
      const Tensor &tensor = entry_.inputs[i];
      const uint64_t expected = bytes_of(tensor);
      const bool from_file = given[i] != nullptr && !given[i]->file.empty();
      const uint64_t found = from_file ? file_size(given[i]->file) : expected;
      if (found != expected)
        throw Error(errors::kInputSize, {{"name", tensor.name},
                                         {"found", std::to_string(found)},
                                         {"expected", std::to_string(expected)},
                                         {"signature", describe(tensor, entry_.symbols)}});
      resize(inputs_[i], expected, tensor.name);
      if (from_file) {
        read_file(given[i]->file, inputs_[i].data(), expected);
      } else {
        fill_synthetic(tensor, inputs_[i]);
      }
    }
    for (size_t i = 0; i < outputs_.size(); ++i)
      resize(outputs_[i], bytes_of(entry_.outputs[i]), entry_.outputs[i].name);
  } catch (...) {
    dims_ = previous;
    throw;
  }
  bind();
}

void Executor::bind() {
  if (arena_->data() == nullptr || arena_->size() < entry_.arena_bytes) {
    // What is in it belongs to runs that are over; the memory goes before more is asked for.
    *arena_ = AlignedBuffer();
    *arena_ = AlignedBuffer(entry_.arena_bytes, "the arena of \"" + entry_.name + "\"");
  }
  for (size_t i = 0; i < steps_.size(); ++i) {
    auto &bindings = steps_[i].bindings;
    bindings.clear();
    for (const Binding &binding : entry_.steps[i].bindings) {
      switch (binding.space) {
        case BufferSpace::kInput:
          bindings.push_back(inputs_[binding.index].data());
          break;
        case BufferSpace::kOutput:
          bindings.push_back(outputs_[binding.index].data());
          break;
        case BufferSpace::kArena:
          bindings.push_back(arena_->data() + binding.offset);
          break;
        case BufferSpace::kConstant:
          // Kernels have one type of pointer for all buffers; the memory itself is read-only.
          bindings.push_back(const_cast<void *>(artifact_->constant(binding.index)));
          break;
      }
    }
  }
}

void Executor::for_each_buffer(void (*change)(const void *, uint64_t)) const {
  change(arena_->data(), arena_->size());
  for (const auto &buffer : inputs_) change(buffer.data(), buffer.size());
  for (const auto &buffer : outputs_) change(buffer.data(), buffer.size());
}

void Executor::guard_all_but(const Step &step) const {
  for_each_buffer(forbid);
  for (const Binding &binding : step.bindings) {
    switch (binding.space) {
      case BufferSpace::kInput:
        allow(inputs_[binding.index].data(), inputs_[binding.index].size());
        break;
      case BufferSpace::kOutput:
        allow(outputs_[binding.index].data(), outputs_[binding.index].size());
        break;
      case BufferSpace::kArena:
        allow(arena_->data() + binding.offset, binding.length);
        break;
      case BufferSpace::kConstant:
        break;
    }
  }
}

uint64_t Executor::run(ThreadPool &pool, Trace *trace, uint32_t traced_program, uint64_t *step_ns, int64_t iteration) {
  const ThreadPool::Busy busy(pool);
  Zone zone{};
  zone.program = traced_program;
  if (trace != nullptr) zone.iteration = iteration < 0 ? trace->next_iteration() : static_cast<uint32_t>(iteration);
  const uint64_t start = now_ns();
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step &step = entry_.steps[i];
    zone.step = static_cast<uint32_t>(i);
    if (kGuardsMemory) guard_all_but(step);
    const strata_kernel_state state{steps_[i].bindings.data(), step.scratch_bytes == 0 ? nullptr : scratch_.data(),
                                    dims_.data(), 0};
    DispatchJob job(steps_[i].kernel, state, steps_[i].activity.c_str(), scratch_stride_, trace, zone);
    zone.start_ns = now_ns();
    pool.run(job, step.extent, step.grain);
    zone.end_ns = now_ns();
    step_ns[i] = zone.end_ns - zone.start_ns;
    zone.units = step.extent;
    if (trace != nullptr) trace->dispatches().push(zone);
  }
  const uint64_t end = now_ns();
  if (kGuardsMemory) unguard();
  if (trace != nullptr) trace->dispatches().push({start, end, traced_program, kWholeIteration, zone.iteration, 0, {}});
  return end - start;
}

}  // namespace strata
