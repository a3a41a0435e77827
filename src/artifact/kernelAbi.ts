/**
 * The C interface of generated kernels, described once: the compiler puts `kernelHeaderText` in front of the C that it
 * generates, and the native runner includes the same text as `strata/strata_kernel.h`.
 */

interface AbiField {
  readonly cType: string;
  readonly name: string;
  readonly doc: string;
}

const pointerBytes = 8;

/** Fields in order. All are pointers but the last, so that offsets follow from the pointer size. */
const stateFields: readonly AbiField[] = [
  { cType: 'void *const *', name: 'bindings', doc: 'Buffers, in the order of the bindings of the dispatch.' },
  {
    cType: 'void *',
    name: 'scratch',
    doc: 'Private memory of the thread, 64-byte aligned; NULL without scratch.',
  },
  { cType: 'const int64_t *', name: 'dims', doc: 'Extents of the symbolic dimensions of the entry point.' },
  { cType: 'int32_t', name: 'thread', doc: 'Which thread of the pool runs the kernel, from 0.' },
];

const declare = ({ cType, name }: AbiField): string => `${cType}${cType.endsWith('*') ? '' : ' '}${name};`;

/** Offsets that a 64-bit compiler must give; checked by static asserts in the runner. */
export const kernelStateOffsets: readonly (readonly [string, number])[] = stateFields.map(
  ({ name }, i) => [name, i * pointerBytes] as const,
);

/** C99 and C++. Self-contained: it needs nothing but `<stdint.h>`. */
export const kernelHeaderText = `#ifndef STRATA_KERNEL_H
#define STRATA_KERNEL_H

#include <stdint.h>

#if defined(_WIN32)
#define STRATA_EXPORT __declspec(dllexport)
#else
#define STRATA_EXPORT __attribute__((visibility("default")))
#endif

/* What a kernel is given. The runner owns all of it; it is valid during the call. */
typedef struct {
${stateFields.map((field) => `  /* ${field.doc} */\n  ${declare(field)}`).join('\n')}
} strata_kernel_state;

/* Computes units [begin, end) of the parallel range of the dispatch. Calls for disjoint ranges run at the same time. */
typedef void (*strata_kernel)(const strata_kernel_state *state, int64_t begin, int64_t end);

#endif
`;
