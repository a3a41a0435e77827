/** Evaluates one op outside an interpreter run: for constant folding and tests of single ops. */
import { irMessages } from '../messages';
import type { Operation, Value } from '../operation';
import { liftKernel } from './elementwise';
import type { EvaluationContext, Frame, RuntimeValue, StepCompiler } from './runtimeValue';

/** The results of `op` on the operand values that `context` gives. Ops that resolve regions are refused. */
export function evaluateOp(op: Operation, context: EvaluationContext): readonly RuntimeValue[] {
  const { definition } = op;
  const evaluate = definition?.evaluator(op);
  if (evaluate !== undefined) return evaluate(context);
  const slots = new Map<Value, number>();
  for (const v of [...op.operands, ...op.results]) if (!slots.has(v)) slots.set(v, slots.size);
  const refuse = (): never => {
    throw irMessages.error('STR0124', { op: op.name, problem: 'it does not stand alone' });
  };
  const compiler: StepCompiler = { slot: (v) => slots.get(v) ?? refuse(), region: refuse, step: refuse };
  const kernel = definition?.scalarKernel(op);
  const step =
    kernel === undefined ? definition?.compileStep(op, compiler) : liftKernel(op, kernel, compiler);
  if (step === undefined) throw irMessages.error('STR0120', { op: op.name });
  const frame: Frame = new Array<RuntimeValue>(slots.size).fill(0);
  for (const v of op.operands) frame[slots.get(v)!] = context.get(v);
  step(frame, context);
  return op.results.map((r) => frame[slots.get(r)!]!);
}
