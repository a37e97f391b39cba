import {
  fourAt,
  lastLiterals,
  matchFreeTail,
  matchMin,
  writeLength,
  writeLiterals,
} from './lz4-block.js';

const hashBits = 15;
/** Where bytes of a hash stand last, relative to the block; -1 where nowhere. */
const heads = new Int32Array(1 << hashBits);
/** From each place how far back the same hash stands; 0 where nowhere. */
const back = new Uint16Array(64 * 1024);
/** Higher levels search no longer: each step doubles the time and gains next to nothing. */
const levelMax = 12;

/**
 * As `lz4CompressBlock`, but looks at up to 2^(level − 1) earlier places (2048 at most) for the
 * longest match, and whether one that begins a byte later is longer (as LZ4 HC does).
 */
export function lz4CompressBlockHigh(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  targetStart: number,
  level: number,
): number {
  const search = new Search(source, start, end, 1 << (Math.min(level, levelMax) - 1));
  const matchFrom = end - matchFreeTail;
  let to = targetStart;
  let literalStart = start;
  let at = start;
  while (at < matchFrom) {
    let length = search.longestAt(at);
    if (length < matchMin) {
      at += 1;
      continue;
    }
    let distance = search.distance;
    while (at + 1 < matchFrom) {
      const later = search.longestAt(at + 1);
      if (later <= length) break;
      at += 1;
      length = later;
      distance = search.distance;
    }
    to = writeLiterals(source, literalStart, at, length - matchMin, target, to);
    target[to++] = distance & 0xff;
    target[to++] = distance >> 8;
    if (length - matchMin >= 15) to = writeLength(target, to, length - matchMin - 15);
    at += length;
    literalStart = at;
  }
  return writeLiterals(source, literalStart, end, 0, target, to);
}

class Search {
  readonly #source: Uint8Array;
  readonly #start: number;
  readonly #matchEnd: number;
  readonly #attempts: number;
  /** What lies before it has been noted. */
  #noted: number;
  /** How far back the match that was found last begins. */
  distance = 0;

  constructor(source: Uint8Array, start: number, end: number, attempts: number) {
    this.#source = source;
    this.#start = start;
    this.#matchEnd = end - lastLiterals;
    this.#attempts = attempts;
    this.#noted = start;
    heads.fill(-1);
  }

  /** Length of the longest match at a place; its distance is kept. 0 without one. */
  longestAt(at: number): number {
    const source = this.#source;
    const start = this.#start;
    for (; this.#noted < at; this.#noted++) this.#note(this.#noted);
    let candidate = heads[hashOf(source, at)] as number;
    let longest = 0;
    for (let left = this.#attempts; candidate >= 0 && left > 0; left--) {
      const place = start + candidate;
      // Only what is longer than the best so far is worth counting.
      if (
        source[place + longest] === source[at + longest] &&
        fourAt(source, place) === fourAt(source, at)
      ) {
        let length = matchMin;
        while (at + length < this.#matchEnd && source[place + length] === source[at + length])
          length++;
        if (length > longest) {
          longest = length;
          this.distance = at - place;
        }
      }
      const step = back[candidate] as number;
      if (step === 0 || at + longest >= this.#matchEnd) break;
      candidate -= step;
    }
    return longest;
  }

  #note(place: number): void {
    const hash = hashOf(this.#source, place);
    const relative = place - this.#start;
    const before = heads[hash] as number;
    back[relative] = before < 0 ? 0 : relative - before;
    heads[hash] = relative;
  }
}

function hashOf(source: Uint8Array, at: number): number {
  return Math.imul(fourAt(source, at), -1640531535) >>> (32 - hashBits);
}
