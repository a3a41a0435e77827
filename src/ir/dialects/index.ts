/** All dialects, upstream ones first. Adding a dialect is one line here. */
import { Registry } from '../registry';
import { builtinDialect } from './builtin';
import { funcDialect } from './func';

export const dialects = [builtinDialect, funcDialect];

/** What every parser, printer and verifier of Strata uses. */
export const registry = new Registry(dialects);
