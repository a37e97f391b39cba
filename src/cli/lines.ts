import { CommandFailure } from './command.js';

/** The longest line that is read; a larger one is more likely a mistake than a record. */
const lineBytesMax = 64 * 1024 * 1024;

/**
 * Cuts chunks of bytes into lines, without the line end (`\n` or `\r\n`). The last line may lack
 * its end. A line is text, or its very bytes when they are not UTF-8.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      const line = Buffer.concat([...rest, bytes.subarray(from, at)]);
      yield line.at(-1) === 13 ? line.subarray(0, -1) : line;
      rest = [];
      restBytes = 0;
      from = at + 1;
    }
    if (from === bytes.length) continue;
    rest.push(bytes.subarray(from));
    restBytes += bytes.length - from;
    if (restBytes > lineBytesMax) {
      throw new CommandFailure(`A line is longer than ${lineBytesMax} bytes.`);
    }
  }
  if (restBytes > 0) yield Buffer.concat(rest);
}
