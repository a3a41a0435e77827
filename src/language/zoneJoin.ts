/**
 * What is behind a zone of a trace, recorded by us or by another tool: the dispatch of a compilation, and by what evidence.
 * The editor shows it with every zone and follows it to IR, C and model.
 */
import type { RewriteRecord, PassRecord } from '../ir';
import type { DispatchKey } from './provenance';
import { dispatchesOfNodes } from './provenance';

/** What says that a zone and a dispatch belong together, best first. */
export type JoinEvidence = 'recorded' | 'symbol' | 'location' | 'name';

export interface JoinableZone {
  readonly name: string;
  readonly dispatch?: number;
  readonly entry?: string;
  readonly origins: readonly string[];
  /** `file:line`, as a tool recorded it. */
  readonly location?: string;
}

export type JoinableDispatch = DispatchKey;

export interface Joinable<D extends JoinableDispatch> {
  readonly dispatches: readonly D[];
  /** In the order of the model; positions from 1. */
  readonly modelNodes: readonly { readonly name: string; readonly position: number }[];
  /** Path of the model file. */
  readonly model: string;
  /** The trace is one of a run of this compilation. */
  readonly ran: boolean;
}

export interface Joined<D extends JoinableDispatch> {
  readonly dispatch: D;
  readonly evidence: JoinEvidence;
  /** In words, for people. */
  readonly because: string;
}

const ORDER: readonly JoinEvidence[] = ['recorded', 'symbol', 'location', 'name'];

/** What runtimes append to the name of the node that they time. */
const SUFFIX = /_(kernel_time|fence_before|fence_after)$/;

/** The symbol of a frame: without its module, offset and arguments. */
const symbolOf = (name: string): string =>
  name
    .replace(/^.*!/, '')
    .replace(/\+0x[\da-f]+.*$/i, '')
    .replace(/\(.*$/, '')
    .trim();

/** The best that is known; undefined where nothing ties the zone to the compilation. */
export function joinZone<D extends JoinableDispatch>(
  zone: JoinableZone,
  to: Joinable<D>,
): Joined<D> | undefined {
  return byRecord(zone, to) ?? bySymbol(zone, to) ?? byLocation(zone, to) ?? byName(zone, to);
}

/** As `joinZone` over several compilations: the best evidence, of equals the first. */
export function joinZoneToAny<D extends JoinableDispatch, C extends Joinable<D>>(
  zone: JoinableZone,
  compilations: readonly C[],
): (Joined<D> & { readonly compilation: C }) | undefined {
  const found = compilations.flatMap((compilation) => {
    const joined = joinZone(zone, compilation);
    return joined === undefined ? [] : [{ ...joined, compilation }];
  });
  return ORDER.flatMap((e) => found.filter((f) => f.evidence === e))[0];
}

const sameNodes = (a: readonly string[], b: readonly string[]): boolean =>
  a.length > 0 && a.length === b.length && a.every((n) => b.includes(n));

function byRecord<D extends JoinableDispatch>(zone: JoinableZone, to: Joinable<D>): Joined<D> | undefined {
  if (zone.dispatch === undefined) return undefined;
  const numbered = to.dispatches.filter((d) => d.index === zone.dispatch);
  // A zone without an entry point tells which dispatch it is only where there is one of that number.
  const found =
    zone.entry === undefined
      ? numbered.length === 1
        ? numbered[0]
        : numbered.find((d) => d.name === zone.name)
      : numbered.find((d) => d.entryPoint === zone.entry);
  // A trace that was opened as a file may be of another compilation: then number, name and nodes have to agree.
  if (
    found === undefined ||
    !(to.ran || (found.name === zone.name && sameNodes(found.origins, zone.origins)))
  )
    return undefined;
  return {
    dispatch: found,
    evidence: 'recorded',
    because: `the runner recorded dispatch ${found.index} of ${found.entryPoint}`,
  };
}

function bySymbol<D extends JoinableDispatch>(zone: JoinableZone, to: Joinable<D>): Joined<D> | undefined {
  const symbol = symbolOf(zone.name);
  const found = to.dispatches.find((d) => d.symbol === symbol || d.name === symbol);
  if (found === undefined || symbol === '') return undefined;
  return { dispatch: found, evidence: 'symbol', because: `its name is the kernel's symbol ${symbol}` };
}

const baseOf = (file: string): string => file.replace(/^model:/, '').replace(/^.*[\\/]/, '');

function byLocation<D extends JoinableDispatch>(zone: JoinableZone, to: Joinable<D>): Joined<D> | undefined {
  const place = /([^\s"'(]+?)"?:(\d+)(?::\d+)?[^\d:]*$/.exec(zone.location ?? '');
  if (place === null || baseOf(place[1]!) !== baseOf(to.model)) return undefined;
  const node = to.modelNodes.find((n) => n.position === Number(place[2]));
  const [found] = node === undefined ? [] : dispatchesOfNodes(to.dispatches, [node.name]);
  if (found === undefined) return undefined;
  return { dispatch: found, evidence: 'location', because: `it was recorded at ${place[0].trim()}` };
}

function byName<D extends JoinableDispatch>(zone: JoinableZone, to: Joinable<D>): Joined<D> | undefined {
  const named = [zone.name, zone.name.replace(SUFFIX, '')];
  const node = to.modelNodes.find((n) => n.name !== '' && named.includes(n.name));
  const nodes = zone.origins.length > 0 ? zone.origins : node === undefined ? [] : [node.name];
  const [found] = dispatchesOfNodes(to.dispatches, nodes);
  if (found === undefined) return undefined;
  const because =
    zone.origins.length > 0
      ? 'it names the same model nodes'
      : `its name is that of the model node ${nodes[0]!}`;
  return { dispatch: found, evidence: 'name', because };
}

/** A pass that had a hand in a dispatch, with the rules that it applied to its ops. */
export interface PassTouch {
  readonly pass: number;
  readonly name: string;
  readonly rules: readonly string[];
}

/** Passes whose rewrites made or took ops of these model nodes, and of none else but those, in their order. */
export function passHistory(
  nodes: readonly string[],
  passes: readonly PassRecord[],
  rewrites: readonly RewriteRecord[],
): readonly PassTouch[] {
  const wanted = new Set(nodes);
  const touches = (r: RewriteRecord): boolean =>
    [...r.sources, ...r.results].some((op) => op.nodes.length > 0 && op.nodes.every((n) => wanted.has(n)));
  return passes.flatMap((p): readonly PassTouch[] => {
    const [from, to] = p.rewrites;
    const rules = new Set<string>();
    for (let i = from; i < to; i++) if (touches(rewrites[i]!)) rules.add(rewrites[i]!.rule);
    return rules.size === 0 ? [] : [{ pass: p.index, name: p.pass, rules: [...rules] }];
  });
}
