/** Coded messages of conformance runs. */
import { defineMessages, message } from '../base/diagnostics';

export const conformanceMessages = defineMessages({
  STR0580: message<{ folder: string }>({
    text: (p) => `'${p.folder}' holds no ONNX backend cases (folders with a model.onnx).`,
    next: () => 'Write them with the onnx Python package: python test/conformance/writeCases.py DIR.',
  }),
});
