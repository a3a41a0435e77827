// What this machine reaches at most: multiply-adds per second by element type, and bytes read per second. Built with
// the flags of this machine and run by `strata doctor --peak`. `peak THREADS MEBIBYTES` prints one line per figure:
// its name, threads, and operations (two per multiply-add) or bytes per second: the best of several rounds.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
enum { kVectorBytes = 64 };
#elif defined(__AVX__)
enum { kVectorBytes = 32 };
#else
enum { kVectorBytes = 16 };
#endif

typedef float f32v __attribute__((vector_size(kVectorBytes)));
typedef int32_t i32v __attribute__((vector_size(kVectorBytes)));
typedef int64_t i64v __attribute__((vector_size(kVectorBytes)));

enum { kChains = 12, kRounds = 7 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Twelve accumulators that do not wait for one another. The empty asm keeps each step whole and in registers.
#define CHAINS(type, step)                                                                                          \
  type z;                                                                                                           \
  memset(&z, 0, sizeof z);                                                                                          \
  type c0 = z, c1 = z, c2 = z, c3 = z, c4 = z, c5 = z, c6 = z, c7 = z, c8 = z, c9 = z, c10 = z, c11 = z;            \
  for (int64_t i = 0; i < steps; ++i) {                                                                             \
    KEEP(a);                                                                                                        \
    KEEP(b);                                                                                                        \
    EACH(step, c0) EACH(step, c1) EACH(step, c2) EACH(step, c3) EACH(step, c4) EACH(step, c5)                       \
    EACH(step, c6) EACH(step, c7) EACH(step, c8) EACH(step, c9) EACH(step, c10) EACH(step, c11)                     \
  }
#define EACH(step, c) \
  c = step(c, a, b);  \
  KEEP(c);
#if defined(__x86_64__)
#define KEEP(v) __asm__ volatile("" : "+v"(v))
#elif defined(__aarch64__)
#define KEEP(v) __asm__ volatile("" : "+w"(v))
#else
#define KEEP(v) __asm__ volatile("" : "+m"(v))
#endif

// Each returns operations per step.
static double run_f32(int64_t steps) {
  f32v a, b;
  for (unsigned i = 0; i < kVectorBytes / 4; ++i) a[i] = 0.5f, b[i] = 0.25f;
#define MULTIPLY_ADD(c, a, b) ((a) * (b) + (c))
  CHAINS(f32v, MULTIPLY_ADD)
  return 2.0 * kChains * (kVectorBytes / 4);
}

#if defined(__AVX512VNNI__)
#define HAS_DOT 1
static double run_u8s8(int64_t steps) {
  __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(1);
  CHAINS(__m512i, _mm512_dpbusd_epi32)
  return 2.0 * kChains * 64;
}
#elif defined(__AVXVNNI__)
#define HAS_DOT 1
static double run_u8s8(int64_t steps) {
  __m256i a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(1);
  CHAINS(__m256i, _mm256_dpbusd_avx_epi32)
  return 2.0 * kChains * 32;
}
#elif defined(__ARM_FEATURE_DOTPROD)
#define HAS_DOT 1
static double run_u8s8(int64_t steps) {
  int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(1);
  CHAINS(int32x4_t, vdotq_s32)
  return 2.0 * kChains * 16;
}
#endif

#if defined(__AVX512BF16__)
#define HAS_BF16 1
static double run_bf16(int64_t steps) {
  __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f00), b = a;
  CHAINS(__m512, _mm512_dpbf16_ps)
  return 2.0 * kChains * 32;
}
#elif defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
#define HAS_BF16 1
static double run_bf16(int64_t steps) {
  bfloat16x8_t a = vreinterpretq_bf16_u16(vdupq_n_u16(0x3f00)), b = a;
  CHAINS(float32x4_t, vbfdotq_f32)
  return 2.0 * kChains * 8;
}
#endif

static uint8_t *memory;
static int64_t memory_bytes;

// Reads a part of the memory once, through several streams as a kernel does.
static int64_t read_part(int part, int parts) {
  const int64_t vectors = memory_bytes / parts / kVectorBytes / 8 * 8;
  const i64v *from = (const i64v *)(memory + (int64_t)part * (memory_bytes / parts / 4096 * 4096));
  i64v sum[8];
  memset(sum, 0, sizeof sum);
  for (int64_t i = 0; i < vectors; i += 8) {
    _Pragma("GCC unroll 8") for (int k = 0; k < 8; ++k) sum[k] += from[i + k];
  }
  _Pragma("GCC unroll 8") for (int k = 0; k < 8; ++k) KEEP(sum[k]);
  return vectors * kVectorBytes;
}

typedef double (*compute)(int64_t steps);
struct work {
  compute run;  // Absent: reads memory.
  int64_t steps;
  int part, parts;
  pthread_barrier_t *begin;
  double begin_s, end_s, done;
};

static void *worker(void *argument) {
  struct work *w = argument;
  pthread_barrier_wait(w->begin);
  w->begin_s = seconds();
  w->done = w->run == NULL ? (double)read_part(w->part, w->parts) : w->run(w->steps) * (double)w->steps;
  w->end_s = seconds();
  return NULL;
}

// Work of all threads per second, from the first that begins to the last that ends.
static double rate(compute run, int64_t steps, int threads) {
  pthread_t ids[threads];
  struct work works[threads];
  pthread_barrier_t begin;
  pthread_barrier_init(&begin, NULL, (unsigned)threads);
  for (int t = 0; t < threads; ++t) {
    works[t] = (struct work){run, steps, t, threads, &begin, 0, 0, 0};
    if (t > 0 && pthread_create(&ids[t], NULL, worker, &works[t]) != 0) exit(2);
  }
  worker(&works[0]);
  for (int t = 1; t < threads; ++t) pthread_join(ids[t], NULL);
  pthread_barrier_destroy(&begin);
  double first = works[0].begin_s, last = works[0].end_s, done = 0;
  for (int t = 0; t < threads; ++t) {
    if (works[t].begin_s < first) first = works[t].begin_s;
    if (works[t].end_s > last) last = works[t].end_s;
    done += works[t].done;
  }
  return done / (last - first);
}

static void report(const char *name, compute run, int threads) {
  // About 20 ms a round: long enough for the clock to rise, short enough to miss what else the machine does.
  int64_t steps = 100000;
  if (run != NULL) {
    const double start = seconds();
    run(steps);
    steps = (int64_t)((double)steps * 0.02 / (seconds() - start + 1e-9)) + 1;
  }
  double best = 0;
  for (int i = 0; i < kRounds; ++i) {
    const double r = rate(run, steps, threads);
    if (r > best) best = r;
  }
  printf("%s %d %.6g\n", name, threads, best);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int threads = atoi(argv[1]);
  memory_bytes = (int64_t)atoi(argv[2]) << 20;
  if (threads < 1 || memory_bytes < 1 << 20) return 2;
  memory = aligned_alloc(1 << 21, (size_t)memory_bytes);
  if (memory == NULL) return 3;
#if defined(MADV_HUGEPAGE)
  madvise(memory, (size_t)memory_bytes, MADV_HUGEPAGE);
#endif
  memset(memory, 1, (size_t)memory_bytes);
  for (int t = 1; t <= threads; t = t < threads && t * 2 > threads ? threads : t * 2) {
    report("f32", run_f32, t);
#if defined(HAS_DOT)
    report("u8s8", run_u8s8, t);
#endif
#if defined(HAS_BF16)
    report("bf16", run_bf16, t);
#endif
    report("read", NULL, t);
  }
  return 0;
}
