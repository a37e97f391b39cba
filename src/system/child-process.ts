/** How a child process has ended: with a status of its own, or by a signal. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Another program, started by this one. Its standard error is ours. */
export interface ChildProcess {
  readonly pid: number;
  /** Resolves once it has ended and everything it printed has been read. */
  readonly exited: Promise<ChildExit>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts a program and hands over what it prints to standard output, line by line. */
export async function startChild(
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<ChildProcess> {
  // Loaded on first use: hardly any program that uses this room starts another one.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.once('error', reject);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    const exited = new Promise<ChildExit>((ended) => {
      child.once('close', (code, signal) => ended({ code, signal }));
    });
    child.once('spawn', () => {
      resolve({ pid: child.pid ?? -1, exited, kill: (signal) => void child.kill(signal) });
    });
  });
}
