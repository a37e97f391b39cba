import type { BackupSummary, Broker, TransferProgress } from '../broker/index.js';
import { type Disk, type System, type Timer } from '../system/index.js';

/**
 * How `kafkit backup` asks a running `kafkit up` for a backup: by a file in the data directory,
 * which only those can write who may write there, and which works on every system. The broker looks
 * for it once a second, takes it away, and answers by another file.
 */
const requestName = 'kafkit-backup.request';
const lookEveryMs = 1000;
const sayEveryMs = 500;

export interface BackupRequest {
  /** Names the answer. */
  readonly id: string;
  /** An absolute path. */
  readonly out: string;
  readonly copy: boolean;
}

export type BackupAnswer =
  | { readonly state: 'running'; readonly progress: TransferProgress }
  | { readonly state: 'done'; readonly summary: BackupSummary }
  | { readonly state: 'failed'; readonly message: string };

const answerName = (id: string): string => `kafkit-backup-${id}.answer`;

export function writeRequest(disk: Disk, data: string, request: BackupRequest): void {
  disk.replaceFile(disk.join(data, requestName), Buffer.from(JSON.stringify(request)));
}

export function removeRequest(disk: Disk, data: string): void {
  disk.remove(disk.join(data, requestName));
}

export function readAnswer(disk: Disk, data: string, id: string): BackupAnswer | undefined {
  const path = disk.join(data, answerName(id));
  if (!disk.exists(path)) return undefined;
  return JSON.parse(disk.readFile(path).toString('utf8')) as BackupAnswer;
}

export function removeAnswer(disk: Disk, data: string, id: string): void {
  disk.remove(disk.join(data, answerName(id)));
}

/** Serves requests for backups until it is told to stop; one at a time. */
export function serveBackupRequests(broker: Broker, { disk, clock }: System): () => void {
  const data = broker.dataDirectory;
  let timer: Timer | undefined;
  let stopped = false;
  const look = (): void => {
    const request = takeRequest(disk, data);
    const served = request === undefined ? Promise.resolve() : serve(request);
    served.finally(arm).catch(() => undefined);
  };
  const arm = (): void => {
    if (!stopped) timer = clock.after(lookEveryMs, look, { background: true });
  };
  const serve = async (request: BackupRequest): Promise<void> => {
    const { id, out, copy } = request;
    const answer = (what: BackupAnswer): void => {
      disk.replaceFile(disk.join(data, answerName(id)), Buffer.from(JSON.stringify(what)));
    };
    let saidAt = clock.monotonic();
    const onProgress = (progress: TransferProgress): void => {
      if (clock.monotonic() - saidAt < sayEveryMs) return;
      saidAt = clock.monotonic();
      answer({ state: 'running', progress });
    };
    try {
      answer({ state: 'running', progress: { doneBytes: 0, totalBytes: 0 } });
      answer({ state: 'done', summary: await broker.backup(out, { copy, onProgress }) });
    } catch (error) {
      answer({ state: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  };
  arm();
  return () => {
    stopped = true;
    timer?.cancel();
  };
}

function takeRequest(disk: Disk, data: string): BackupRequest | undefined {
  const path = disk.join(data, requestName);
  if (!disk.exists(path)) return undefined;
  try {
    const request: unknown = JSON.parse(disk.readFile(path).toString('utf8'));
    const { id, out, copy } = request as Partial<BackupRequest>;
    const isSound = typeof id === 'string' && /^[\w-]{1,64}$/.test(id) && typeof out === 'string';
    return isSound ? { id, out, copy: copy === true } : undefined;
  } catch {
    // Whoever wrote it does not speak our language: it is taken away, and nobody waits for us.
    return undefined;
  } finally {
    disk.remove(path);
  }
}
