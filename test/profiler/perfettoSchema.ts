/** Encodes Perfetto traces through protobufjs with the published field numbers: an encoder that is not ours. */
import protobuf from 'protobufjs';

const proto = `
syntax = "proto3";
message Trace { repeated TracePacket packet = 1; }
message TracePacket {
  optional uint64 timestamp = 8;
  optional uint32 trusted_packet_sequence_id = 10;
  optional TrackEvent track_event = 11;
  optional InternedData interned_data = 12;
  optional uint32 sequence_flags = 13;
  optional bool incremental_state_cleared = 41;
  optional TrackDescriptor track_descriptor = 60;
  optional ClockSnapshot clock_snapshot = 6;
  optional bytes compressed_packets = 50;
  optional uint32 timestamp_clock_id = 58;
  optional TracePacketDefaults trace_packet_defaults = 59;
  optional Unknown unknown = 900;
}
message Unknown { optional string text = 1; optional fixed32 word = 2; optional double number = 3; }
message TracePacketDefaults { optional uint32 timestamp_clock_id = 58; optional TrackEventDefaults track_event_defaults = 11; }
message TrackEventDefaults { optional uint64 track_uuid = 11; }
message ClockSnapshot { repeated Clock clocks = 1; }
message Clock { optional uint32 clock_id = 1; optional uint64 timestamp = 2; optional bool is_incremental = 3; optional uint64 unit_multiplier_ns = 4; }
message TrackEvent {
  repeated uint64 category_iids = 3;
  repeated DebugAnnotation debug_annotations = 4;
  optional LegacyEvent legacy_event = 6;
  optional uint32 type = 9;
  optional uint64 name_iid = 10;
  optional uint64 track_uuid = 11;
  repeated string categories = 22;
  optional string name = 23;
  optional int64 counter_value = 30;
  optional double double_counter_value = 44;
  repeated uint64 flow_ids_old = 36 [packed = false];
  repeated fixed64 flow_ids = 47 [packed = false];
  repeated fixed64 terminating_flow_ids = 48 [packed = false];
}
message LegacyEvent { optional int32 phase = 2; optional int64 duration_us = 3; }
message DebugAnnotation {
  optional uint64 name_iid = 1;
  optional bool bool_value = 2;
  optional uint64 uint_value = 3;
  optional int64 int_value = 4;
  optional double double_value = 5;
  optional string string_value = 6;
  optional uint64 pointer_value = 7;
  optional string name = 10;
  repeated DebugAnnotation dict_entries = 11;
  repeated DebugAnnotation array_values = 12;
  optional uint64 string_value_iid = 17;
}
message InternedData { repeated Interned event_names = 2; repeated Interned debug_annotation_names = 3; repeated InternedBytes debug_annotation_string_values = 29; }
message Interned { optional uint64 iid = 1; optional string name = 2; }
message InternedBytes { optional uint64 iid = 1; optional bytes str = 2; }
message TrackDescriptor {
  optional uint64 uuid = 1;
  optional string name = 2;
  optional ProcessDescriptor process = 3;
  optional ThreadDescriptor thread = 4;
  optional uint64 parent_uuid = 5;
  optional CounterDescriptor counter = 8;
}
message ProcessDescriptor { optional int32 pid = 1; optional string process_name = 6; }
message ThreadDescriptor { optional int32 pid = 1; optional int32 tid = 2; optional string thread_name = 5; }
message CounterDescriptor { optional uint32 unit = 3; optional int64 unit_multiplier = 4; optional bool is_incremental = 5; optional string unit_name = 6; }
`;

const traceType = protobuf.parse(proto, { keepCase: true }).root.lookupType('Trace');

/** A packet as plain data, with the field names of the schema; 64-bit values as numbers or decimal strings. */
export type Packet = Readonly<Record<string, unknown>>;

export const encodePackets = (packets: readonly Packet[]): Uint8Array =>
  traceType.encode(traceType.fromObject({ packet: packets })).finish();

export const EventType = { begin: 1, end: 2, instant: 3, counter: 4 } as const;

/** What the published schema finds in a file; 64-bit values as decimal strings. */
export const decodePackets = (bytes: Uint8Array): readonly Packet[] => {
  const decoded: unknown = traceType.toObject(traceType.decode(bytes), { longs: String, arrays: false });
  return (decoded as { packet?: readonly Packet[] }).packet ?? [];
};
