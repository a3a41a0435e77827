/** Option values that several commands read. */
import { cliMessages } from './messages';

/** An integer of at least `min`; throws STR0002. */
export function integerOption(option: string, text: string, min: number): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
    throw cliMessages.error('STR0002', { option, found: text, expected: `an integer of at least ${min}` });
  }
  return value;
}

/** A positive number; throws STR0002. */
export function numberOption(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw cliMessages.error('STR0002', { option, found: text, expected: 'a number above 0' });
  return value;
}

/** One of `words`; throws STR0002. */
export function wordOption<W extends string>(option: string, text: string, words: readonly W[]): W {
  const word = words.find((w) => w === text);
  if (word === undefined)
    throw cliMessages.error('STR0002', { option, found: text, expected: words.join(', ') });
  return word;
}

/** For options that may be given several times. */
export const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];
