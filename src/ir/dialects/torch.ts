/**
 * `torch`: the few ops in which IREE's importer writes ONNX models: an operator by its name, the absence of an operand.
 * They are read and written, never compiled: `src/frontend/torchOnnx` takes them to `onnx` and back.
 */
import type { CustomAssembly } from '../assembly';
import { stringAttr } from '../attributes';
import { anyType, text } from '../constraints';
import { attr, defineOp, one, variadic } from '../opDefinition';
import type { Region } from '../operation';
import type { Dialect } from '../registry';
import { dialectType } from '../types';

export const torchNone = dialectType('torch', 'none', '!torch.none');

const operatorAssembly: CustomAssembly = {
  print: (op, p) => {
    const name = op.attr('name');
    p.attribute(name?.kind === 'string' ? stringAttr(name.value) : stringAttr(''));
    p.glue();
    p.word('(');
    p.glue();
    p.operands(op.operands);
    p.raw(')');
    p.attributeDictionary(op, { elide: new Set(['name']) });
    p.word(':');
    p.functionalType(
      op.operands.map((v) => v.type),
      op.results.map((r) => r.type),
    );
    op.regions.forEach((region, i) => {
      if (i > 0) p.raw(',');
      p.region(region, {});
    });
  },
  parse: (p) => {
    const name = p.string();
    const operands = p.operandList('(', ')');
    const attributes = p.attributeDictionary();
    attributes.set('name', stringAttr(name));
    p.expect(':');
    const type = p.functionType();
    const regions: Region[] = [];
    if (p.at('{'))
      do regions.push(p.region());
      while (p.optional(','));
    return { attributes, operands: p.resolveAll(operands, type.inputs), resultTypes: type.results, regions };
  },
};

export const operator = defineOp({
  name: 'torch.operator',
  summary: 'an operator by its name, such as `onnx.Conv`',
  doc: 'Attributes of an ONNX node are called `torch.onnx.NAME`; its subgraphs are regions, in the order of their names.',
  operands: { inputs: variadic(anyType) },
  attrs: { name: attr(text) },
  results: { outputs: variadic(anyType) },
  regions: ['subgraphs*'],
  assembly: operatorAssembly,
});

export const operatorTerminator = defineOp({
  name: 'torch.operator_terminator',
  summary: 'the results of a subgraph',
  operands: { values: variadic(anyType) },
  traits: ['terminator', 'pure', 'noProvenance'],
  assembly: 'attr-dict ($values^ `:` type($values))?',
});

export const constantNone = defineOp({
  name: 'torch.constant.none',
  summary: 'stands for an operand that is left out',
  results: { output: one(anyType) },
  traits: ['pure', 'noProvenance'],
  assembly: {
    print: (op, p) => {
      p.attributeDictionary(op);
    },
    parse: (p) => ({ attributes: p.attributeDictionary(), resultTypes: [torchNone] }),
  },
  resultName: () => 'none',
});

export const torchDialect: Dialect = {
  name: 'torch',
  summary: 'ONNX operators by name, as torch-mlir and IREE write them.',
  ops: [operator, operatorTerminator, constantNone],
  upstream: true,
};
