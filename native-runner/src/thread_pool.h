// Threads that compute the units of one dispatch after another. The calling thread works too, as thread 0.
#ifndef STRATA_THREAD_POOL_H
#define STRATA_THREAD_POOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace strata {

constexpr int kMaxThreads = 512;

class ThreadPool {
 public:
  // The chunks that one thread takes of a job; `next` gives the following one until none is left.
  class Share {
   public:
    bool next(int64_t &begin, int64_t &end);

   private:
    friend class ThreadPool;
    ThreadPool *pool = nullptr;
    uint32_t epoch = 0;
    int owner = 0;         // whose chunks are taken now
    uint32_t claimed = 0;  // the first chunk, claimed before the job is looked at
    uint32_t taken = 0;
    int64_t extent = 0;
    int64_t chunk = 0;
  };

  class Job {
   public:
    virtual ~Job() = default;
    // Must call `share.next` until it returns false. Runs at the same time on several threads.
    virtual void work(int thread, Share &share) = 0;
  };

  // Between construction and destruction of one, jobs follow one another closely: idle threads wait awake for longer.
  class Busy {
   public:
    explicit Busy(ThreadPool &pool) : pool_(pool) { pool_.busy_.store(true, std::memory_order_relaxed); }
    ~Busy() { pool_.busy_.store(false, std::memory_order_relaxed); }
    Busy(const Busy &) = delete;
    Busy &operator=(const Busy &) = delete;

   private:
    ThreadPool &pool_;
  };

  // Throws Error (STR0724).
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int size() const { return size_; }

  // Computes [0, extent) in chunks of at least `grain`; returns when all are done. Each thread begins with its own
  // part of the range, the same part for equal extents, and then helps the others.
  void run(Job &job, int64_t extent, int64_t grain);

 private:
  // What is left of a thread's part: epoch of the job in the high half, end and next chunk in 16 bits each. A thread
  // reads the job only after it has claimed a chunk of this very epoch; the job then cannot end before the thread says
  // that it is done.
  struct alignas(64) Part {
    std::atomic<uint64_t> ticket{0};
  };

  void worker(int thread);
  void stop();
  bool claim(uint32_t epoch, int &owner, int first, uint32_t &chunk);
  bool claim_from(Part &part, uint32_t epoch, uint32_t &chunk);
  uint32_t wait_for_epoch_after(uint32_t seen, int thread);

  const int size_;
  const bool crowded_;  // more threads than processors
  std::vector<std::thread> workers_;
  std::vector<Part> parts_;

  alignas(64) std::atomic<uint32_t> epoch_{0};
  std::atomic<bool> busy_{false};
  std::atomic<int> main_processor_{-1};  // of the thread that last woke others
  alignas(64) std::atomic<uint32_t> completed_{0};
  alignas(64) Job *job_ = nullptr;
  int64_t extent_ = 0;
  int64_t chunk_ = 0;

  std::atomic<bool> stopping_{false};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace strata

#endif
