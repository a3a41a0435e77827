#include "thread_pool.h"

#include <algorithm>
#include <system_error>

#include "clock.h"
#include "crash.h"
#include "error.h"

namespace strata {
namespace {

// Longer than the gap between two dispatches, shorter than what a sleeping thread costs others.
constexpr uint64_t kIdleSpinNs = 50000;
// Threads of which there are more than processors get theirs only when waiting ones let go.
constexpr uint64_t kFinishSpinNs = 5000;
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

}  // namespace

ThreadPool::ThreadPool(int threads) : size_(threads) {
  try {
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { worker(thread); });
  } catch (const std::system_error &why) {
    stop();
    throw Error(errors::kThreadsUnavailable, {{"count", std::to_string(threads)}, {"reason", why.what()}});
  }
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
    if (pool == nullptr || !pool->claim(epoch, index)) return false;
  }
  ++taken;
  begin = index * chunk;
  end = std::min(extent, begin + chunk);
  return true;
}

bool ThreadPool::claim(uint32_t epoch, uint32_t &chunk) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    const auto next = static_cast<uint32_t>(ticket & 0xffff);
    const auto count = static_cast<uint32_t>((ticket >> 16) & 0xffff);
    if (epoch_of(ticket) != epoch || next >= count) return false;
    if (ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
      chunk = next;
      return true;
    }
  }
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
  const uint32_t epoch = epoch_of(ticket_.load(std::memory_order_relaxed)) + 1;
  ticket_.store(uint64_t{epoch} << 32 | static_cast<uint64_t>(chunks) << 16);
  if (sleepers_.load() > 0) {
    // The lock orders this after the sleeper's last look at the ticket.
    { const std::lock_guard<std::mutex> lock(mutex_); }
    wake_.notify_all();
  }

  uint32_t done = 0;
  Share share;
  if (claim(epoch, share.claimed)) {
    share.pool = this;
    share.epoch = epoch;
    share.extent = extent;
    share.chunk = chunk;
    job.work(0, share);
    done = share.taken;
  }
  const auto others = static_cast<uint32_t>(chunks) - done;
  const auto complete = [&] { return completed_.load(std::memory_order_acquire) == others; };
  while (!spin_until(kFinishSpinNs, complete)) std::this_thread::yield();
}

uint32_t ThreadPool::wait_for_epoch_after(uint32_t seen) {
  const auto changed = [&] { return epoch_of(ticket_.load()) != seen || stopping_.load(); };
  if (!spin_until(kIdleSpinNs, changed)) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++sleepers_;
    wake_.wait(lock, changed);
    --sleepers_;
  }
  return epoch_of(ticket_.load());
}

void ThreadPool::worker(int thread) {
  const crash::SignalStack stack;
  for (uint32_t seen = 0; !stopping_.load();) {
    seen = wait_for_epoch_after(seen);
    Share share;
    if (!claim(seen, share.claimed)) continue;
    share.pool = this;
    share.epoch = seen;
    share.extent = extent_;
    share.chunk = chunk_;
    job_->work(thread, share);
    completed_.fetch_add(share.taken, std::memory_order_release);
  }
}

}  // namespace strata
