/** The word that was probably meant, or undefined when none is near. */
export function nearest(written: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const word of words) {
    const distance = editDistance(written, word);
    if (distance >= bestDistance) continue;
    best = word;
    bestDistance = distance;
  }
  return best;
}

/** How many letters have to be added, removed or replaced to make one word out of the other. */
function editDistance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const line = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      const replaced = (above[column - 1] ?? 0) + same;
      const removed = (above[column] ?? 0) + 1;
      const added = (line[column - 1] ?? 0) + 1;
      line.push(Math.min(replaced, removed, added));
    }
    above = line;
  }
  return above[right.length] ?? 0;
}
