/**
 * Locations: where an op comes from. They nest as in MLIR and are how provenance survives: an op made from a
 * model node carries a `NameLoc` in the model's namespace, and fusing ops fuses their locations.
 */
import type { Attribute } from './attributes';

export type Location =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'name'; readonly name: string; readonly child: Location }
  | { readonly kind: 'callsite'; readonly callee: Location; readonly caller: Location }
  | {
      readonly kind: 'fused';
      readonly locations: readonly Location[];
      readonly metadata: Attribute | undefined;
    };

export const unknownLoc: Location = { kind: 'unknown' };
export const fileLoc = (file: string, line: number, column: number): Location => ({
  kind: 'file',
  file,
  line,
  column,
});
export const nameLoc = (name: string, child: Location = unknownLoc): Location => ({
  kind: 'name',
  name,
  child,
});
export const callSiteLoc = (callee: Location, caller: Location): Location => ({
  kind: 'callsite',
  callee,
  caller,
});

const scheme = 'model:';
/**
 * The location of a model node: its name over the model's file, with the node's position in the graph as line
 * (counted from 1). `modelNodesOf` finds it again through any nesting.
 */
export const modelNodeLoc = (model: string, node: string, position: number): Location =>
  nameLoc(node, fileLoc(scheme + model, position, 0));

/** `loc(…)` without the wrapper. Equal locations have equal text. */
export function locationText(l: Location): string {
  let text = texts.get(l);
  if (text === undefined) texts.set(l, (text = textOf(l)));
  return text;
}
const texts = new WeakMap<Location, string>();
function textOf(l: Location): string {
  switch (l.kind) {
    case 'unknown':
      return 'unknown';
    case 'file':
      return `${quote(l.file)}:${l.line}:${l.column}`;
    case 'name':
      return l.child.kind === 'unknown' ? quote(l.name) : `${quote(l.name)}(${locationText(l.child)})`;
    case 'callsite':
      return `callsite(${locationText(l.callee)} at ${locationText(l.caller)})`;
    case 'fused':
      return `fused${l.metadata === undefined ? '' : `<${l.metadata.text}>`}[${l.locations.map(locationText).join(', ')}]`;
  }
}
/** A string literal with MLIR's escapes (`\"`, `\\`, `\n`, `\t`, two hex digits for other bytes). */
export function quote(s: string): string {
  let out = '"';
  for (const byte of new TextEncoder().encode(s)) {
    if (byte === 0x22) out += '\\22';
    else if (byte === 0x5c) out += '\\\\';
    else if (byte >= 0x20 && byte < 0x7f) out += String.fromCharCode(byte);
    else out += `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out + '"';
}

/** A model node that an op comes from. */
export interface ModelNode {
  readonly model: string;
  readonly name: string;
  /** Position in the model's graph, from 1. */
  readonly position: number;
}

const nodeCache = new WeakMap<Location, readonly ModelNode[]>();

/** All model nodes below a location, in graph order, without repeats. */
export function modelNodesOf(location: Location): readonly ModelNode[] {
  const known = nodeCache.get(location);
  if (known !== undefined) return known;
  const found = new Map<string, ModelNode>();
  const visit = (l: Location): void => {
    switch (l.kind) {
      case 'name':
        if (l.child.kind === 'file' && l.child.file.startsWith(scheme)) {
          const node = { model: l.child.file.slice(scheme.length), name: l.name, position: l.child.line };
          found.set(`${node.model}:${node.position}:${node.name}`, node);
        } else visit(l.child);
        return;
      case 'callsite':
        visit(l.callee);
        visit(l.caller);
        return;
      case 'fused':
        l.locations.forEach(visit);
        return;
      default:
        return;
    }
  };
  visit(location);
  const nodes = [...found.values()].sort((a, b) => a.position - b.position);
  nodeCache.set(location, nodes);
  return nodes;
}

/** Joins locations: flattened, without repeats or unknowns; one location stays itself. */
export function fuseLocations(locations: readonly Location[], metadata?: Attribute): Location {
  const [first] = locations;
  if (first !== undefined && metadata === undefined && locations.every((l) => l === first)) return first;
  const parts = new Map<string, Location>();
  const add = (l: Location): void => {
    if (l.kind === 'unknown') return;
    if (l.kind === 'fused' && l.metadata === undefined) l.locations.forEach(add);
    else parts.set(locationText(l), l);
  };
  locations.forEach(add);
  const unique = [...parts.values()];
  if (unique.length === 0) return unknownLoc;
  if (unique.length === 1 && metadata === undefined) return unique[0]!;
  return { kind: 'fused', locations: unique, metadata };
}
