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
