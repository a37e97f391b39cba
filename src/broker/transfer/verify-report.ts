/** One thing that is not as it should be. */
export interface Finding {
  /** An error means that records or offsets are lost or wrong; a warning mends itself. */
  readonly level: 'error' | 'warning';
  /** Relative to the directory. */
  readonly path: string;
  readonly message: string;
}

/** What `verify` has seen and what it thinks of it. */
export interface VerifyReport {
  readonly directory: string;
  readonly kind: 'kafkit' | 'kafka' | 'backup';
  readonly clusterId: string;
  readonly nodeId: number;
  readonly wasCleanShutdown: boolean;
  readonly topics: number;
  readonly partitions: number;
  readonly segments: number;
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  /** Errors first; at most `findingsMax`, `omitted` counts the rest. */
  readonly findings: readonly Finding[];
  readonly errors: number;
  readonly warnings: number;
  readonly omitted: number;
}

/** Findings kept; a broken disk may have millions. */
const findingsMax = 1000;

/** Collects findings, and counts what was looked at. */
export class Findings {
  readonly #kept: Finding[] = [];
  errors = 0;
  warnings = 0;
  segments = 0;
  batches = 0;
  records = 0;
  bytes = 0;

  error(path: string, message: string): void {
    this.errors += 1;
    this.#keep({ level: 'error', path, message });
  }

  warning(path: string, message: string): void {
    this.warnings += 1;
    this.#keep({ level: 'warning', path, message });
  }

  #keep(finding: Finding): void {
    if (this.#kept.length < findingsMax) this.#kept.push(finding);
  }

  /** Errors first. */
  sorted(): Finding[] {
    const of = (level: Finding['level']) => this.#kept.filter((each) => each.level === level);
    return [...of('error'), ...of('warning')];
  }

  get omitted(): number {
    return this.errors + this.warnings - this.#kept.length;
  }
}
