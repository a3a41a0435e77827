/**
 * The one way to change IR in a pass: each application is offered to the recorder, built, recorded and cleaned up
 * after. `applyRules` drives rules to a fixed point in a fixed order.
 */
import type { Cancellation } from '../../base/cancellation';
import { Builder } from '../builder';
import { fuseLocations } from '../location';
import type { Operation, Value } from '../operation';
import { passMessages } from '../pass/messages';
import type { ResourceStore } from '../resources';
import type { RewriteRecorder } from './record';
import { opRef } from './record';
import type { Rule } from './rule';

/** One change of the IR. */
export interface Application {
  /** Name of the rule, or of the step of a pass that is not rule-driven. */
  readonly rule: string;
  /** The op that is replaced; new ops go right before it. */
  readonly root: Operation;
  readonly sources?: readonly Operation[];
  /** As in `Patch`. */
  readonly past?: readonly Operation[];
  /**
   * Builds the replacement of the root's results (none for an op without results). `undefined` keeps the root: the
   * change is in what was built, or made in place by `build`.
   */
  readonly build: (b: Builder) => readonly Value[] | undefined;
}

export interface RewriterOptions {
  readonly pass: string;
  readonly recorder: RewriteRecorder;
  readonly resources: ResourceStore;
  readonly cancellation: Cancellation;
}

/** Notes each op that is inserted, so that the record can name it. */
class RecordingBuilder extends Builder {
  readonly created: Operation[] = [];
  override insert(op: Operation): Operation {
    this.created.push(op);
    return super.insert(op);
  }
}

export class Rewriter {
  /**
   * The outermost ops in which something was applied: those of the module's body, or the module. They may be gone, and others
   * may have come.
   */
  readonly touched = new Set<Operation>();
  /** Whether anything was applied so far. */
  get changed(): boolean {
    return this.touched.size > 0;
  }
  /** Applications that the recorder refused, so that a driver does not offer them again. */
  readonly #refused = new WeakMap<Operation, Set<string>>();

  constructor(readonly options: RewriterOptions) {}

  get resources(): ResourceStore {
    return this.options.resources;
  }

  /** Takes over what another rewriter, which stood in for this one, did with the same recorder. */
  absorb(other: Rewriter): void {
    for (const op of other.touched) this.touched.add(op);
  }

  /** Applies one change. False when bisection holds it back. */
  apply(application: Application): boolean {
    return this.#apply(application) !== undefined;
  }

