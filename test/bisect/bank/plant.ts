/**
 * Plants a defect in a pipeline: the step of one pass is replaced by one that runs the same pass through a rewriter which
 * spoils what one rule builds. Nothing of the shipped code knows; the list of passes is a parameter of everything.
 */
import type {
  Application,
  Attribute,
  Builder,
  ConfiguredPass,
  PipelineNode,
  PipelineStep,
  ResourceStore,
  Rule,
  Value,
} from '../../../src/ir';
import type { types } from '../../../src/ir';
import {
  denseBytes,
  denseResource,
  i64Array,
  modelNodesOf,
  numbersOf,
  Operation,
  Rewriter,
} from '../../../src/ir';
import { registry } from '../../../src/ir/dialects/index';

/** What one application of a rule built, to be spoiled. */
export class Made {
  constructor(
    readonly root: Operation,
    readonly values: readonly Value[] | undefined,
    readonly builder: Builder,
    readonly resources: ResourceStore,
    /** New ops have an id above it. */
    readonly mark: number,
  ) {}

  /** New ops of a name anywhere in the module, in order of the text. */
  ops(name: string): readonly Operation[] {
    let top = this.root;
    while (top.parentOp !== undefined) top = top.parentOp;
    // A builder may hold what it made in a block that is not in the module yet.
    const found = top.find((op) => op.id > this.mark && op.name === name);
    const own = (this.values ?? []).flatMap((v) => v.definingOp?.find((op) => op.name === name) ?? []);
    return [...new Set([...found, ...own])].filter((op) => op.id > this.mark);
  }
  op(name: string, at = 0): Operation {
    const op = this.ops(name)[at];
    if (op === undefined) throw new Error(`the application made no ${name} ${at}`);
    return op;
  }
  has(name: string): boolean {
    return this.ops(name).length > 0;
  }
}

/** Spoils it; returns false when there is nothing here that it could spoil. */
export type Spoil = (made: Made) => boolean | undefined;

export interface Plant {
  readonly pass: string;
  readonly rule: string;
  readonly spoil: Spoil;
  /** Only applications whose root comes from a model node of a name that holds this. */
  readonly node?: string;
  /** Only the pass at this place among those of its name, from 0. */
  readonly occurrence?: number;
  /** Only this application of the rule in a function, from 0. */
  readonly only?: number;
}

/** An application that was spoiled. */
export interface Hit {
  readonly pass: string;
  readonly rule: string;
  /** In the pass. */
  readonly inPass: number;
  readonly nodes: readonly string[];
}

class SpoilingRewriter extends Rewriter {
  #seen = 0;
  constructor(
    readonly inner: Rewriter,
    readonly plant: Plant,
    /** Applications of passes before this one. */
    readonly first: number,
    readonly onHit: (hit: Hit) => void,
  ) {
    super(inner.options);
  }

