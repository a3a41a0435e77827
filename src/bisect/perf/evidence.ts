/**
 * What became slower between two programs: their dispatches measured in the same pairs, aligned by the model nodes that they
 * compute, with the kernels of the one that grew most.
 */
import type { ArtifactContents, DispatchStep } from '../../artifact/contents';
import { readArtifact } from '../../artifact/readArtifact';
import type { Cancellation } from '../../base/cancellation';
import { median } from '../../compiler/artifactSession';
import { adjust } from '../../profiler/significance';
import { matchLines } from '../../dump/lineDiff';
import type { DispatchChange, KernelCode, PerfEvidence, TimedDispatch } from '../bisection';
import { kernelCode } from './kernelCode';
import type { DispatchGroup, Step } from './alignDispatches';
import type { PairTimes, TimedProgram } from './pairTimer';
import type { Estimate } from './pairedTest';
import { estimateOf } from './pairedTest';

/** Adjusted p up to which a dispatch counts as changed. */
const changedLevel = 0.01;

/** Changes of the groups, those that grew most first. Of each pair the groups stand in the same order. */
export function changesOf(
  steps: readonly [readonly Step[], readonly Step[]],
  pairs: readonly PairTimes[],
): readonly DispatchChange[] {
  const measured = (pairs[0]?.groups ?? []).map(({ good, bad, log }, g) => {
    const of = pairs.map((p) => p.groups[g]!);
    return {
      group: { good, bad },
      goodNs: median(of.map((t) => t.firstNs)),
      badNs: median(of.map((t) => t.secondNs)),
      estimate:
        log === undefined
          ? undefined
          : estimateOf(
              of.map((t) => t.log!),
              changedLevel,
            ),
    };
  });
  const compared = measured.flatMap((m) => (m.estimate === undefined ? [] : [m.estimate]));
  const ps = new Map(adjust(compared.map((e) => e.p)).map((p, i) => [compared[i]!, p]));
  return measured
    .map(({ group, goodNs, badNs, estimate }): DispatchChange => {
      const own = [...group.good.map((i) => steps[0][i]!), ...group.bad.map((j) => steps[1][j]!)];
      const p = estimate === undefined ? undefined : ps.get(estimate)!;
      return {
        ...group,
        nodes: [...new Set(own.flatMap((s) => s.origins))],
        goodNs,
        // By the ratio, which knows which turns were beside one another.
        badNs: estimate === undefined ? badNs : goodNs * estimate.ratio,
        ...(estimate === undefined
          ? {}
          : { ratio: estimate.ratio, range: [estimate.low, estimate.high] as const, p: p! }),
        verdict: verdictOf(group, estimate, p),
      };
    })
    .sort((a, b) => rank(a) - rank(b) || b.badNs - b.goodNs - (a.badNs - a.goodNs));
}
function verdictOf(
  group: DispatchGroup,
  estimate: Estimate | undefined,
  p: number | undefined,
): DispatchChange['verdict'] {
  if (estimate === undefined || p === undefined) return group.good.length === 0 ? 'new' : 'gone';
  if (p > changedLevel) return 'same';
  return estimate.ratio > 1 ? 'slower' : 'faster';
}
/** What may be to blame before the rest. */
const rank = (c: DispatchChange): number => (c.verdict === 'slower' || c.verdict === 'new' ? 0 : 1);

/** The evidence of pairs that were measured with both programs. */
export async function evidenceOf(
  programs: readonly [TimedProgram, TimedProgram],
  pairs: readonly PairTimes[],
  estimate: Estimate,
  cancellation: Cancellation,
): Promise<PerfEvidence> {
  const contents = [
    await readArtifact(programs[0].artifact),
    await readArtifact(programs[1].artifact),
  ] as const;
  const steps = contents.map((c) => c.entryPoints[0]?.steps ?? []) as [
    readonly DispatchStep[],
    readonly DispatchStep[],
  ];
  const changes = changesOf(steps, pairs);
  const [worst] = changes;
  const timeline = (side: 0 | 1): readonly TimedDispatch[] =>
    steps[side].map((s, index) => ({
      index,
      name: s.name,
      nodes: s.origins,
      schedule: s.schedule,
      ns: median(pairs.map((p) => p.dispatches[side][index]!)),
    }));
  const sides = [timeline(0), timeline(1)] as const;
  const kernel = (side: 0 | 1, of: ArtifactContents, indices: readonly number[]) => {
    // Of several, the one that takes longest.
    const [index] = [...indices].sort((a, b) => sides[side][b]!.ns - sides[side][a]!.ns);
    return index === undefined ? undefined : kernelCode(of, steps[side][index]!, cancellation.signal);
  };
  const kernels = [
    await kernel(0, contents[0], worst?.good ?? []),
    await kernel(1, contents[1], worst?.bad ?? []),
  ] as const;
  return {
    ratio: estimate.ratio,
    range: [estimate.low, estimate.high],
    p: estimate.p,
    pairs: estimate.pairs,
    threads: [programs[0].threads, programs[1].threads],
    sides,
    changes,
    kernels,
    equalLines: {
      c: equalLines(kernels, (k) => k.c),
      assembly: equalLines(kernels, (k) => withoutAddresses(k.assembly)),
    },
  };
}

const equalLines = (
  [a, b]: PerfEvidence['kernels'],
  text: (k: KernelCode) => string,
): readonly (readonly [number, number])[] =>
  a === undefined || b === undefined ? [] : matchLines(text(a).split('\n'), text(b).split('\n'));
const withoutAddresses = (assembly: string): string =>
  assembly.replace(/^\s*[0-9a-f]+ {2}/gm, '').replace(/→ .*$/gm, '→');
