/**
 * Turns host functions from tensors to buffers: launches become calls of kernels, constants become globals, reshapes
 * become views, results become trailing arguments.
 */
import type { Attribute, Builder, Operation, Value, types } from '../../ir';
import {
  arrayAttr,
  Block,
  createOp,
  definePass,
  dictionaryAttr,
  i64Attr,
  modelNodesOf,
  Region,
  types as t,
  unknownLoc,
} from '../../ir';
import type { PassContext } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import * as dispatch from '../../ir/dialects/dispatch';
import { call, func, returnOp, signatureOf } from '../../ir/dialects/func';
import * as memref from '../../ir/dialects/memref';
import * as tensor from '../../ir/dialects/tensor';
import { arenaAlignment } from '../arena';
import { loopMessages } from '../loops/messages';

export const bufferize = definePass({
  name: 'bufferize',
  summary: 'turns the host program from tensors to buffers',
  doc: [
    'Results become arguments after the inputs, marked `strata.output = N`; names of arguments stay. Constants become `memref.global`,',
    'reshapes become views, and each launch a call with a new buffer per result, or the buffer of the result that it is.',
  ].join(' '),
  anchor: 'builtin.module',
  run: (module, context) => {
    const globals = new GlobalTable(module);
    for (const op of module.body().ops)
      if (func.is(op) && hasTensors(op)) new HostFunction(op, globals).convert(context);
  },
});

const hasTensors = (op: Operation): boolean => {
  const { inputs, results } = signatureOf(op);
  return (
    op.region().blocks.length === 1 &&
    ([...inputs, ...results].some((x) => x.kind === 'tensor') ||
      op.body().ops.some((o) => o.results.some((r) => r.type.kind === 'tensor')))
  );
};

/** Constants of the module as globals, each value once. */
class GlobalTable {
  readonly #names = new Set<string>();
  readonly #known = new Map<string, string>();
  constructor(readonly module: Operation) {
    for (const op of module.body().ops) {
      const name = op.attr('sym_name');
      if (name?.kind === 'string') this.#names.add(name.value);
    }
  }
  /** The symbol of the global that holds `value`. */
  symbolOf(value: Attribute, type: types.TensorType, op: Operation): string {
    const key = value.text;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const base =
      value.kind === 'dense_resource'
        ? value.key.replace(/[^\w$.]/g, '_').replace(/^(?![A-Za-z_])/, '_')
        : 'constant';
    let name = base;
    for (let n = 1; this.#names.has(name); n++) name = `${base}_${n}`;
    this.#names.add(name);
    this.#known.set(key, name);
    const global = createOp(
      memref.global,
      {
        sym_name: name,
        sym_visibility: 'private',
        type: t.memref(type.shape, type.element),
        initial_value: value,
        constant: true,
        alignment: arenaAlignment,
      },
      op.location,
    );
    this.module.body().insertBefore(
      global,
      this.module.body().ops.find((o) => !memref.global.is(o)),
    );
    return name;
  }
}

const bufferType = (type: types.Type): types.Type =>
  type.kind === 'tensor' ? t.memref(type.shape, type.element) : type;

class HostFunction {
  readonly #values = new Map<Value, Value>();
  /** Tensors that are computed right into a result of the function. */
  readonly #targets = new Map<Value, Value>();

  constructor(
    readonly op: Operation,
    readonly globals: GlobalTable,
  ) {}

  convert({ rewriter }: PassContext): void {
    const { op } = this;
    const { inputs, results } = signatureOf(op);
    rewriter.apply({
      rule: 'bufferize-function',
      root: op,
      build: (b) => {
        const argTypes = [...inputs, ...results].map(bufferType);
        const block = new Block(argTypes, [
          ...op.body().args.map((a) => a.location),
          ...results.map(() => b.location),
        ]);
        op.body().args.forEach((a, i) => this.#values.set(a, block.args[i]!));
        b.within(block, () => {
          this.#body(b, block.args.slice(inputs.length));
        });
        const given = func.view(op);
        const made = createOp(
          func,
          {
            sym_name: given.sym_name,
            function_type: t.functionType(argTypes, []),
            sym_visibility: given.sym_visibility,
            arg_attrs: argumentAttributes(op, inputs.length, results.length),
          },
          op.location,
          { regions: [new Region([block])], extra: [...op.attributes].filter(([k]) => !op.isProperty(k)) },
        );
        b.insert(made);
        return [];
      },
    });
  }

  #body(b: Builder, outputs: readonly Value[]): void {
    const { terminator } = this.op.body();
    terminator.operands.forEach((v, i) => {
      this.#target(v, outputs[i]!, b);
    });
    for (const op of this.op.body().ops) {
      b.location = op.location;
      this.#convert(op, b, outputs);
    }
  }
  /** Makes the launch that computes `v` write into `output`, when it can. */
  #target(v: Value, output: Value, b: Builder): void {
    if (v.kind !== 'result') return;
    const { op } = v;
    b.location = op.location;
    if (dispatch.launch.is(op)) {
      if (!this.#targets.has(v)) this.#targets.set(v, output);
    } else if (tensor.expandShape.is(op) && !this.#targets.has(op.operand(0))) {
      const { reassociation } = tensor.expandShape.view(op);
      if (launches(op.operand(0)))
        this.#target(
          op.operand(0),
          b.value(memref.collapseShape, { src: output, reassociation }, bufferType(op.operand(0).type)),
          b,
        );
    } else if (tensor.collapseShape.is(op) && !this.#targets.has(op.operand(0))) {
      const { reassociation } = tensor.collapseShape.view(op);
      if (launches(op.operand(0)))
        this.#target(op.operand(0), expand(b, output, reassociation, op.operand(0).type), b);
    }
  }

