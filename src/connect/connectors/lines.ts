import type { Sink } from '../sink.js';
import type { Source } from '../source.js';
import { lineFormat } from './file/record-format.js';

/** Values as lines of JSON to a writer such as standard output. A crash may repeat some. */
export function lines(write: (text: string) => Promise<void> | undefined): Sink {
  const format = lineFormat('jsonl', undefined);
  return {
    name: 'stdout',
    guarantee: 'atLeastOnce',
    start: async () => ({
      async put(records) {
        let text = '';
        for (const record of records) {
          const line = format.line(record);
          text += `${typeof line === 'string' ? line : Buffer.from(line).toString('utf8')}\n`;
        }
        if (text !== '') await write(text);
        return [];
      },
      close: () => Promise.resolve(),
    }),
  };
}

/** Lines of a stream such as standard input as values. A stream has no position to go back to. */
export function linesSource(input: AsyncIterable<Uint8Array>): Source {
  return {
    name: 'stdin',
    start: async () => {
      const chunks = input[Symbol.asyncIterator]();
      let rest = '';
      let isOver = false;
      const decoder = new TextDecoder();
      return {
        async poll() {
          while (!isOver) {
            const next = await chunks.next();
            isOver = next.done === true;
            rest += isOver ? decoder.decode() : decoder.decode(next.value, { stream: true });
            const found = rest.split('\n');
            rest = isOver ? '' : (found.pop() ?? '');
            const values = isOver ? found.filter((line) => line !== '') : found;
            if (values.length === 0) continue;
            return { records: values.map((value) => ({ key: null, value })), position: {} };
          }
          return undefined;
        },
        close: () => Promise.resolve(),
      };
    },
  };
}
