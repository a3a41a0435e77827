"""What other readers take for a trace file: prints one JSON line per reader that is installed. Used by `npm run bench:trace`.

Each only decodes; nesting, interning and statistics are not in its time.
"""

import json
import sys
import time


def timed(name, read):
    start = time.perf_counter()
    count = read()
    print(json.dumps({"peer": name, "events": count, "ms": 1000 * (time.perf_counter() - start)}), flush=True)


def protobuf(data):
    import google.protobuf
    from google.protobuf.internal import api_implementation
    from perfetto.protos.perfetto.trace import perfetto_trace_pb2

    def read():
        trace = perfetto_trace_pb2.Trace.FromString(data)
        begin = perfetto_trace_pb2.TrackEvent.TYPE_SLICE_BEGIN
        return sum(1 for p in trace.packet if p.track_event.type == begin)

    timed(
        f"protobuf {google.protobuf.__version__} ({api_implementation.Type()}) with Perfetto's published schema, decoding only",
        read,
    )


def chrome(data):
    timed(
        f"json of Python {sys.version.split()[0]}, decoding only",
        lambda: sum(1 for e in json.loads(data)["traceEvents"] if e["ph"] == "X"),
    )


file_format, path = sys.argv[1:]
with open(path, "rb") as file:
    contents = file.read()
try:
    {"protobuf": protobuf, "chrome": chrome}[file_format](contents)
except ImportError as error:
    print(json.dumps({"peer": None, "missing": str(error)}))
