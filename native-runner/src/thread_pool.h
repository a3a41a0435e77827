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

  // Throws Error (STR0724).
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int size() const { return size_; }

  // Computes [0, extent) in chunks of at least `grain`; returns when all are done.
  void run(Job &job, int64_t extent, int64_t grain);

 private:
  void worker(int thread);
  void stop();
  bool claim(uint32_t epoch, uint32_t &chunk);
  uint32_t wait_for_epoch_after(uint32_t seen);

  const int size_;
  std::vector<std::thread> workers_;

  // Epoch of the job in the high half, number of chunks and next chunk in 16 bits each. A thread reads the job only
  // after it has claimed a chunk of this very epoch; the job then cannot end before the thread says that it is done.
  alignas(64) std::atomic<uint64_t> ticket_{0};
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
