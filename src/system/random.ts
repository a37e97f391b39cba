/** Randomness: seeded in simulations, the operating system's otherwise. */
export interface Random {
  bytes(length: number): Buffer;
  /** A number in [0, 1). */
  fraction(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  /** A new topic, member or directory id as Kafka writes it: 22 characters of base64url. */
  uuid(): string;
}

/**
 * A version 4 uuid drawn from `bytes(16)`, never beginning with a dash, as Kafka wants its ids
 * (`Uuid.randomUuid`; the version digit alone keeps it clear of the ids Kafka reserves).
 */
export function drawUuid(bytes: (length: number) => Buffer): string {
  for (;;) {
    const raw = bytes(16);
    raw[6] = ((raw[6] as number) & 0x0f) | 0x40;
    raw[8] = ((raw[8] as number) & 0x3f) | 0x80;
    const text = raw.toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}
