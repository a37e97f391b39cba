import * as fs from 'node:fs';

/**
 * The process that holds a lock of the operating system (fcntl) on a file, as far as that can be
 * told: Linux lists them all in /proc/locks. Undefined where nobody does, or nobody knows.
 */
export function lockHolder(path: string): number | undefined {
  try {
    const { dev, ino } = fs.statSync(path, { bigint: true });
    // Major and minor number as the kernel packs them for programs.
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
    const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
    const hex = (part: bigint) => part.toString(16).padStart(2, '0');
    const place = `${hex(major)}:${hex(minor)}:${ino}`;
    for (const line of fs.readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, , , , pid, where] = line.trim().split(/\s+/);
      if (where === place) return Number(pid);
    }
  } catch {
    // No such file, or no such system: then nobody can tell.
  }
  return undefined;
}
