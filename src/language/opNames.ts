/** Names of ops as the text has them. */
import type { OpDefinition } from '../ir';
import { registry } from '../ir/dialects/index';

/** With its dialect: builtin and func print some without. */
export const fullName = (name: string): string =>
  name.includes('.') ? name : name === 'module' ? 'builtin.module' : `func.${name}`;

export const definitionOf = (name: string): OpDefinition | undefined => registry.find(fullName(name));
