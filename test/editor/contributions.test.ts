import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../src/editor/commandIds';
import { settingDefaults } from '../../src/editor/settingDefaults';

interface Contributed {
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
    }[];
    readonly configuration: {
      readonly properties: Readonly<
        Record<string, { readonly default: unknown; readonly markdownDescription: string }>
      >;
    };
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly keybindings: readonly {
      readonly command: string;
      readonly key: string;
      readonly mac?: string;
    }[];
    readonly viewsWelcome: readonly { readonly contents: string }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly {
        readonly description: string;
        readonly media: { readonly markdown: string };
      }[];
    }[];
    readonly grammars: readonly { readonly path: string }[];
    readonly languages: readonly { readonly configuration: string }[];
  };
  readonly capabilities: Readonly<
    Record<
      'untrustedWorkspaces' | 'virtualWorkspaces',
      { readonly supported: string; readonly description: string }
    >
  >;
}
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Contributed;
const { contributes } = manifest;

test('the commands are those of the table, with their titles', () => {
  assert.deepEqual(Object.fromEntries(contributes.commands.map((c) => [c.command, c.title])), commands);
  assert.deepEqual(
    contributes.commands.filter((c) => c.category !== 'Strata'),
    [],
  );
});

test('menus, keys and welcome views name commands that there are', () => {
  const used = [
    ...Object.values(contributes.menus).flatMap((items) => items.map((i) => i.command)),
    ...contributes.keybindings.map((k) => k.command),
    ...contributes.viewsWelcome.flatMap((w) =>
      [...w.contents.matchAll(/command:(strata\.\w+)/g)].map((m) => m[1]!),
    ),
  ];
  assert.deepEqual(
    [...new Set(used)].filter((id) => !(id in commands)),
    [],
  );
});

test('the settings are those of the table, with their defaults and a sentence that says when to change them', () => {
  const { properties } = contributes.configuration;
  assert.deepEqual(
    Object.fromEntries(Object.entries(properties).map(([name, p]) => [name, p.default])),
    Object.fromEntries(Object.entries(settingDefaults).map(([name, value]) => [`strata.${name}`, value])),
  );
  const silent = Object.entries(properties).filter(
    ([, p]) => !/Change it|Turn it (off|on)/.test(p.markdownDescription),
  );
  assert.deepEqual(silent, []);
});

test('the walkthrough has four steps, whose texts and commands are there', () => {
  const [walkthrough] = contributes.walkthroughs;
  assert.equal(walkthrough?.steps.length, 4);
  for (const { description, media } of walkthrough.steps) {
    assert.ok(existsSync(media.markdown), media.markdown);
    for (const [, id] of description.matchAll(/command:(strata\.\w+)\)/g)) assert.ok(id! in commands, id);
  }
});

test('files that are contributed are there', () => {
  for (const { path } of contributes.grammars) assert.ok(existsSync(path), path);
  for (const { configuration } of contributes.languages)
    assert.doesNotThrow(() => JSON.parse(readFileSync(configuration, 'utf8')));
});

test('untrusted and virtual workspaces are spoken for', () => {
  for (const kind of ['untrustedWorkspaces', 'virtualWorkspaces'] as const) {
    assert.equal(manifest.capabilities[kind].supported, 'limited');
    assert.match(manifest.capabilities[kind].description, /looked at/);
  }
});
