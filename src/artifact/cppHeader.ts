/**
 * Writes the C++ side of the artifact format. The generated header is checked in, and a test compares it with what this
 * module writes.
 */
import { cpuFeatures } from './cpuFeatures';
import {
  bindingAccesses,
  bufferSpaces,
  dataAlignment,
  elementTypes,
  entryNames,
  fallbackProgramPrefix,
  formatVersion,
  limits,
  programMagic,
  structs,
  zipSignatures,
} from './format';
import { kernelStateOffsets } from './kernelAbi';
import { cTypeOf, type AnyStruct } from './layout';

/** First line of every generated file. */
export const generatedNotice = (source: string): string =>
  `// Generated from ${source}; do not edit. "UPDATE=1 node scripts/test.mjs unit nativeHeaders" writes it again.\n`;

const pascal = (name: string): string => name[0]!.toUpperCase() + name.slice(1);
const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
const constant = (name: string): string => `k${pascal(name)}`;
const hex = (value: number): string => `0x${value.toString(16)}u`;

function declareStruct(struct: AnyStruct): string {
  const name = pascal(struct.name);
  const fields = Object.entries(struct.fields).map(([field, { type, doc }]) => {
    const cType = typeof type === 'string' ? cTypeOf(type) : pascal(type.name);
    return `  ${cType} ${snake(field)};  // ${doc}`;
  });
  const asserts = Object.entries(struct.offsets).map(
    ([field, offset]) =>
      `static_assert(offsetof(${name}, ${snake(field)}) == ${offset}, "${name}.${snake(field)}");`,
  );
  const body = [`// ${struct.doc}`, `struct ${name} {`, ...fields, '};'];
  return [
    ...(struct.packed ? ['#pragma pack(push, 1)', ...body, '#pragma pack(pop)'] : body),
    `static_assert(sizeof(${name}) == ${struct.size}, "${name}");`,
    ...asserts,
    '',
  ].join('\n');
}

function declareEnum(name: string, type: string, codes: readonly (readonly [string, number])[]): string {
  return [
    `enum class ${name} : ${type} {`,
    ...codes.map(([member, code]) => `  ${constant(member)} = ${code},`),
    '};',
    '',
  ].join('\n');
}

const codesOf = (table: Readonly<Record<string, number>>): (readonly [string, number])[] =>
  Object.entries(table);

function elementTypeTable(): string {
  const rows = Object.entries(elementTypes).map(
    ([name, { bytes }]) => `    {ElementType::${constant(name)}, "${name}", ${bytes}},`,
  );
  return `struct ElementTypeInfo {
  ElementType type;
  const char *name;
  uint32_t bytes;
};
inline constexpr ElementTypeInfo kElementTypes[] = {
${rows.join('\n')}
};
`;
}

function cpuFeatureTable(): string {
  const probe = (kind: string): string => `CpuProbe::${constant(kind)}`;
  const rows = cpuFeatures.map(({ name, architecture, probe: p }) =>
    p.kind === 'cpuid'
      ? `    {"${name}", "${architecture}", ${probe(p.kind)}, ${p.leaf}, ${p.subleaf}, '${p.register[1]}', ${p.bit}, ${hex(p.xcr0)}},`
      : `    {"${name}", "${architecture}", ${probe(p.kind)}, 0, 0, '-', ${p.bit}, 0},`,
  );
  return `enum class CpuProbe { kCpuid, kHwcap, kHwcap2 };
struct CpuFeatureInfo {
  const char *name;
  const char *architecture;
  CpuProbe probe;
  uint32_t leaf;
  uint32_t subleaf;
  char reg;  // second letter of eax, ebx, ecx, edx
  uint32_t bit;
  uint32_t xcr0;  // state components that the operating system must have enabled
};
inline constexpr CpuFeatureInfo kCpuFeatures[] = {
${rows.join('\n')}
};
`;
}

/** The text of `native-runner/include/strata/artifact_format.h`. */
export function artifactFormatHeader(): string {
  return `${generatedNotice('src/artifact/format.ts')}
#ifndef STRATA_ARTIFACT_FORMAT_H
#define STRATA_ARTIFACT_FORMAT_H

#include <cstddef>
#include <cstdint>

#include "strata/strata_kernel.h"

namespace strata {
namespace format {

inline constexpr uint32_t kProgramMagic = ${hex(programMagic)};
inline constexpr uint32_t kFormatVersion = ${formatVersion};
inline constexpr uint64_t kDataAlignment = ${dataAlignment};
${codesOf(limits)
  .map(([name, value]) => `inline constexpr uint32_t ${constant(name)} = ${value};`)
  .join('\n')}
${codesOf(zipSignatures)
  .map(([name, value]) => `inline constexpr uint32_t kZip${pascal(name)}Signature = ${hex(value)};`)
  .join('\n')}
${Object.entries(entryNames)
  .map(([name, value]) => `inline constexpr const char *${constant(name)}File = "${value}";`)
  .join('\n')}
inline constexpr const char *kFallbackProgramPrefix = "${fallbackProgramPrefix}";

${declareEnum(
  'ElementType',
  'uint32_t',
  Object.entries(elementTypes).map(([name, { code }]) => [name, code] as const),
)}
${elementTypeTable()}
${declareEnum('BufferSpace', 'uint8_t', codesOf(bufferSpaces))}
${declareEnum('BindingAccess', 'uint8_t', codesOf(bindingAccesses))}
${structs.map(declareStruct).join('\n')}
${cpuFeatureTable()}
${kernelStateOffsets
  .map(
    ([field, offset]) =>
      `static_assert(sizeof(void *) != 8 || offsetof(strata_kernel_state, ${field}) == ${offset}, "${field}");`,
  )
  .join('\n')}

}  // namespace format
}  // namespace strata

#endif
`;
}
