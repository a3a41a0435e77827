#include "thread_pool.h"

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

#include <algorithm>
#include <string>
#include <system_error>

#include "clock.h"
#include "crash.h"
#include "error.h"

namespace strata {
namespace {

// How long an idle thread waits awake: between the jobs of a run, where one thread may have to compute a job alone, and
// after a run.
constexpr uint64_t kBusySpinNs = 2000000;
constexpr uint64_t kIdleSpinNs = 50000;
// Threads of which there are more than processors get theirs only when waiting ones let go.
constexpr uint64_t kCrowdedSpinNs = 5000;
constexpr int kPausesPerClockRead = 32;
// Enough to even out threads that were delayed, few enough that claiming costs nothing.
constexpr int64_t kChunksPerThread = 4;
constexpr int64_t kMaxChunks = 0xffff;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Spins until `done()` or the time is up; returns what `done()` said last.
template <typename Done>
bool spin_until(uint64_t limit_ns, Done done) {
  for (const uint64_t end = now_ns() + limit_ns; now_ns() < end;)
    for (int i = 0; i < kPausesPerClockRead; ++i) {
      if (done()) return true;
      pause_briefly();
    }
  return done();
}

uint32_t epoch_of(uint64_t ticket) { return static_cast<uint32_t>(ticket >> 32); }

int processors() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Moves the calling thread to the `nth` processor after `main_cpu` and lets it go free again. Left alone, systems take
// milliseconds to separate threads that they have put together.
void leave_processor([[maybe_unused]] int main_cpu, [[maybe_unused]] int nth) {
#if defined(__linux__)
  cpu_set_t allowed;
  if (main_cpu < 0 || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int step = 1; step < CPU_SETSIZE; ++step) {
    const int cpu = (main_cpu + step) % CPU_SETSIZE;
    if (!CPU_ISSET(cpu, &allowed) || --nth > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) == 0) sched_setaffinity(0, sizeof allowed, &allowed);
    return;
  }
#endif
}

int current_processor() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

// For those who look at the process from outside: thread 1 of the pool is "strata-1" in perf and debuggers.
void name_thread([[maybe_unused]] int thread) {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), ("strata-" + std::to_string(thread)).c_str());
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads)
    : size_(threads), crowded_(threads > processors()), parts_(static_cast<size_t>(threads)) {
  const int here = current_processor();
  std::atomic<int> placed{0};
  try {
    for (int thread = 1; thread < threads; ++thread)
      workers_.emplace_back([this, thread, here, &placed] {
        name_thread(thread);
        if (!crowded_) leave_processor(here, thread);
        placed.fetch_add(1);
        worker(thread);
      });
  } catch (const std::system_error &why) {
    const int started = static_cast<int>(workers_.size());
    while (placed.load() < started) std::this_thread::yield();
    stop();
    throw Error(errors::kThreadsUnavailable, {{"count", std::to_string(threads)}, {"reason", why.what()}});
  }
  while (placed.load() < threads - 1) std::this_thread::yield();
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto &thread : workers_) thread.join();
  workers_.clear();
}

bool ThreadPool::Share::next(int64_t &begin, int64_t &end) {
  uint32_t index = claimed;
  if (taken > 0) {
    // Without a pool this share is the only one and has a single chunk.
    if (pool == nullptr || !pool->claim(epoch, owner, owner, index)) return false;
  }
  ++taken;
  begin = index * chunk;
  end = std::min(extent, begin + chunk);
  return true;
}

bool ThreadPool::claim_from(Part &part, uint32_t epoch, uint32_t &chunk) {
  uint64_t ticket = part.ticket.load(std::memory_order_acquire);
  for (;;) {
    const auto next = static_cast<uint32_t>(ticket & 0xffff);
    const auto end = static_cast<uint32_t>((ticket >> 16) & 0xffff);
    if (epoch_of(ticket) != epoch || next >= end) return false;
    if (part.ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
      chunk = next;
      return true;
    }
  }
}

