/** What a group needs to be made of its records. */
interface Replayed<R> {
  replay(record: R): void;
}

interface ReplayedRecord {
  readonly kind: string;
  readonly groupId: string;
  readonly value: unknown;
}

/** The groups of one of the newer protocols by id, as their records make and end them. */
export class GroupTable<G extends Replayed<R>, R extends ReplayedRecord> extends Map<string, G> {
  readonly #head: R['kind'];
  readonly #make: (groupId: string) => G;

  /** A group ends with the tombstone of its record of kind `head`. */
  constructor(head: R['kind'], make: (groupId: string) => G) {
    super();
    this.#head = head;
    this.#make = make;
  }

  replay(record: R): void {
    const { groupId, kind, value } = record;
    const group = this.get(groupId);
    if (group !== undefined) {
      if (kind === this.#head && value === null) this.delete(groupId);
      else group.replay(record);
      return;
    }
    // A tombstone alone, as compaction may leave it, makes no group.
    if (value === null) return;
    const opened = this.#make(groupId);
    this.set(groupId, opened);
    opened.replay(record);
  }
}
