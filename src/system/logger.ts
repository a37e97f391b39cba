import type { Logger } from './system.js';

type Level = 'debug' | 'info' | 'warn' | 'error';
const levels: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** Drops everything. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Writes every level as one line to stderr. */
export const consoleLogger: Logger = lineLogger('debug');

/** Used when the application gives no logger: warnings and errors, one line each, to stderr. */
export const defaultLogger: Logger = lineLogger('warn');

/** A logger that writes lines of `from` and above to stderr (or elsewhere). */
export function lineLogger(
  from: Level,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger {
  const at = (level: Level) => {
    if (levels.indexOf(level) < levels.indexOf(from)) return () => {};
    return (message: string, context?: Record<string, unknown>) =>
      write(`kafkit ${level}: ${message}${describe(context)}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function describe(context: Record<string, unknown> | undefined): string {
  if (context === undefined) return '';
  const parts = Object.entries(context)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${text(value)}`);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

function text(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? String(value);
}
