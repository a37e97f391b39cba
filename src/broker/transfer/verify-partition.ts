import type { RecordBatch } from '../../records/index.js';
import type { System } from '../../system/index.js';
import { type BadBatch, scanBatches } from '../log/batch-scan.js';
import { offsetOfFile, partitionFile, segmentSuffixes, stemOf, suffix } from '../log/file-names.js';
import { LeaderEpochCache } from '../log/leader-epoch-cache.js';
import { decodeSnapshot } from '../log/producer-snapshot.js';
import { ProducerState } from '../log/producer-state.js';
import { readPartitionMetadata } from '../log/partition-metadata.js';
import { type AbortedTransaction, TransactionIndex } from '../log/transaction-index.js';
import { turn } from './copy-files.js';
import { OffsetIndexCheck, TimeIndexCheck } from './verify-indexes.js';
import type { Findings } from './verify-report.js';

/** What is expected of a partition's directory. */
export interface PartitionToVerify {
  readonly root: string;
  /** `<topic>-<partition>` */
  readonly name: string;
  readonly topicId: string;
  /** Compaction leaves holes between offsets. */
  readonly isCompacted: boolean;
  readonly isClean: boolean;
  /** Everything below was synced; 0 where unknown. */
  readonly recoveryPoint: number;
  /** -1 where unknown. */
  readonly logStartOffset: number;
  /** The leader epoch that the metadata knows. */
  readonly leaderEpoch: number;
  /** Sees every batch; throws where its records are not as they should be. */
  readonly visit: (batch: RecordBatch) => void;
}

export interface VerifiedPartition {
  readonly startOffset: number;
  readonly endOffset: number;
}

/** Reads all files of a partition and compares them with each other. */
export async function verifyPartition(
  system: System,
  partition: PartitionToVerify,
  findings: Findings,
): Promise<VerifiedPartition> {
  return await new PartitionCheck(system, partition, findings).run();
}

class PartitionCheck {
  readonly #system: System;
  readonly #partition: PartitionToVerify;
  readonly #findings: Findings;
  readonly #directory: string;
  readonly #names: readonly string[];
  readonly #bases: readonly number[];
  readonly #producers = new ProducerState();
  readonly #epochs = new LeaderEpochCache();
  #nextOffset = 0;

  constructor(system: System, partition: PartitionToVerify, findings: Findings) {
    const { disk } = system;
    this.#system = system;
    this.#partition = partition;
    this.#findings = findings;
    this.#directory = disk.join(partition.root, partition.name);
    this.#names = disk.list(this.#directory).map(({ name }) => name);
    this.#bases = this.#names
      .map((name) => offsetOfFile(name, suffix.log))
      .filter((base) => base !== undefined)
      .sort((a, b) => a - b);
  }

