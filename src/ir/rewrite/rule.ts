/**
 * Rewrite rules as named values. A rule looks at an op and answers with a patch; it never changes IR. The laws:
 * a rule depends only on the ops that it names as sources and their types; its patch computes the same values;
 * applying rules to a fixed point ends.
 */
import type { Builder } from '../builder';
import type { Operation, Value } from '../operation';
import type { ResourceStore } from '../resources';

export interface RuleContext {
  readonly resources: ResourceStore;
}

/** What a rule wants to change. */
export interface Patch {
  /**
   * Ops that the root is rewritten together with. Their locations, with the root's, become the location of each
   * new op; those that nothing uses any more are erased.
   */
  readonly sources?: readonly Operation[];
  /**
   * Ops that the root moves past, such as the transposes of its operands: recorded and erased like sources, but what
   * they come from is not what the new ops compute, so they lend no location.
   */
  readonly past?: readonly Operation[];
  /** Builds, right before the root, the values that replace the root's results. Called once, when applied. */
  readonly build: (b: Builder) => readonly Value[];
}

export interface Rule {
  /** Kebab-case; errors, traces, tests and bisection say it. */
  readonly name: string;
  /** The algebra, in one line. */
  readonly doc: string;
  /** The ops that it may start from. */
  readonly roots: readonly { readonly name: string }[] | 'any';
  readonly match: (op: Operation, context: RuleContext) => Patch | undefined;
}
