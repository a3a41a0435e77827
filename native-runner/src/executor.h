// Runs one entry point of an artifact, again and again, in memory that it keeps.
#ifndef STRATA_EXECUTOR_H
#define STRATA_EXECUTOR_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "artifact.h"
#include "files.h"
#include "guarded_memory.h"
#include "thread_pool.h"
#include "trace.h"

namespace strata {

struct Input {
  std::string name;
  std::string file;   // raw little-endian data; empty for synthetic data
  std::string shape;  // `1x3x224x224`; may be empty when the signature has no symbols
};

// Extents of `symbols` that the shapes of inputs say. Throws Error (STR0712) for shapes that do not fit `inputs`, and where
// nothing says how large a symbol is.
std::vector<int64_t> resolve_symbols(const std::vector<Tensor> &inputs, const std::vector<std::string> &symbols,
                                     const std::vector<const Input *> &given);

// The inputs that are given, in the order of `tensors`; nullptr for those that are not. Throws Error (STR0711).
std::vector<const Input *> in_order(const std::vector<Input> &inputs, const std::vector<Tensor> &tensors,
                                    const std::string &entry);

class Executor {
 public:
  // `arena` is shared with other entry points, of which one runs at a time; it grows when inputs are set.
  Executor(std::shared_ptr<const Artifact> artifact, const EntryPoint &entry, std::shared_ptr<AlignedBuffer> arena);

  const EntryPoint &entry() const { return entry_; }
  // Extents of the symbolic dimensions of the last `set_inputs`.
  const std::vector<int64_t> &dims() const { return dims_; }

  // Resolves the symbolic dimensions, makes the arena large enough and reads all inputs. `synthetic` fills those that are not given.
  // Throws Error (STR0709 … STR0713, STR0716); nothing is changed then but the contents of inputs.
  void set_inputs(const std::vector<Input> &inputs, bool synthetic);

  // Executes every step. `step_ns` has room for one time per step. `trace` may be nullptr.
  // Zones get the number `iteration`, or the next of the trace where it is negative: several entry points may be parts of
  // one run of a model. Returns the time of the whole iteration.
  uint64_t run(ThreadPool &pool, Trace *trace, uint32_t traced_program, uint64_t *step_ns, int64_t iteration = -1);

  // Memory for the scratch of `threads` threads; call before `run`.
  void prepare_scratch(int threads);

  std::vector<int64_t> output_shape(size_t index) const { return resolve(entry_.outputs[index]); }
  const AlignedBuffer &output(size_t index) const { return outputs_[index]; }

 private:
  struct Prepared {
    strata_kernel kernel;
    std::vector<void *> bindings;
    std::string activity;  // for crash reports
  };

  std::vector<int64_t> resolve(const Tensor &tensor) const;
  uint64_t bytes_of(const Tensor &tensor) const;
  void bind();
  // In builds that guard memory: a kernel may touch nothing but what it is given.
  void guard_all_but(const Step &step) const;
  void unguard() const { for_each_buffer(allow); }
  void for_each_buffer(void (*change)(const void *, uint64_t)) const;

  std::shared_ptr<const Artifact> artifact_;
  const EntryPoint &entry_;
  std::shared_ptr<AlignedBuffer> arena_;
  AlignedBuffer scratch_;
  uint64_t scratch_stride_ = 0;
  std::vector<AlignedBuffer> inputs_;
  std::vector<AlignedBuffer> outputs_;
  std::vector<int64_t> dims_;
  std::vector<Prepared> steps_;
};

}  // namespace strata

#endif