// A chunk of the part of `first`, or of the next thread that has one; `owner` says whose it was.
bool ThreadPool::claim(uint32_t epoch, int &owner, int first, uint32_t &chunk) {
  for (int i = 0; i < size_; ++i) {
    owner = first + i < size_ ? first + i : first + i - size_;
    if (claim_from(parts_[static_cast<size_t>(owner)], epoch, chunk)) return true;
  }
  return false;
}

void ThreadPool::run(Job &job, int64_t extent, int64_t grain) {
  const int64_t wanted = std::min(kChunksPerThread * size_, kMaxChunks);
  const int64_t chunk = std::max(grain, (extent - 1) / wanted + 1);
  const int64_t chunks = (extent - 1) / chunk + 1;
  if (size_ == 1 || chunks == 1) {
    Share whole;
    whole.extent = extent;
    whole.chunk = extent;
    job.work(0, whole);
    return;
  }
  job_ = &job;
  extent_ = extent;
  chunk_ = chunk;
  completed_.store(0, std::memory_order_relaxed);
  const uint32_t epoch = epoch_.load(std::memory_order_relaxed) + 1;
  for (int64_t t = 0; t < size_; ++t) {
    const auto from = static_cast<uint64_t>(t * chunks / size_);
    const auto to = static_cast<uint64_t>((t + 1) * chunks / size_);
    parts_[static_cast<size_t>(t)].ticket.store(uint64_t{epoch} << 32 | to << 16 | from, std::memory_order_release);
  }
  epoch_.store(epoch);
  if (sleepers_.load() > 0) {
    main_processor_.store(current_processor(), std::memory_order_relaxed);
    // The lock orders this after the sleeper's last look at the epoch.
    { const std::lock_guard<std::mutex> lock(mutex_); }
    wake_.notify_all();
  }

  uint32_t done = 0;
  Share share;
  if (claim(epoch, share.owner, 0, share.claimed)) {
    share.pool = this;
    share.epoch = epoch;
    share.extent = extent;
    share.chunk = chunk;
    job.work(0, share);
    done = share.taken;
  }
  const auto others = static_cast<uint32_t>(chunks) - done;
  const auto complete = [&] { return completed_.load(std::memory_order_acquire) == others; };
  while (!spin_until(kCrowdedSpinNs, complete)) std::this_thread::yield();
}

uint32_t ThreadPool::wait_for_epoch_after(uint32_t seen, int thread) {
  const auto changed = [&] { return epoch_.load() != seen || stopping_.load(); };
  const uint64_t start = now_ns();
  for (;;) {
    if (spin_until(kCrowdedSpinNs, changed)) return epoch_.load();
    const uint64_t limit = crowded_ ? kCrowdedSpinNs : busy_.load(std::memory_order_relaxed) ? kBusySpinNs : kIdleSpinNs;
    if (now_ns() - start >= limit) break;
  }
  std::unique_lock<std::mutex> lock(mutex_);
  ++sleepers_;
  wake_.wait(lock, changed);
  --sleepers_;
  lock.unlock();
  // Systems like to wake a thread on the processor of the one that wakes it, where it would wait for that one's work.
  const int main_processor = main_processor_.load(std::memory_order_relaxed);
  if (!crowded_ && current_processor() == main_processor) leave_processor(main_processor, thread);
  return epoch_.load();
}

void ThreadPool::worker(int thread) {
  const crash::SignalStack stack;
  for (uint32_t seen = 0; !stopping_.load();) {
    seen = wait_for_epoch_after(seen, thread);
    Share share;
    if (!claim(seen, share.owner, thread, share.claimed)) continue;
    share.pool = this;
    share.epoch = seen;
    share.extent = extent_;
    share.chunk = chunk_;
    job_->work(thread, share);
    completed_.fetch_add(share.taken, std::memory_order_release);
  }
}

}  // namespace strata