  #convert(op: Operation, b: Builder, outputs: readonly Value[]): void {
    const constant = arith.constant.as(op);
    if (constant !== undefined) {
      const { type } = op.result();
      if (type.kind !== 'tensor') return;
      const name = this.globals.symbolOf(constant.value, type, op);
      this.#values.set(op.result(), b.value(memref.getGlobal, { name }, bufferType(type)));
    } else if (dispatch.launch.is(op)) {
      const { callee, inputs } = dispatch.launch.view(op);
      const buffers = op.results.map(
        (r) =>
          this.#targets.get(r) ?? b.value(memref.alloc, { alignment: arenaAlignment }, bufferType(r.type)),
      );
      b.op(
        call,
        { callee, arguments: [...inputs.map((v) => this.#buffer(v)), ...buffers] },
        { resultTypes: [] },
      );
      op.results.forEach((r, i) => this.#values.set(r, buffers[i]!));
    } else if (tensor.expandShape.is(op)) {
      this.#values.set(
        op.result(),
        expand(b, this.#buffer(op.operand(0)), tensor.expandShape.view(op).reassociation, op.result().type),
      );
    } else if (tensor.collapseShape.is(op)) {
      const { reassociation } = tensor.collapseShape.view(op);
      this.#values.set(
        op.result(),
        b.value(
          memref.collapseShape,
          { src: this.#buffer(op.operand(0)), reassociation },
          bufferType(op.result().type),
        ),
      );
    } else if (tensor.empty.is(op)) {
      this.#values.set(
        op.result(),
        b.value(memref.alloc, { alignment: arenaAlignment }, bufferType(op.result().type)),
      );
    } else if (returnOp.is(op)) {
      op.operands.forEach((v, i) => {
        if (this.#written(v, outputs[i]!)) return;
        // A result that no kernel writes comes from where its value does, or from what the return stands for.
        const made = v.definingOp?.location ?? unknownLoc;
        const saved = b.location;
        b.location = modelNodesOf(made).length > 0 ? made : saved;
        b.op(memref.copy, { source: this.#buffer(v), target: outputs[i]! });
        b.location = saved;
      });
      b.op(returnOp, {});
    } else {
      throw loopMessages.error('STR0542', { op: op.name, problem: 'it is no launch, constant or reshape' });
    }
  }
  #buffer(v: Value): Value {
    const buffer = this.#values.get(v);
    if (buffer === undefined)
      throw loopMessages.error('STR0542', {
        op: v.definingOp?.name ?? 'an argument',
        problem: `its value of type ${v.type.text} has no buffer`,
      });
    return buffer;
  }
  /** Whether the buffer of `v` is (a view of) `output`. */
  #written(v: Value, output: Value): boolean {
    const root = (x: Value): Value => {
      let value = x;
      while (
        value.kind === 'result' &&
        (memref.expandShape.is(value.op) || memref.collapseShape.is(value.op))
      )
        value = value.op.operand(0);
      return value;
    };
    return root(this.#buffer(v)) === output;
  }
}

/** Whether a launch computes the value, through reshapes. */
function launches(v: Value): boolean {
  let value = v;
  while (value.kind === 'result' && (tensor.expandShape.is(value.op) || tensor.collapseShape.is(value.op)))
    value = value.op.operand(0);
  return value.kind === 'result' && dispatch.launch.is(value.op);
}
function expand(
  b: Builder,
  src: Value,
  reassociation: readonly (readonly number[])[],
  type: types.Type,
): Value {
  if (type.kind !== 'tensor') throw new TypeError(`${type.text} is no tensor`);
  return b.value(
    memref.expandShape,
    { src, reassociation, static_output_shape: type.shape, output_shape: [] },
    bufferType(type),
  );
}

/** Names of inputs and results, results marked with their number. */
function argumentAttributes(op: Operation, inputs: number, results: number): Attribute {
  const at = (list: Attribute | undefined, i: number): Iterable<readonly [string, Attribute]> => {
    const d = list?.kind === 'array' ? list.elements[i] : undefined;
    return d?.kind === 'dictionary' ? d.entries : [];
  };
  return arrayAttr([
    ...Array.from({ length: inputs }, (_, i) => dictionaryAttr(at(op.attr('arg_attrs'), i))),
    ...Array.from({ length: results }, (_, i) =>
      dictionaryAttr([...at(op.attr('res_attrs'), i), ['strata.output', i64Attr(i)]]),
    ),
  ]);
}
