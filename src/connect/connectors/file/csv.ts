/** Where the last whole record ends: lines within quotes are part of their record (RFC 4180). */
export function endOfRecords(bytes: Uint8Array): number {
  let isQuoted = false;
  let end = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 34) isQuoted = !isQuoted;
    else if (byte === 10 && !isQuoted) end = at + 1;
  }
  return end;
}

/** Where the first record ends; everything, where it does not. */
export function endOfFirst(bytes: Uint8Array): number {
  let isQuoted = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 34) isQuoted = !isQuoted;
    else if (bytes[at] === 10 && !isQuoted) return at + 1;
  }
  return bytes.length;
}

export interface CsvRow {
  readonly fields: readonly string[];
  /** Where it begins in the text, and where the next one does. */
  readonly from: number;
  readonly to: number;
}

/** The records of a text, each as its fields. Empty lines are none. */
export function recordsOfCsv(text: string): CsvRow[] {
  const records: CsvRow[] = [];
  let fields: string[] = [];
  let from = 0;
  let at = 0;
  const endRecord = () => {
    const isEmpty = fields.length === 1 && fields[0] === '';
    if (fields.length > 0 && !isEmpty) records.push({ fields, from, to: at });
    fields = [];
    from = at;
  };
  while (at < text.length) {
    const { field, next } = text[at] === '"' ? quotedField(text, at) : plainField(text, at);
    fields.push(field);
    const mark = text[next];
    at = next + 1;
    if (mark === ',') {
      // A comma at the very end has an empty field behind it.
      if (at >= text.length) fields.push('');
      continue;
    }
    endRecord();
  }
  endRecord();
  return records;
}

interface Field {
  readonly field: string;
  /** Where the comma or the line's end behind it is. */
  readonly next: number;
}

function plainField(text: string, from: number): Field {
  const comma = indexOr(text, ',', from);
  const newline = indexOr(text, '\n', from);
  const next = Math.min(comma, newline);
  const field = text.slice(from, next);
  return { field: next === newline ? field.replace(/\r$/, '') : field, next };
}

function quotedField(text: string, from: number): Field {
  let field = '';
  let at = from + 1;
  for (;;) {
    const quote = indexOr(text, '"', at);
    field += text.slice(at, quote);
    // Two quotes stand for one.
    if (text[quote + 1] !== '"') {
      const { field: rest, next } = plainField(text, Math.min(quote + 1, text.length));
      return { field: field + rest, next };
    }
    field += '"';
    at = quote + 2;
  }
}

function indexOr(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}
