/** What stands for an affine map in text, and for what is put in later in text that is a part of another. */

/** The alias of the map at `index`, in order of appearance. */
export const mapAlias = (index: number): string => `#map${index === 0 ? '' : index}`;

/** Stands around the number of an affine map, from 0 in order of appearance, where a part would print its alias. */
export const mapMark = '\u0001';
/** Stands for all ops of the root's body in a frame. */
export const childMark = '\u0002';
