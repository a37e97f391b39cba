const blank = /[ \t\n\r]*/y;
const text = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;

/**
 * Where a text stops being JSON (RFC 8259): the index of the first character that cannot stand
 * where it stands, the text's length where its end comes too early, undefined where all of it is
 * JSON. `JSON.parse` says so only for some mistakes, and in other words in each version of Node.
 */
export function jsonFault(json: string): number | undefined {
  /** The brackets that are open, innermost last. */
  const open: ('{' | '[')[] = [];
  const skip = (from: number, what: RegExp): number => {
    what.lastIndex = from;
    return what.test(json) ? what.lastIndex : from;
  };
  let at = skip(0, blank);
  let wanted: 'value' | 'value or ]' | 'name' | 'name or }' | 'more' = 'value';
  for (;;) {
    const mark = json[at];
    if (wanted === 'more') {
      const inner = open.at(-1);
      if (inner === undefined) return at < json.length ? at : undefined;
      if (mark === ',') wanted = inner === '{' ? 'name' : 'value';
      else if (mark === (inner === '{' ? '}' : ']')) open.pop();
      else return at;
      at = skip(at + 1, blank);
      continue;
    }
    if (wanted.startsWith('name')) {
      if (mark === '}' && wanted === 'name or }') {
        wanted = 'more';
        continue;
      }
      if (mark !== '"') return at;
      const end = skip(at, text);
      if (json[end] !== '"') return end;
      at = skip(end + 1, blank);
      if (json[at] !== ':') return at;
      at = skip(at + 1, blank);
      wanted = 'value';
      continue;
    }
    if (mark === ']' && wanted === 'value or ]') {
      wanted = 'more';
      continue;
    }
    if (mark === '{' || mark === '[') {
      open.push(mark);
      wanted = mark === '{' ? 'name or }' : 'value or ]';
      at = skip(at + 1, blank);
      continue;
    }
    const start = at;
    if (mark === '"') {
      at = skip(at, text);
      if (json[at] !== '"') return at;
      at++;
    } else at = skip(at, mark === '-' || /\d/.test(mark ?? '') ? number : word);
    if (at === start) return at;
    at = skip(at, blank);
    wanted = 'more';
  }
}