  #apply(application: Application): readonly Operation[] | undefined {
    const { rule, root } = application;
    this.options.cancellation.throwIfCancelled();
    const { index, allowed } = this.options.recorder.claim(rule);
    if (!allowed) {
      const refused = this.#refused.get(root) ?? new Set();
      this.#refused.set(root, refused.add(rule));
      return undefined;
    }
    const start = process.hrtime.bigint();
    const made = [...new Set([root, ...(application.sources ?? [])])];
    const all = [...new Set([...made, ...(application.past ?? [])])];
    const sources = all.map(opRef);
    for (const op of all) this.touched.add(outermost(op));
    const builder = new RecordingBuilder(fuseLocations(made.map((s) => s.location)));
    builder.setBefore(root);
    const values = application.build(builder);
    if (values !== undefined) {
      if (values.length !== root.results.length) {
        throw new Error(
          `${rule} replaces ${root.results.length} results of ${root.name} by ${values.length} values`,
        );
      }
      root.results.forEach((r, i) => {
        r.replaceAllUsesWith(values[i]!);
      });
      if (root.block !== undefined) root.erase();
    }
    for (const source of all) if (source !== root && source.block !== undefined) eraseIfDead(source);
    const created = builder.created.filter((op) => op.block !== undefined);
    for (const op of created) this.touched.add(outermost(op));
    this.options.recorder.records.push({
      index,
      pass: this.options.pass,
      rule,
      sources,
      results: created.map(opRef),
      durationNs: Number(process.hrtime.bigint() - start),
    });
    return created;
  }

  /** Applies rules below `root` until none matches. True when something changed. */
  applyRules(root: Operation, rules: readonly Rule[]): boolean {
    const byRoot = indexRules(rules);
    const queue: Operation[] = [];
    const queued = new Set<Operation>();
    const push = (op: Operation | undefined): void => {
      if (op !== undefined && !queued.has(op)) {
        queued.add(op);
        queue.push(op);
      }
    };
    root.walk(push);
    // Each application may enlarge the queue; a rule set that never ends is a defect, not a hang.
    const limit = 1000 + 200 * queue.length;
    let applied = 0;
    for (let i = 0; i < queue.length; i++) {
      const op = queue[i]!;
      queued.delete(op);
      // An op may have gone with the one around it.
      if (op !== root && !root.isAncestorOf(op)) continue;
      let neighbours: readonly Operation[] = [];
      // Only of an op that a rule takes: a constant may have thousands of users.
      const created = this.#applyFirst(op, byRoot, () => {
        neighbours = [
          ...op.results.flatMap((r) => r.users),
          ...op.operands.flatMap((v) => v.definingOp ?? []),
        ];
      });
      if (created === undefined) continue;
      if (++applied > limit) {
        throw passMessages.error('STR0203', {
          pass: this.options.pass,
          rules: rules.map((r) => r.name).join(', '),
          count: applied,
        });
      }
      for (const next of [
        ...created,
        ...created.flatMap((c) => c.results.flatMap((r) => r.users)),
        ...neighbours,
        op,
      ]) {
        if (root.isAncestorOf(next)) push(next);
      }
    }
    return applied > 0;
  }
  /** Calls `matched` right before a rule is applied. */
  #applyFirst(op: Operation, rules: RuleIndex, matched: () => void): readonly Operation[] | undefined {
    for (const rule of rules.get(op.name) ?? rules.get('any') ?? []) {
      if (this.#refused.get(op)?.has(rule.name) === true) continue;
      const patch = rule.match(op, { resources: this.options.resources });
      if (patch === undefined) continue;
      matched();
      const created = this.#apply({ rule: rule.name, root: op, ...patch });
      if (created !== undefined) return created;
    }
    return undefined;
  }
}

/** The op itself or the one around it that lies in the body of an op that lies nowhere: of the module. */
function outermost(op: Operation): Operation {
  let at = op;
  for (let up = at.parentOp; up?.block !== undefined; up = at.parentOp) at = up;
  return at;
}

type RuleIndex = ReadonlyMap<string, readonly Rule[]>;
/** Rules by op name, in the order given; `any` rules are in each list. */
function indexRules(rules: readonly Rule[]): RuleIndex {
  const names = new Set(rules.flatMap((r) => (r.roots === 'any' ? [] : r.roots.map((d) => d.name))));
  const index = new Map<string, readonly Rule[]>();
  for (const name of names) {
    index.set(
      name,
      rules.filter((r) => r.roots === 'any' || r.roots.some((d) => d.name === name)),
    );
  }
  index.set(
    'any',
    rules.filter((r) => r.roots === 'any'),
  );
  return index;
}

/** Whether the op does nothing but compute its results: by declaration, or as it updates tensors, which are values. */
export function isPure(op: Operation): boolean {
  const traits = op.definition?.traits;
  if (traits === undefined || traits.has('terminator')) return false;
  if (traits.has('pure')) return true;
  return (
    traits.has('destinationStyle') &&
    op.results.length > 0 &&
    op.operands.every((v) => v.type.kind !== 'memref')
  );
}
/** Whether the op can go: nothing uses its results. */
export function isDead(op: Operation): boolean {
  return isPure(op) && op.results.every((r) => !r.hasUses);
}
/** Erases the op when it is dead, then those of its operands' ops that became so. */
export function eraseIfDead(op: Operation): number {
  if (op.block === undefined || !isDead(op)) return 0;
  const producers = op.operands.flatMap((v) => v.definingOp ?? []);
  op.erase();
  return 1 + producers.reduce((n, p) => n + eraseIfDead(p), 0);
}
