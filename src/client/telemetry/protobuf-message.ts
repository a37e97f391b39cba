const lengthDelimited = 2;
const fixed64 = 1;

/**
 * A protobuf message being written, field by field: as much of the format as metrics need. Fields
 * without a value are left out, as in proto3.
 */
export class ProtobufMessage {
  readonly #parts: Buffer[] = [];

  text(field: number, text: string): this {
    if (text !== '') this.#put(field, Buffer.from(text));
    return this;
  }

  message(field: number, message: ProtobufMessage): this {
    return this.#put(field, message.bytes());
  }

  varint(field: number, value: number): this {
    if (value !== 0) this.#parts.push(Buffer.from([...varint(field << 3), ...varint(value)]));
    return this;
  }

  /** Nanoseconds since 1970, from milliseconds. */
  nanoseconds(field: number, milliseconds: number): this {
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(BigInt(Math.max(0, Math.floor(milliseconds))) * 1_000_000n);
    return this.#fixed(field, value);
  }

  /** Written also when it is 0: it stands in a choice of several kinds. */
  double(field: number, number: number): this {
    const value = Buffer.alloc(8);
    value.writeDoubleLE(number);
    return this.#fixed(field, value);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #put(field: number, content: Buffer): this {
    const head = [...varint((field << 3) | lengthDelimited), ...varint(content.length)];
    this.#parts.push(Buffer.from(head), content);
    return this;
  }

  #fixed(field: number, value: Buffer): this {
    this.#parts.push(Buffer.from(varint((field << 3) | fixed64)), value);
    return this;
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
