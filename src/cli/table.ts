export type Cell = string | number;

/**
 * Rows below headers, columns as wide as their widest cell, two spaces between; numbers to the
 * right. Returns lines without trailing blanks, for a terminal and for `awk` alike.
 */
export function table(headers: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const toTheRight = headers.map((_, column) =>
    rows.every((row) => typeof row[column] === 'number' || row[column] === '-'),
  );
  const line = (cells: readonly Cell[]) =>
    widths
      .map((width, column) => {
        const text = String(cells[column] ?? '');
        return toTheRight[column] && rows.length > 0 ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return `${[headers, ...rows].map(line).join('\n')}\n`;
}

/** `1 record`, `2 records`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
