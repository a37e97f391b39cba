import { type Logger, lineLogger } from '../system/index.js';
import type { Input } from './input.js';
import type { CliIo } from './io.js';

/** What transfers have to say goes to stderr: warnings, and everything with `--debug`. */
export function transferLogger(input: Input, io: CliIo): Logger {
  return lineLogger(input.has('debug') ? 'debug' : 'warn', (line) => void io.stderr.write(line));
}
