/** What can be wrong with a TensorFlow Lite file (STR036x). */
import { defineMessages, message } from '../../base/diagnostics';
import { quoted } from '../messages';

export const tfliteMessages = defineMessages({
  STR0360: message<{ file: string; problem: string; at: number }>({
    text: (p) => `${p.file} is not a well-formed TensorFlow Lite file: ${p.problem} (byte ${p.at}).`,
    next: () => 'The file may be cut short. Download or convert the model again.',
  }),
  STR0361: message<{ file: string; uses: readonly string[] }>({
    text: (p) => `${p.file} has operators that are not supported: ${p.uses.slice(0, 20).join(', ')}.`,
    next: () =>
      'Convert the model to ONNX: python -m tf2onnx.convert --tflite model.tflite --output model.onnx.',
  }),
  STR0362: message<{ file: string; node: string; problem: string }>({
    text: (p) => `${p.file}: the operator ${quoted(p.node)} cannot be imported: ${p.problem}.`,
    next: () => 'Convert the model again, or check it with the TensorFlow Lite interpreter.',
  }),
});
