import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What may stand before a name: the call, and a table of cases of so many characters at most. */
const beforeName = /(test|check)(\.each\(.*\))?\(\s*$/s;
const tableMax = 600;

/** The whole name of the test that begins as told; fails where the file has none. */
export function fullTestName([file, start]: readonly [file: string, test: string]): string {
  const text = readFileSync(join(root, file), 'utf8');
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
    const quote = text[at - 1] as string;
    const before = text.slice(Math.max(0, at - 1 - tableMax), at - 1);
    if (beforeName.test(before)) return text.slice(at, text.indexOf(quote, at));
  }
  throw new Error(`${file} has no test whose name begins with '${start}'`);
}
