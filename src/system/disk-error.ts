import { KafkaError } from '../errors/index.js';

const noSpace = new Set(['ENOSPC', 'EDQUOT']);

/** A failed disk call as the KafkaError that `Disk` promises; `action` is a verb. */
export function diskError(cause: unknown, action: string, path: string): KafkaError {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown';
  if (noSpace.has(code)) {
    return new KafkaError('DISK_FULL', `No space left to ${action} ${path} (${code}).`, {
      cause,
      path,
      hint: 'Free some space; writing goes on by itself after that.',
    });
  }
  return new KafkaError('DISK_ERROR', `Could not ${action} ${path} (${code}).`, {
    cause,
    path,
    hint: hints.get(code),
  });
}

const hints = new Map([
  ['EACCES', 'Check who owns the directory and its permissions.'],
  ['EPERM', 'Check who owns the directory and its permissions.'],
  ['EROFS', 'The file system is mounted read-only.'],
  ['EMFILE', 'Too many files are open: raise the limit (ulimit -n).'],
  ['ENFILE', 'Too many files are open on this machine.'],
  ['EIO', 'The device reports an error: check the disk.'],
]);
