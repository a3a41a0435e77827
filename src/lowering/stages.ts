/**
 * The stages of the lowering as data: what each is for and which ops may be there when it is complete. The pass
 * manager checks the contract after the stage's last pass; views group passes by stage.
 */
import type { Operation, StageContract } from '../ir';

export interface Stage extends StageContract {
  /** One sentence. */
  readonly summary: string;
}

const anywhere = new Set(['builtin']);

/** Ops of whole dialects, or single ops by full name. */
const allow = (...names: readonly string[]) => {
  const set = new Set(names);
  return (op: Operation): boolean => anywhere.has(op.dialect) || set.has(op.dialect) || set.has(op.name);
};

const structured = ['func', 'linalg', 'tensor', 'arith', 'math', 'scf'];

export const stages = [
  {
    name: 'import',
    summary: 'The model as it was written.',
    allows: () => true,
  },
  {
    name: 'graph',
    summary: 'Normalised tensor ops with explicit attributes and no opset versions.',
    allows: allow('func', 'nn', 'arith.constant'),
  },
  {
    name: 'structured',
    summary: 'Loops over tensors without an order: linalg.',
    allows: allow(...structured),
  },
  {
    name: 'dispatch',
    summary: 'Regions that become one kernel each, and the host program that calls them.',
    allows: allow(...structured, 'dispatch'),
  },
  {
    name: 'scheduled',
    summary: 'Each dispatch with its schedule: tiles, vectors, loop order.',
    allows: allow(...structured, 'dispatch'),
  },
  {
    name: 'loops',
    summary: 'Kernels as vector loops on buffers, and a host program over one planned arena.',
    allows: allow('func', 'arith', 'math', 'scf', 'vector', 'memref', 'affine'),
  },
] as const satisfies readonly Stage[];

export type StageName = (typeof stages)[number]['name'];

export const stageNamed = (name: StageName): Stage => stages.find((s) => s.name === name)!;
