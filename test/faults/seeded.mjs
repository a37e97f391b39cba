// Chance from a seed: the same seed makes the same plan. (What the machine makes of the plan, and
// when, is another matter: a seed repeats the faults, not the interleaving.)

/** Mulberry32: small, and good enough to plan with. */
export class Seeded {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number in [from, to]. */
  between(from, to) {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }

  chance(probability) {
    return this.fraction() < probability;
  }
}
