import { CommandFailure } from './command.js';
import type { CliIo } from './io.js';

const fileChunkBytes = 256 * 1024;

/** Standard input, or the files one after the other; ends when the command is interrupted. */
export async function* chunksOf(files: readonly string[], io: CliIo): AsyncGenerator<Uint8Array> {
  if (files.length === 0) {
    yield* untilInterrupted(io.stdin(), io.interrupted);
    return;
  }
  for (const path of files) {
    if (path === '-') yield* untilInterrupted(io.stdin(), io.interrupted);
    else yield* fileChunks(path, io);
  }
}

function* fileChunks(path: string, io: CliIo): Generator<Uint8Array> {
  if (!io.system.disk.exists(path)) throw new CommandFailure(`There is no file ${path}.`);
  const file = io.system.disk.open(path, 'read');
  try {
    for (let position = 0; !io.interrupted.aborted; ) {
      const chunk = Buffer.allocUnsafe(fileChunkBytes);
      const length = file.read(chunk, position);
      if (length === 0) return;
      position += length;
      yield chunk.subarray(0, length);
    }
  } finally {
    file.close();
  }
}

async function* untilInterrupted(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let stop = () => {};
  signal.addEventListener('abort', () => stop(), { once: true });
  while (!signal.aborted) {
    const next = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
      stop = () => resolve(undefined);
      iterator.next().then(resolve, reject);
    });
    if (next === undefined || next.done === true) return;
    yield next.value;
  }
}
