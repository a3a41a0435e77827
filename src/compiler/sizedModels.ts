/**
 * A model for several sizes of its symbolic dimensions: one function for each, in one module, so that passes, constants
 * and kernels are shared and each is an entry point of one artifact. Inputs decide at run time which one runs.
 */
import type { Attribute, Operation } from '../ir';
import {
  arrayAttr,
  Block,
  createOp,
  dictionaryAttr,
  i64Attr,
  Region,
  ResourceStore,
  stringAttr,
} from '../ir';
import { module as moduleOp } from '../ir/dialects/builtin';
import { func } from '../ir/dialects/func';
import type { LoadedModel, ModelSource } from './loadModel';
import { loadModel } from './loadModel';
import { compilerMessages } from './messages';
import { hostInputs } from './staged/hostSignature';

/** Sizes of symbolic dimensions, by name. */
export type Sizes = Readonly<Record<string, number>>;

/**
 * The model with a function `@main.NAME_SIZE…` for each of `sizes`. A model that runs in stages comes as it is: its
 * functions are planned for each of them (`planStages`). Throws STR0580 where a symbolic dimension has no size, and what
 * `loadModel` throws.
 */
export async function loadSizedModel(source: ModelSource, sizes: readonly Sizes[]): Promise<LoadedModel> {
  const { dims = {} } = source;
  const all = sizes.map((s) => ({ ...dims, ...s }));
  const models: LoadedModel[] = [];
  for (const s of all) models.push(await loadModel({ ...source, dims: s }));
  const [first] = models as [LoadedModel];
  const { onnx } = first;
  const missing =
    onnx === undefined
      ? []
      : [...new Set(hostInputs(onnx).flatMap(({ tensor }) => tensor?.shape ?? []))].filter(
          (d) => typeof d === 'string' && all.some((s) => s[d] === undefined),
        );
  if (onnx === undefined || missing.length > 0)
    throw compilerMessages.error('STR0580', { model: source.model, missing: missing.map(String) });
  if (models.some((m) => m.host !== undefined)) return models.find((m) => m.host !== undefined)!;
  return joinSizes(models, sizes, all);
}

function joinSizes(
  models: readonly LoadedModel[],
  named: readonly Sizes[],
  all: readonly Sizes[],
): LoadedModel {
  const [first] = models as [LoadedModel];
  const inputs = hostInputs(first.onnx!);
  const symbols = new Set(
    inputs.flatMap(({ tensor }) => tensor?.shape.filter((d) => typeof d === 'string') ?? []),
  );
  const dims = new Map(
    inputs.map(({ name, tensor }) => [
      name,
      arrayAttr((tensor?.shape ?? []).map((d) => (typeof d === 'string' ? stringAttr(d) : i64Attr(d)))),
    ]),
  );
  const resources = new ResourceStore();
  const body = new Block();
  const taken = new Set<string>();
  models.forEach(({ module, resources: own }, i) => {
    for (const [name, blob] of own.entries) resources.set(name, blob);
    const main = module.body().ops.find((op) => func.is(op))!;
    main.detach();
    const sizes = all[i]!;
    main.setAttr('sym_name', stringAttr(entryName(named[i]!, taken)));
    main.setAttr('strata.function', stringAttr('main'));
    main.setAttr('strata.sizes', dictionaryAttr([...symbols].map((s) => [s, i64Attr(sizes[s]!)])));
    main.setAttr('arg_attrs', withDims(main, dims));
    body.append(main);
  });
  const module = createOp(moduleOp, {}, first.module.location, { regions: [new Region([body])] });
  for (const [name, value] of first.module.attributes) module.setAttr(name, value);
  return { ...first, module, resources };
}

/** `main.batch_4.sequence_1`: a symbol that MLIR takes without quotes. */
function entryName(sizes: Sizes, taken: Set<string>): string {
  const plain = ['main', ...Object.entries(sizes).map(([n, s]) => `${n.replace(/[^\w$]+/g, '_')}_${s}`)].join(
    '.',
  );
  let name = plain;
  for (let n = 2; taken.has(name); n++) name = `${plain}.${n}`;
  taken.add(name);
  return name;
}

/** The attributes of the arguments, with the names that dimensions have in the model. */
function withDims(main: Operation, dims: ReadonlyMap<string, Attribute>): Attribute {
  const given = main.attr('arg_attrs');
  return arrayAttr(
    (given?.kind === 'array' ? given.elements : []).map((a) => {
      if (a.kind !== 'dictionary') return a;
      const name = a.entries.get('strata.name');
      const own = name?.kind === 'string' ? dims.get(name.value) : undefined;
      return own === undefined ? a : dictionaryAttr([...a.entries, ['strata.dims', own]]);
    }),
  );
}
