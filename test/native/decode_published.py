"""Decodes a trace with the schema that Perfetto publishes and prints what is in it as JSON: for trace.test.ts."""

import json
import sys

from google.protobuf.unknown_fields import UnknownFieldSet
from perfetto.protos.perfetto.trace import perfetto_trace_pb2


def unknown_fields(message, path):
    found = [f"{path}: field {f.field_number}" for f in UnknownFieldSet(message)]
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for nested in value if not hasattr(value, "ListFields") else [value]:
            found += unknown_fields(nested, f"{path}.{field.name}")
    return found


def main():
    trace = perfetto_trace_pb2.Trace()
    with open(sys.argv[1], "rb") as file:
        trace.ParseFromString(file.read())
    types = perfetto_trace_pb2.TrackEvent.Type
    events = {}
    for packet in trace.packet:
        if packet.HasField("track_event"):
            name = types.Name(packet.track_event.type)
            events[name] = events.get(name, 0) + 1
    tracks = [p.track_descriptor for p in trace.packet if p.HasField("track_descriptor")]
    json.dump(
        {
            "unknown": unknown_fields(trace, "Trace")[:10],
            "events": events,
            "threads": [t.thread.thread_name for t in tracks if t.HasField("thread")],
            "counters": [t.name for t in tracks if t.HasField("counter")],
            "flows": sum(len(p.track_event.flow_ids) for p in trace.packet),
        },
        sys.stdout,
    )


main()