  override apply(application: Application): boolean {
    if (application.rule !== this.plant.rule) return super.apply(application);
    const { root } = application;
    return super.apply({ ...application, build: (b) => this.#spoiled(root, b, application.build) });
  }
  override applyRules(root: Operation, rules: readonly Rule[]): boolean {
    const spoiled = rules.map((rule): Rule => {
      if (rule.name !== this.plant.rule) return rule;
      return {
        ...rule,
        match: (op, context) => {
          const patch = rule.match(op, context);
          return patch && { ...patch, build: (b) => this.#spoiled(op, b, patch.build) ?? [] };
        },
      };
    });
    return super.applyRules(root, spoiled);
  }

  #spoiled<T extends readonly Value[] | undefined>(root: Operation, b: Builder, build: (b: Builder) => T): T {
    const { plant } = this;
    const nodes = modelNodesOf(root.location).map((n) => n.name);
    const mark = new Operation({ name: 'test.mark' }).id;
    const inPass = this.options.recorder.records.length - this.first;
    const values = build(b);
    if (plant.node !== undefined && !nodes.some((n) => n.includes(plant.node!))) return values;
    if (plant.only !== undefined && this.#seen++ !== plant.only) return values;
    if (plant.spoil(new Made(root, values, b, this.resources, mark)) === false) return values;
    this.onHit({ pass: plant.pass, rule: plant.rule, inPass, nodes });
    return values;
  }
}

/** The pipeline with the defect in it. Throws when it has no such pass. */
export function planted(
  steps: readonly PipelineStep[],
  plant: Plant,
  onHit: (hit: Hit) => void = () => {},
): readonly PipelineStep[] {
  let seen = 0;
  let placed = false;
  const firstOf = new WeakMap<Rewriter, number>();
  const visit = (node: PipelineNode): PipelineNode => {
    if (node.kind === 'nest') return { ...node, children: node.children.map(visit) };
    if (node.pass.pass.name !== plant.pass) return node;
    if (plant.occurrence !== undefined && seen++ !== plant.occurrence) return node;
    placed = true;
    const configured: ConfiguredPass = {
      ...node.pass,
      // Another pass of the same name: who compares pipelines sees that it is not the one.
      pass: { ...node.pass.pass },
      run: (op, context) => {
        const { rewriter: inner } = context;
        // A pass has one rewriter for all functions that it runs on.
        if (!firstOf.has(inner)) firstOf.set(inner, inner.options.recorder.records.length);
        const rewriter = new SpoilingRewriter(inner, plant, firstOf.get(inner)!, onHit);
        node.pass.run(op, { ...context, rewriter });
        inner.absorb(rewriter);
      },
    };
    return { kind: 'pass', pass: configured };
  };
  const made = steps.map((s) => ({ ...s, node: visit(s.node) }));
  if (!placed) throw new Error(`the pipeline has no pass ${plant.pass}`);
  return made;
}

// What can be spoiled.

/** Puts another op in the place of one, with the same operands, types and attributes. */
export function rename(op: Operation, name: string): void {
  const copy = new Operation({
    name,
    definition: registry.find(name),
    operands: op.operands,
    resultTypes: op.results.map((r) => r.type),
    attributes: op.attributes,
    location: op.location,
  });
  op.block!.insertBefore(copy, op);
  op.results.forEach((r, i) => {
    r.replaceAllUsesWith(copy.result(i));
  });
  op.erase();
}
export function swapOperands(op: Operation, a: number, b: number): boolean {
  const [x, y] = [op.operand(a), op.operand(b)];
  if (x === y) return false;
  op.setOperand(a, y);
  op.setOperand(b, x);
  return true;
}
export function setInts(
  op: Operation,
  name: string,
  change: (values: number[]) => readonly number[],
): boolean {
  const old = numbersOf(op.attr(name));
  if (old === undefined) throw new Error(`${op.name} has no integers ${name}`);
  const next = change([...old]);
  if (next.join() === old.join()) return false;
  op.setAttr(name, i64Array(next));
  return true;
}
/** Changes the numbers of a constant of f32 that a rule made; false when they stay as they are. */
export function setNumbers(
  made: Made,
  op: Operation,
  change: (value: number, i: number, all: Float32Array) => number,
): boolean {
  return setBlob(made, op, (bytes) => {
    const numbers = new Float32Array(bytes.buffer);
    const before = numbers.slice();
    before.forEach((x, i) => {
      numbers[i] = change(x, i, before);
    });
  });
}
/** As `setNumbers`, byte by byte. */
export function setBytes(
  made: Made,
  op: Operation,
  change: (value: number, i: number, all: Uint8Array) => number,
): boolean {
  return setBlob(made, op, (bytes) => {
    const before = bytes.slice();
    before.forEach((x, i) => {
      bytes[i] = change(x, i, before);
    });
  });
}
function setBlob(made: Made, op: Operation, change: (bytes: Uint8Array) => void): boolean {
  const value: Attribute | undefined = op.attr('value');
  if (value?.kind !== 'dense_resource' && value?.kind !== 'dense') return false;
  const held = value.kind === 'dense' ? value.bytes : made.resources.get(value.key);
  const bytes = held.slice();
  change(bytes);
  if (Buffer.compare(bytes, held) === 0) return false;
  op.setAttr(
    'value',
    value.kind === 'dense'
      ? denseBytes(value.type, bytes, value.splat)
      : denseResource(made.resources.add(`${value.key}.spoiled`, bytes), value.type),
  );
  return true;
}
/** Makes readers of `op` read its operand: the op is left out. */
export function bypass(op: Operation, operand = 0): boolean {
  if (op.operand(operand).type.text !== op.result().type.text) return false;
  op.result().replaceAllUsesWith(op.operand(operand));
  return true;
}
/** Inserts an op of one operand behind a value, and gives its result. */
export function after(value: Value, name: string, type: types.Type): Value {
  const source = value.definingOp!;
  const op = new Operation({
    name,
    definition: registry.find(name),
    operands: [value],
    resultTypes: [type],
    attributes: [],
    location: source.location,
  });
  source.block!.insertBefore(op, source.next);
  return op.result();
}
