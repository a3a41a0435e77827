/** Random IR of a made-up dialect, edits of known kinds on it, and the links that a semantic diff must find. */
import type { RandomStream } from '../../../src/frontend/random';
import { randomStream } from '../../../src/frontend/random';
import type { LinkKind } from '../../../src/dump/semantic/semanticDiff';

interface ModelOp {
  readonly id: number;
  name: string;
  operands: number[];
  attribute: number;
  type: string;
  locations: string[];
}
interface ModelFunction {
  name: string;
  readonly id: number;
  ops: ModelOp[];
}
type Model = ModelFunction[];

export type Locations = 'none' | 'own' | 'lines';

export interface EditOptions {
  readonly ops: number;
  readonly edits: number;
  readonly locations: Locations;
  /** Edits keep apart: no op is next to two of them. */
  readonly spaced: boolean;
  /** Below 1 more ops look alike. */
  readonly variety?: number;
}

/** Ids of ops before and after, by kind; what is not listed is kept. */
export interface ExpectedLink {
  readonly kind: LinkKind;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface EditedPair {
  readonly before: string;
  readonly after: string;
  /** Id of the op on each line, of lines that have one. */
  readonly idsBefore: ReadonlyMap<number, number>;
  readonly idsAfter: ReadonlyMap<number, number>;
  readonly expected: readonly ExpectedLink[];
}

const types = ['f32', 'vector<4xf32>', 'tensor<8x8xf32>', 'tensor<?x16xf32>'];
const editKinds = [
  'attribute',
  'type',
  'replace',
  'delete',
  'insert',
  'move',
  'fuse',
  'split',
  'merge',
] as const;

export function editedPair(
  seed: number,
  { ops, edits, locations, spaced, variety = 1 }: EditOptions,
): EditedPair {
  return new Editor(randomStream(seed), ops, locations, variety).run(edits, spaced);
}

class Editor {
  #next = 1;
  readonly #model: Model;
  readonly #expected: ExpectedLink[] = [];
  /** Ops that an edit touched, or that are next to one. */
  readonly #touched = new Set<number>();

