/** What can be wrong with a request for a reference model (STR10xx). */
import { defineMessages, message } from '../../base/diagnostics';
import { quoted } from '../messages';

export const referenceModelMessages = defineMessages({
  STR1001: message<{ name: string; known: readonly string[] }>({
    text: (p) => `There is no reference model ${quoted(p.name)}; known are ${p.known.join(', ')}.`,
    next: () => "'strata models list' says what they are.",
  }),
  STR1002: message<{ name: string; option: string; found: string; expected: string }>({
    text: (p) => `Reference model ${p.name}: ${p.option} is ${p.found}; expected ${p.expected}.`,
    next: () => 'Leave the option out for the published architecture.',
  }),
});
