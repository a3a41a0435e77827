/** Forms of text that other compilers read. */

/** `iree`: `torch.operator "onnx.…"`; `linalg`: functions of linalg on tensors. */
export const exportForms = ['iree', 'linalg'] as const;
export type ExportForm = (typeof exportForms)[number];

/** The stage whose IR is exported. */
export const exportStage = { iree: 'import', linalg: 'structured' } as const;
