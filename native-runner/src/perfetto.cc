#include "perfetto.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>

#include "arena_use.h"

namespace strata {
namespace {

// Protocol buffer fields: varint (wire type 0), 64-bit (1) and length-delimited (2).
class Message {
 public:
  Message &varint(uint32_t field, uint64_t value) {
    put(uint64_t{field} << 3);
    put(value);
    return *this;
  }
  Message &real(uint32_t field, double value) {
    put(uint64_t{field} << 3 | 1);
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>(bits >> (8 * i) & 0xff);
    return *this;
  }
  Message &text(uint32_t field, std::string_view value) {
    put(uint64_t{field} << 3 | 2);
    put(value.size());
    bytes_ += value;
    return *this;
  }
  Message &nested(uint32_t field, const Message &message) { return text(field, message.bytes_); }

  const std::string &bytes() const { return bytes_; }

 private:
  void put(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

// Field numbers of the messages that are written.
namespace trace_field {
constexpr uint32_t kPacket = 1;
}
namespace packet_field {
constexpr uint32_t kTimestamp = 8, kSequenceId = 10, kTrackEvent = 11, kInternedData = 12, kSequenceFlags = 13,
                   kTrackDescriptor = 60;
}
namespace interned_field {
constexpr uint32_t kEventNames = 2, kAnnotationNames = 3, kIid = 1, kName = 2;
}
namespace event_field {
constexpr uint32_t kAnnotation = 4, kType = 9, kNameIid = 10, kTrackUuid = 11, kCategory = 22, kCounterValue = 30;
constexpr uint64_t kSliceBegin = 1, kSliceEnd = 2, kCounter = 4;
}
namespace annotation_field {
constexpr uint32_t kNameIid = 1, kUint = 3, kDouble = 5, kString = 6, kArray = 12;
}
namespace track_field {
constexpr uint32_t kUuid = 1, kName = 2, kProcess = 3, kThread = 4, kParentUuid = 5, kCounter = 8;
}
namespace counter_field {
constexpr uint32_t kUnit = 3;
constexpr uint64_t kSizeBytes = 3;
}
namespace process_field {
constexpr uint32_t kPid = 1, kName = 6;
}
namespace thread_field {
constexpr uint32_t kPid = 1, kTid = 2, kName = 5;
}

constexpr uint64_t kSequence = 1;
constexpr uint64_t kStateCleared = 1, kNeedsState = 2;
constexpr uint64_t kProcessTrack = 1, kDispatchTrack = 2, kArenaTrack = 3, kFirstThreadTrack = 16;

enum Annotation : uint32_t {
  kEntry = 1,
  kIteration,
  kDispatch,
  kDispatchName,
  kOrigins,
  kFlops,
  kBytesRead,
  kBytesWritten,
  kPredictedNs,
  kSchedule,
  kRefused,
  kUnits,
  kExtent,
  kPeakFlops,
  kPeakBytes,
  kFirstCounter,
  kAnnotationEnd = kFirstCounter + kPerfCounters
};
constexpr const char *kAnnotationNames[] = {"",           "entry",         "iteration",    "dispatch", "name",  "origins",
                                            "flops",      "bytes_read",    "bytes_written", "predicted_ns", "schedule",
                                            "refused",
                                            "units",      "extent",        "peak_flops_per_second",
                                            "peak_bytes_per_second",
                                            kPerfCounterNames[0],
                                            kPerfCounterNames[1],
                                            kPerfCounterNames[2],
                                            kPerfCounterNames[3]};
static_assert(sizeof kAnnotationNames / sizeof *kAnnotationNames == kAnnotationEnd, "one name for each annotation");

struct Event {
  uint64_t time;
  bool begins;
  const Zone *zone;
};

class Encoder {
 public:
  Encoder(const Trace &trace, const MachinePeak &peak) : trace_(trace), peak_(peak) {}

  std::string encode() {
    describe_tracks();
    intern_names();
    slices(trace_.dispatches(), kDispatchTrack);
    arena_readings();
    for (size_t i = 0; i < trace_.threads().size(); ++i) slices(trace_.threads()[i], kFirstThreadTrack + i);
    return std::move(out_);
  }

 private:
  void packet(Message &message) {
    message.varint(packet_field::kSequenceId, kSequence);
    Message outer;
    outer.nested(trace_field::kPacket, message);
    out_ += outer.bytes();
  }

  void describe_tracks() {
    const auto pid = static_cast<uint64_t>(getpid());
    Message process;
    process.varint(process_field::kPid, pid).text(process_field::kName, "strata-runner");
    Message track;
    track.varint(track_field::kUuid, kProcessTrack).nested(track_field::kProcess, process);
    describe(track, kStateCleared);
    Message dispatches;
    dispatches.varint(track_field::kUuid, kDispatchTrack)
        .text(track_field::kName, "dispatches")
        .varint(track_field::kParentUuid, kProcessTrack);
    describe(dispatches, kNeedsState);
    if (uses_arena()) {
      Message unit;
      unit.varint(counter_field::kUnit, counter_field::kSizeBytes);
      Message arena;
      arena.varint(track_field::kUuid, kArenaTrack)
          .text(track_field::kName, "arena in use")
          .varint(track_field::kParentUuid, kProcessTrack)
          .nested(track_field::kCounter, unit);
      describe(arena, kNeedsState);
    }
    for (size_t i = 0; i < trace_.threads().size(); ++i) {
      // Threads are numbered in the pool; their system ids would differ from run to run.
      Message thread;
      thread.varint(thread_field::kPid, pid)
          .varint(thread_field::kTid, pid + i)
          .text(thread_field::kName, i == 0 ? "thread 0 (main)" : "thread " + std::to_string(i));
      Message thread_track;
      thread_track.varint(track_field::kUuid, kFirstThreadTrack + i)
          .nested(track_field::kThread, thread)
          .varint(track_field::kParentUuid, kProcessTrack);
      describe(thread_track, kNeedsState);
    }
  }

  void describe(const Message &track, uint64_t flags) {
    Message message;
    message.nested(packet_field::kTrackDescriptor, track).varint(packet_field::kSequenceFlags, flags);
    packet(message);
  }

  // Names of iterations and dispatches are numbered program by program, from 1.
  uint64_t name_iid(const Zone &zone) const {
    uint64_t iid = 1;
    for (size_t i = 0; i < zone.program; ++i) iid += trace_.programs()[i].entry->steps.size() + 1;
    return zone.step == kWholeIteration ? iid : iid + 1 + zone.step;
  }

  void intern_names() {
    Message interned;
    uint64_t iid = 1;
    const auto intern = [&](const std::string &name) {
      Message entry;
      entry.varint(interned_field::kIid, iid++).text(interned_field::kName, name);
      interned.nested(interned_field::kEventNames, entry);
    };
    for (const auto &program : trace_.programs()) {
      intern(program.entry->name);
      for (const auto &step : program.entry->steps) intern(step.name);
    }
    for (uint32_t i = 1; i < kAnnotationEnd; ++i) {
      Message entry;
      entry.varint(interned_field::kIid, i).text(interned_field::kName, kAnnotationNames[i]);
      interned.nested(interned_field::kAnnotationNames, entry);
    }
    Message message;
    message.nested(packet_field::kInternedData, interned).varint(packet_field::kSequenceFlags, kNeedsState);
    packet(message);
  }

  bool uses_arena() const {
    return std::any_of(trace_.programs().begin(), trace_.programs().end(),
                       [](const Trace::TracedProgram &program) { return program.entry->arena_bytes > 0; });
  }

  // One reading at the start of each dispatch, and none in use after each iteration.
  void arena_readings() {
    if (!uses_arena()) return;
    std::vector<std::vector<uint64_t>> use;
    for (const auto &program : trace_.programs()) use.push_back(arena_use(*program.entry));
    trace_.dispatches().for_each([&](const Zone &zone) {
      const bool whole = zone.step == kWholeIteration;
      Message track_event;
      track_event.varint(event_field::kType, event_field::kCounter)
          .varint(event_field::kTrackUuid, kArenaTrack)
          .varint(event_field::kCounterValue, whole ? 0 : use[zone.program][zone.step]);
      Message message;
      message.varint(packet_field::kTimestamp, whole ? zone.end_ns : zone.start_ns)
          .varint(packet_field::kSequenceFlags, kNeedsState)
          .nested(packet_field::kTrackEvent, track_event);
      packet(message);
    });
  }

  void slices(const ZoneRing &ring, uint64_t track) {
    std::vector<Event> events;
    ring.for_each([&](const Zone &zone) {
      events.push_back({zone.start_ns, true, &zone});
      events.push_back({zone.end_ns, false, &zone});
    });
    // An iteration is recorded after the dispatches that it encloses. At equal times ends come before begins, except
    // that what encloses begins first and ends last.
    const auto rank = [](const Event &event) {
      const bool whole = event.zone->step == kWholeIteration;
      if (event.zone->start_ns == event.zone->end_ns) return event.begins ? 2 : 3;
      return event.begins ? (whole ? 1 : 4) : (whole ? 0 : -1);
    };
    std::stable_sort(events.begin(), events.end(), [&](const Event &a, const Event &b) {
      return a.time != b.time ? a.time < b.time : rank(a) < rank(b);
    });
    for (const Event &event : events) slice_edge(event, track);
  }

  void slice_edge(const Event &event, uint64_t track) {
    Message track_event;
    track_event.varint(event_field::kType, event.begins ? event_field::kSliceBegin : event_field::kSliceEnd)
        .varint(event_field::kTrackUuid, track);
    if (event.begins) {
      const Zone &zone = *event.zone;
      const EntryPoint &entry = *trace_.programs()[zone.program].entry;
      track_event.varint(event_field::kNameIid, name_iid(zone))
          .text(event_field::kCategory, zone.step == kWholeIteration ? "iteration" : "dispatch");
      annotate(track_event, kEntry, entry.name);
      annotate(track_event, kIteration, zone.iteration);
      if (zone.step != kWholeIteration) {
        annotate_dispatch(track_event, zone, entry.steps[zone.step], track != kDispatchTrack);
      } else if (peak_.flops_per_second > 0 && peak_.bytes_per_second > 0) {
        annotate(track_event, kPeakFlops, peak_.flops_per_second);
        annotate(track_event, kPeakBytes, peak_.bytes_per_second);
      }
    }
    Message message;
    message.varint(packet_field::kTimestamp, event.time)
        .varint(packet_field::kSequenceFlags, kNeedsState)
        .nested(packet_field::kTrackEvent, track_event);
    packet(message);
  }

  void annotate_dispatch(Message &event, const Zone &zone, const Step &step, bool thread) {
    annotate(event, kDispatch, zone.step);
    annotate(event, kDispatchName, step.name);
    Message origins;
    origins.varint(annotation_field::kNameIid, kOrigins);
    for (const auto &origin : step.origins) {
      Message element;
      element.text(annotation_field::kString, origin);
      origins.nested(annotation_field::kArray, element);
    }
    event.nested(event_field::kAnnotation, origins);
    annotate(event, kFlops, step.flops);
    annotate(event, kBytesRead, step.bytes_read);
    annotate(event, kBytesWritten, step.bytes_written);
    if (step.predicted_ns >= 0) {
      Message predicted;
      predicted.varint(annotation_field::kNameIid, kPredictedNs).real(annotation_field::kDouble, step.predicted_ns);
      event.nested(event_field::kAnnotation, predicted);
    }
    if (!step.schedule.empty()) annotate(event, kSchedule, step.schedule);
    if (!step.refused.empty()) annotate(event, kRefused, step.refused);
    // Whole dispatches count nothing of their own: the threads do.
    if (thread)
      for (const PerfCounter counter : trace_.counters()) {
        const auto i = static_cast<uint32_t>(counter);
        annotate(event, static_cast<Annotation>(kFirstCounter + i), zone.counts[i]);
      }
    annotate(event, kUnits, static_cast<uint64_t>(zone.units));
    annotate(event, kExtent, static_cast<uint64_t>(step.extent));
  }

  static void annotate(Message &event, Annotation name, uint64_t value) {
    Message annotation;
    annotation.varint(annotation_field::kNameIid, name).varint(annotation_field::kUint, value);
    event.nested(event_field::kAnnotation, annotation);
  }

  static void annotate(Message &event, Annotation name, const std::string &value) {
    Message annotation;
    annotation.varint(annotation_field::kNameIid, name).text(annotation_field::kString, value);
    event.nested(event_field::kAnnotation, annotation);
  }

  const Trace &trace_;
  const MachinePeak peak_;
  std::string out_;
};

}  // namespace

std::string encode_perfetto(const Trace &trace, const MachinePeak &peak) { return Encoder(trace, peak).encode(); }

}  // namespace strata