  async run(): Promise<VerifiedPartition> {
    const { name, topicId, logStartOffset } = this.#partition;
    const { disk } = this.#system;
    if (readPartitionMetadata(disk, this.#directory) !== topicId) {
      const path = disk.join(name, partitionFile.metadata);
      this.#findings.error(path, `It does not name the topic's id ${topicId}.`);
    }
    this.#checkNames();
    const [first] = this.#bases;
    if (first === undefined) {
      this.#findings.warning(name, 'There is no segment; the next start makes an empty one.');
    }
    this.#nextOffset = first ?? Math.max(0, logStartOffset);
    for (const base of this.#bases) {
      this.#checkSegment(base);
      await turn(this.#system);
    }
    const startOffset = Math.max(first ?? 0, logStartOffset);
    this.#checkOffsets(startOffset);
    this.#checkEpochs(startOffset);
    this.#checkSnapshots();
    return { startOffset, endOffset: Math.max(this.#nextOffset, startOffset) };
  }

  #checkNames(): void {
    const known = [...segmentSuffixes, suffix.snapshot];
    const passing = [suffix.deleted, suffix.cleaned, suffix.swap, '.tmp'];
    const own: readonly string[] = Object.values(partitionFile);
    for (const name of this.#names) {
      const isKnown = known.some((ending) => offsetOfFile(name, ending) !== undefined);
      const isPassing = passing.some((ending) => name.endsWith(ending));
      if (isKnown || isPassing || own.includes(name)) continue;
      this.#findings.warning(this.#path(name), 'No log has a file of this name.');
    }
  }

  #checkSegment(base: number): void {
    const { disk } = this.#system;
    const place = this.#bases.indexOf(base);
    const isLast = place === this.#bases.length - 1;
    const path = this.#path(stemOf(base) + suffix.log);
    const findings = this.#findings;
    if (base > this.#nextOffset && !this.#partition.isCompacted) {
      findings.error(path, `Offsets ${this.#nextOffset} to ${base - 1} before it are missing.`);
    }
    if (base < this.#nextOffset) {
      findings.error(path, `It begins before the end of the segment before, ${this.#nextOffset}.`);
    }
    this.#nextOffset = Math.max(this.#nextOffset, base);
    const checks = this.#indexChecks(base, isLast);
    const aborted: AbortedTransaction[] = [];
    const file = disk.open(disk.join(this.#directory, stemOf(base) + suffix.log), 'read');
    let bad: BadBatch | undefined;
    try {
      bad = scanBatches(file, 0, base, (found) => {
        for (const check of checks) check.see(found);
        const ended = this.#seeBatch(found.batch, path);
        if (ended !== undefined) aborted.push(ended);
      });
      findings.bytes += file.size();
      if (bad !== undefined) this.#judge(bad, file.size(), path, place);
    } finally {
      file.close();
    }
    for (const check of checks) check.end();
    findings.segments += 1;
    if (this.#partition.isClean || !isLast) this.#checkAborted(base, aborted);
  }

  #seeBatch(batch: RecordBatch, path: string): AbortedTransaction | undefined {
    const findings = this.#findings;
    const { leaderEpoch } = this.#partition;
    findings.batches += 1;
    findings.records += batch.count;
    const epoch = batch.partitionLeaderEpoch;
    if (epoch < this.#epochs.latest || epoch > leaderEpoch) {
      const what = `The batch at offset ${batch.baseOffset} has the leader epoch ${epoch}`;
      const instead = `${this.#epochs.latest} to ${leaderEpoch}`;
      findings.error(path, `${what}, which should be one of ${instead}.`);
    }
    this.#epochs.assign(epoch, batch.baseOffset);
    this.#nextOffset = batch.nextOffset;
    try {
      this.#partition.visit(batch);
      return this.#producers.note(batch, -1);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      findings.error(path, `The batch at offset ${batch.baseOffset} is damaged: ${reason}`);
      return undefined;
    }
  }

  /** What is no batch may be the torn end of the last write, or a loss. */
  #judge(bad: BadBatch, size: number, path: string, place: number): void {
    const { isClean, recoveryPoint } = this.#partition;
    const next = this.#bases[place + 1];
    const what = `${size - bad.position} bytes from byte ${bad.position} on are no batch`;
    const because = `${what} (${bad.reason})`;
    const isTail = next === undefined && !isClean && this.#nextOffset >= recoveryPoint;
    if (isTail) this.#findings.warning(path, `${because}; the next start cuts them.`);
    else if (next === this.#nextOffset) this.#findings.warning(path, `${because}.`);
    else this.#findings.error(path, `${because}: offsets from ${this.#nextOffset} on are lost.`);
  }

  /** After an unclean stop the indexes of the last segment are built anew, whatever they hold. */
  #indexChecks(base: number, isLast: boolean): (OffsetIndexCheck | TimeIndexCheck)[] {
    if (isLast && !this.#partition.isClean) return [];
    const { disk } = this.#system;
    const checks: (OffsetIndexCheck | TimeIndexCheck)[] = [];
    for (const [ending, Check] of [
      [suffix.offsetIndex, OffsetIndexCheck],
      [suffix.timeIndex, TimeIndexCheck],
    ] as const) {
      const name = stemOf(base) + ending;
      if (!this.#names.includes(name)) {
        this.#findings.warning(this.#path(name), 'It is missing; the next start builds it anew.');
        continue;
      }
      const bytes = disk.readFile(disk.join(this.#directory, name));
      checks.push(new Check(bytes, this.#path(name), base, this.#findings));
    }
    return checks;
  }

  /** Every transaction whose beginning and abort are in the log must be listed. */
  #checkAborted(base: number, aborted: readonly AbortedTransaction[]): void {
    const { disk } = this.#system;
    const name = stemOf(base) + suffix.transactionIndex;
    const index = new TransactionIndex(disk, disk.join(this.#directory, name));
    const listed = new Set(index.all().map((entry) => `${entry.producerId} ${entry.lastOffset}`));
    for (const { producerId, lastOffset, firstOffset } of aborted) {
      if (listed.has(`${producerId} ${lastOffset}`)) continue;
      const what = `The transaction of producer ${producerId} at offset ${firstOffset}`;
      const where = this.#path(name);
      this.#findings.error(where, `${what}, aborted at ${lastOffset}, is not listed.`);
    }
  }

  #checkOffsets(startOffset: number): void {
    const { name, recoveryPoint, isClean } = this.#partition;
    const end = this.#nextOffset;
    if (startOffset > end && this.#bases.length > 0) {
      this.#findings.error(name, `The log begins at ${startOffset}, behind its end ${end}.`);
    }
    if (recoveryPoint > Math.max(end, startOffset)) {
      const lost = `Offsets ${end} to ${recoveryPoint - 1} had been written safely and are gone`;
      this.#findings.error(name, `${lost}${isClean ? '' : ' (or damaged)'}.`);
    }
  }

  #checkEpochs(startOffset: number): void {
    const name = partitionFile.leaderEpochs;
    if (!this.#partition.isClean || !this.#names.includes(name)) return;
    const { disk } = this.#system;
    const written = new LeaderEpochCache();
    try {
      written.load(disk.readFile(disk.join(this.#directory, name)));
    } catch {
      this.#findings.warning(this.#path(name), 'It is not readable and will be built anew.');
      return;
    }
    for (const { epoch, startOffset: begins } of this.#epochs.entries) {
      const from = Math.max(begins, startOffset);
      if (from >= this.#nextOffset || this.#epochs.epochAt(from) !== epoch) continue;
      if (written.epochAt(from) === epoch) continue;
      const said = `It gives offset ${from} the epoch ${written.epochAt(from)}`;
      this.#findings.error(this.#path(name), `${said}, but its batch says ${epoch}.`);
    }
  }

  #checkSnapshots(): void {
    const { disk } = this.#system;
    for (const name of this.#names) {
      if (offsetOfFile(name, suffix.snapshot) === undefined) continue;
      try {
        decodeSnapshot(disk.readFile(disk.join(this.#directory, name)));
      } catch {
        this.#findings.warning(this.#path(name), 'It is damaged and will be left out.');
      }
    }
  }

  #path(name: string): string {
    return this.#system.disk.join(this.#partition.name, name);
  }
}
