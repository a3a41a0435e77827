/** Planted slowdowns: results stay right, some kernels get slow. */
import type { Application, Attribute, PipelineNode, PipelineStep, Rule, Operation } from '../../../src/ir';
import { dictionaryAttr, i64Attr, i64Array, numbersOf, Rewriter } from '../../../src/ir';
import type { Made } from './plant';
import { planted } from './plant';

export interface Slowdown {
  readonly name: string;
  /** A reference model, small enough to be compiled many times. */
  readonly model: string;
  readonly threads?: number;
  /** The pass that it is planted in. */
  readonly pass: string;
  /** Part of the name of the one dispatch that gets slow; undefined where several do. */
  readonly dispatch?: string;
  /** The entry of the schedule that is spoiled, where it is one. */
  readonly entry?: string;
  readonly plant: (steps: readonly PipelineStep[]) => readonly PipelineStep[];
}

/** Rewrites entries of the schedule that was just chosen. */
const rescheduled =
  (change: (entries: Map<string, Attribute>) => void, dispatch = '') =>
  (steps: readonly PipelineStep[]): readonly PipelineStep[] =>
    planted(steps, {
      pass: 'choose-schedules',
      rule: 'choose-schedule',
      spoil: (m: Made) => {
        const schedule = m.root.attr('schedule');
        const name = m.root.attr('sym_name');
        if (schedule?.kind !== 'dictionary' || name?.kind !== 'string' || !name.value.includes(dispatch))
          return false;
        const entries = new Map(schedule.entries);
        change(entries);
        m.root.setAttr('schedule', dictionaryAttr([...entries]));
        return true;
      },
    });
const ones = (a: Attribute | undefined): Attribute => i64Array((numbersOf(a) ?? []).map(() => 1));
const scalar = (e: Map<string, Attribute>): void => {
  e.set('lanes', i64Attr(1));
  e.set('tile', ones(e.get('tile')));
};

/** Runs a pass without the applications of some rules, as if they did not match any more. */
class ForgetfulRewriter extends Rewriter {
  constructor(
    readonly inner: Rewriter,
    readonly rules: readonly string[],
  ) {
    super(inner.options);
  }
  override apply(application: Application): boolean {
    return !this.rules.includes(application.rule) && super.apply(application);
  }
  override applyRules(root: Operation, rules: readonly Rule[]): boolean {
    return super.applyRules(
      root,
      rules.filter((r) => !this.rules.includes(r.name)),
    );
  }
}
const forgotten =
  (pass: string, ...rules: readonly string[]) =>
  (steps: readonly PipelineStep[]): readonly PipelineStep[] => {
    let placed = false;
    const visit = (node: PipelineNode): PipelineNode => {
      if (node.kind === 'nest') return { ...node, children: node.children.map(visit) };
      if (node.pass.pass.name !== pass) return node;
      placed = true;
      const { run } = node.pass;
      return {
        kind: 'pass',
        pass: {
          ...node.pass,
          pass: { ...node.pass.pass },
          run: (op, context) => {
            const rewriter = new ForgetfulRewriter(context.rewriter, rules);
            run(op, { ...context, rewriter });
            context.rewriter.absorb(rewriter);
          },
        },
      };
    };
    const made = steps.map((s) => ({ ...s, node: visit(s.node) }));
    if (!placed) throw new Error(`the pipeline has no pass ${pass}`);
    return made;
  };
/** The pass with another option. */
const configured =
  (pass: string, options: Readonly<Record<string, string>>) =>
  (steps: readonly PipelineStep[]): readonly PipelineStep[] =>
    steps.map((s) =>
      s.node.kind === 'pass' && s.node.pass.pass.name === pass
        ? {
            ...s,
            node: { ...s.node, pass: s.node.pass.pass.configure(new Map(Object.entries(options))) },
          }
        : s,
    );

export const slowdowns: readonly Slowdown[] = [
  {
    name: 'vectors-lost',
    model: 'mobilenet-v1-0.25',
    pass: 'choose-schedules',
    plant: rescheduled(scalar),
  },
  {
    name: 'one-kernel-scalar',
    model: 'resnet8',
    pass: 'choose-schedules',
    dispatch: 'dispatch_0_',
    plant: rescheduled(scalar, 'dispatch_0_'),
  },
  {
    name: 'register-tile-lost',
    model: 'ds-cnn',
    pass: 'choose-schedules',
    dispatch: 'dispatch_0_',
    entry: 'tile',
    plant: rescheduled((e) => {
      const lanes = e.get('lanes');
      const vector = e.get('vector');
      const [n, at] = [lanes, vector].map((a) => (a?.kind === 'integer' ? Number(a.value) : undefined));
      e.set('tile', i64Array((numbersOf(e.get('tile')) ?? []).map((_, i) => (i === at ? (n ?? 1) : 1))));
    }, 'dispatch_0_'),
  },
  {
    name: 'parallelism-lost',
    model: 'mobilenet-v2',
    threads: 2,
    pass: 'choose-schedules',
    plant: rescheduled((e) => {
      e.set('block', i64Array((numbersOf(e.get('block')) ?? []).map(() => 0)));
    }),
  },
  {
    name: 'layout-lost',
    model: 'resnet8',
    pass: 'channels-last',
    plant: forgotten('channels-last', 'conv2d-to-nhwc'),
  },
  {
    name: 'packing-lost',
    model: 'mobilenet-v2',
    pass: 'pack-weights',
    plant: forgotten('pack-weights', 'pack-weights'),
  },
  {
    name: 'followers-not-fused',
    model: 'mobilenet-v1-0.25',
    pass: 'form-dispatches',
    plant: configured('form-dispatches', { followers: 'false' }),
  },
  {
    name: 'batch-norm-not-folded',
    model: 'ds-cnn',
    pass: 'fold-batch-norm',
    plant: forgotten('fold-batch-norm', 'bn-into-conv', 'bn-to-scale-shift'),
  },
  {
    name: 'integer-convolution-lost',
    model: 'ds-cnn-int8',
    pass: 'integer-products',
    plant: forgotten('integer-products', 'integer-convolution'),
  },
  {
    name: 'dots-not-packed',
    model: 'resnet8-int8',
    pass: 'pack-dots',
    plant: forgotten('pack-dots', 'pack-dots'),
  },
  {
    name: 'winograd-lost',
    model: 'resnet8',
    pass: 'winograd-convolutions',
    plant: forgotten('winograd-convolutions', 'conv2d-by-tiles'),
  },
];
