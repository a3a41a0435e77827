/** The generated headers of the native runner: file relative to the repository root → text. */
import { artifactFormatHeader, generatedNotice } from '../artifact/cppHeader';
import { kernelHeaderText } from '../artifact/kernelAbi';
import type { MessageTemplate } from '../artifact/messageTemplate';
import { artifactTemplates } from '../artifact/messages';
import { runnerTemplates } from './messages';

const camel = (name: string): string =>
  `k${name.replace(/(?:^|_)(\w)/g, (_whole, letter: string) => letter.toUpperCase())}`;

function errorTableHeader(): string {
  const templates: readonly (readonly [string, MessageTemplate])[] = [
    ...Object.entries(artifactTemplates),
    ...Object.entries(runnerTemplates),
  ];
  const rows = templates.flatMap(([code, { native, text, next }]) =>
    native === undefined
      ? []
      : [
          `inline constexpr ErrorTemplate ${camel(native)} = {`,
          `    "${code}",`,
          `    ${JSON.stringify(text)},`,
          `    ${JSON.stringify(next)}};`,
        ],
  );
  return `${generatedNotice('src/{artifact,runner}/messages.ts')}
#ifndef STRATA_ERROR_TABLE_H
#define STRATA_ERROR_TABLE_H

namespace strata {

// Wording of an error; {name} stands for a parameter.
struct ErrorTemplate {
  const char *code;
  const char *text;
  const char *next;
};

namespace errors {
${rows.join('\n')}
}  // namespace errors

}  // namespace strata

#endif
`;
}

const folder = 'native-runner/include/strata';

export const nativeHeaders: Readonly<Record<string, string>> = {
  [`${folder}/artifact_format.h`]: artifactFormatHeader(),
  [`${folder}/strata_kernel.h`]: kernelHeaderText,
  [`${folder}/error_table.h`]: errorTableHeader(),
};
