/** A document of tables that a bench writes, each between marks of its own, so that parts can be measured anew one by one. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Puts `text` into the section of `part`, at the end where the document has none. */
export function writeSection(file: string, part: string, text: string): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [open, close] = [`<!-- ${part} -->`, `<!-- end of ${part} -->`];
  const section = `${open}\n\n\`\`\`text\n${text.trim()}\n\`\`\`\n\n${close}`;
  const [from, to] = [before.indexOf(open), before.indexOf(close)];
  writeFileSync(
    file,
    from < 0 || to < 0
      ? `${before}${before === '' ? '' : '\n'}${section}\n`
      : `${before.slice(0, from)}${section}${before.slice(to + close.length)}`,
  );
}