  constructor(
    readonly random: RandomStream,
    count: number,
    readonly locations: Locations,
    readonly variety: number,
  ) {
    const perFunction = 40;
    this.#model = Array.from({ length: Math.max(1, Math.round(count / perFunction)) }, (_, f) => ({
      id: this.#next++,
      name: `f${f}`,
      ops: [],
    }));
    for (const fn of this.#model) {
      for (let i = 0; i < perFunction; i++) fn.ops.push(this.#op(fn));
      // What is computed is used: unused values are no part of a program that means something.
      const used = new Set(fn.ops.flatMap((o) => o.operands));
      const sinks = fn.ops.filter((o) => !used.has(o.id)).map((o) => o.id);
      fn.ops.push({ ...this.#op(fn), name: 'test.return', operands: sinks, type: '' });
    }
  }

  #int(limit: number): number {
    return Math.floor(this.random.uniform() * limit);
  }
  #op(fn: ModelFunction): ModelOp {
    const id = this.#next++;
    const operands =
      fn.ops.length === 0 ? [] : Array.from({ length: 1 + this.#int(2) }, () => this.#recent(fn));
    return {
      id,
      name: `test.op${this.#int(12 * this.variety)}`,
      operands,
      attribute: this.#int(30 * this.variety),
      type: types[this.#int(types.length)]!,
      locations: this.locations === 'none' ? [] : [`"m.py":${this.locations === 'own' ? id : id >> 2}:1`],
    };
  }
  #recent(fn: ModelFunction): number {
    return fn.ops[Math.max(0, fn.ops.length - 1 - this.#int(6))]!.id;
  }

  run(edits: number, spaced: boolean): EditedPair {
    const pending: (() => void)[] = [];
    // Copies that merging needs are there before.
    for (let i = 0; i < edits; i++) {
      const kind = editKinds[this.#int(editKinds.length)]!;
      const edit = this.#prepare(kind, spaced);
      if (edit !== undefined) pending.push(edit);
    }
    const before = this.#print(0);
    for (const edit of pending) edit();
    const renamed = this.#model[this.#int(this.#model.length)]!;
    renamed.name = `renamed_${renamed.name}`;
    this.#expected.push({ kind: 'renamed', before: [renamed.id], after: [renamed.id] });
    const after = this.#print(1 + this.#int(1000));
    return {
      before: before.text,
      after: after.text,
      idsBefore: before.ids,
      idsAfter: after.ids,
      expected: this.#expected,
    };
  }

  #users(fn: ModelFunction, id: number): ModelOp[] {
    return fn.ops.filter((o) => o.operands.includes(id));
  }

  /** Chooses ops for an edit, so that edits do not touch each other; the edit itself is made later. */
  #prepare(kind: (typeof editKinds)[number], spaced: boolean): (() => void) | undefined {
    for (let attempt = 0; attempt < 40; attempt++) {
      const fn = this.#model[this.#int(this.#model.length)]!;
      const op = fn.ops[1 + this.#int(fn.ops.length - 2)]!;
      const producers = fn.ops.filter((o) => op.operands.includes(o.id));
      const users = this.#users(fn, op.id);
      const around = [
        op,
        ...producers,
        ...users,
        ...users.flatMap((u) => fn.ops.filter((o) => u.operands.includes(o.id))),
      ];
      around.push(...producers.flatMap((p) => this.#users(fn, p.id)));
      around.push(
        ...fn.ops.filter((o) => o.locations.some((l) => around.some((x) => x.locations.includes(l)))),
      );
      if ((spaced ? around : [op, ...producers]).some((o) => this.#touched.has(o.id))) continue;
      const edit = this.#edit(kind, fn, op, users);
      if (edit === undefined) continue;
      for (const o of around) this.#touched.add(o.id);
      return edit;
    }
    return undefined;
  }

  #edit(
    kind: (typeof editKinds)[number],
    fn: ModelFunction,
    op: ModelOp,
    users: ModelOp[],
  ): (() => void) | undefined {
    const expect = (k: LinkKind, before: number[], after: number[]): void => {
      this.#expected.push({ kind: k, before, after });
    };
    const change = (o: ModelOp): void => expect('changed', [o.id], [o.id]);
    const at = (): number => fn.ops.indexOf(op);
    switch (kind) {
      case 'attribute':
        return () => {
          op.attribute = 1000 + this.#int(1000);
          change(op);
        };
      case 'type':
        return () => {
          op.type = 'memref<3xi8>';
          change(op);
        };
      case 'replace':
        return () => {
          const id = this.#next++;
          fn.ops[at()] = { ...op, id, name: `other.op${this.#int(5)}` };
          for (const u of users) u.operands = u.operands.map((v) => (v === op.id ? id : v));
          expect('replaced', [op.id], [id]);
        };
      case 'delete':
        if (op.operands.length === 0) return undefined;
        return () => {
          for (const u of users) {
            u.operands = u.operands.map((v) => (v === op.id ? op.operands[0]! : v));
            change(u);
          }
          fn.ops.splice(at(), 1);
          expect('gone', [op.id], []);
        };
      case 'insert':
        return () => {
          const made: ModelOp = {
            ...op,
            id: this.#next++,
            name: 'test.inserted',
            operands: [op.id],
            locations: [],
          };
          fn.ops.splice(at() + 1, 0, made);
          for (const u of users) {
            u.operands = u.operands.map((v) => (v === op.id ? made.id : v));
            change(u);
          }
          expect('new', [], [made.id]);
        };
      case 'move': {
        // Far down, before its first user; the other way round it may be its neighbours that moved.
        const first = Math.min(...users.map((u) => fn.ops.indexOf(u)));
        if (first - at() < 4) return undefined;
        return () => {
          fn.ops.splice(at(), 1);
          fn.ops.splice(Math.min(...users.map((u) => fn.ops.indexOf(u))), 0, op);
          expect('moved', [op.id], [op.id]);
        };
      }
      case 'fuse': {
        const [user] = users;
        if (
          users.length !== 1 ||
          user === undefined ||
          user.name === 'test.return' ||
          op.operands.length === 0
        )
          return undefined;
        return () => {
          const operands = [...new Set([...op.operands, ...user.operands.filter((v) => v !== op.id)])];
          const made: ModelOp = {
            ...user,
            id: this.#next++,
            name: 'test.fused',
            operands,
            locations: [...new Set([...op.locations, ...user.locations])],
          };
          fn.ops[fn.ops.indexOf(user)] = made;
          fn.ops.splice(at(), 1);
          for (const u of this.#users(fn, user.id))
            u.operands = u.operands.map((v) => (v === user.id ? made.id : v));
          expect('fused', [op.id, user.id], [made.id]);
        };
      }
      case 'split':
        if (op.operands.length === 0) return undefined;
        return () => {
          const first: ModelOp = { ...op, id: this.#next++, name: 'test.first', operands: [op.operands[0]!] };
          const second: ModelOp = {
            ...op,
            id: this.#next++,
            name: 'test.second',
            operands: [first.id, ...op.operands.slice(1)],
          };
          fn.ops.splice(at(), 1, first, second);
          for (const u of users) u.operands = u.operands.map((v) => (v === op.id ? second.id : v));
          expect('split', [op.id], [first.id, second.id]);
        };
      case 'merge': {
        const [user] = users;
        if (user === undefined || user.name === 'test.return') return undefined;
        const copy: ModelOp = { ...op, id: this.#next++, operands: [...op.operands] };
        fn.ops.splice(at() + 1, 0, copy);
        const extra: ModelOp = { ...this.#op(fn), operands: [copy.id] };
        fn.ops.splice(fn.ops.length - 1, 0, extra);
        fn.ops[fn.ops.length - 1]!.operands.push(extra.id);
        this.#touched.add(copy.id).add(extra.id);
        return () => {
          fn.ops.splice(fn.ops.indexOf(copy), 1);
          extra.operands = extra.operands.map((v) => (v === copy.id ? op.id : v));
          expect('fused', [op.id, copy.id], [op.id]);
        };
      }
    }
  }

  /** Names of values are other ones for each `salt`. */
  #print(salt: number): { text: string; ids: Map<number, number> } {
    const lines: string[] = [];
    const ids = new Map<number, number>();
    const name = (id: number): string => `%v${(id * 7919 + salt * 104729) % 1_000_003}`;
    for (const fn of this.#model) {
      ids.set(lines.length, fn.id);
      lines.push(`func.func @${fn.name}() {`);
      for (const op of fn.ops) {
        ids.set(lines.length, op.id);
        const result = op.type === '' ? '' : `${name(op.id)} = `;
        const location =
          op.locations.length === 0
            ? ''
            : op.locations.length === 1
              ? ` loc(${op.locations[0]!})`
              : ` loc(fused[${op.locations.join(', ')}])`;
        lines.push(
          `  ${result}"${op.name}"(${op.operands.map(name).join(', ')}) {k = ${op.attribute} : i32} : (${op.operands.map(() => 'any').join(', ')}) -> (${op.type})${location}`,
        );
      }
      lines.push('}');
    }
    return { text: `${lines.join('\n')}\n`, ids };
  }
}
