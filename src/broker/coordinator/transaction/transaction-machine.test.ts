import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../runtime/machine.js';
import { Outcome } from '../runtime/outcome.js';
import { TimerTable } from '../runtime/timer-table.js';
import { transactionConfigDefaults } from './transaction-config.js';
import { TransactionMachine } from './transaction-machine.js';
import type { DecidedTransaction, ProducerAnswer } from './transaction-messages.js';
import { transactionRecordCodec } from './transaction-record-codec.js';
import type { TransactionRecord, TransactionValue } from './transaction-records.js';

/** A machine with a clock, a list for a log, and a hand that takes what is decided. */
class Stage {
  readonly log: LogRecord[] = [];
  readonly decided: DecidedTransaction[] = [];
  now = 1_000_000;
  #tickets = 0;
  #producerIds = 0;
  #timers = new TimerTable<TransactionRecord>();
  machine = new TransactionMachine({ timers: this.#timers, config: transactionConfigDefaults });

  constructor() {
    this.#listen();
  }

  /** Runs an operation, and whatever it brings about; answers what its ticket was answered. */
  run<T>(operation: (outcome: Outcome<TransactionRecord>, ticket: { number: number }) => void): T {
    this.#timers.setNow(this.now);
    const ticket = { number: ++this.#tickets };
    const outcome = new Outcome<TransactionRecord>();
    operation(outcome, ticket);
    for (const { record } of outcome.records) {
      this.log.push(transactionRecordCodec.encode(record));
      this.machine.replay(record);
    }
    let response: unknown;
    let toWriter = false;
    for (const answer of outcome.answers) {
      if (answer.to.number === ticket.number) response = answer.response;
      else {
        this.decided.push(...(answer.response as DecidedTransaction[]));
        toWriter = true;
      }
    }
    if (toWriter) this.#listen();
    return response as T;
  }

  #listen(): void {
    const ticket = { number: -++this.#tickets };
    const outcome = new Outcome<TransactionRecord>();
    this.machine.awaitDecided(ticket, outcome);
    for (const { response } of outcome.answers) {
      this.decided.push(...(response as DecidedTransaction[]));
      this.#listen();
    }
  }

  init(transactionalId: string, expected?: { producerId: number; producerEpoch: number }) {
    const request = { transactionalId, timeoutMs: 1000, expected };
    const ask = (fresh: number | undefined) =>
      this.run<ProducerAnswer>((outcome, ticket) =>
        this.machine.initProducer(request, fresh, ticket, outcome, this.now),
      );
    const answer = ask(undefined);
    return answer.needsProducerId === true ? ask(this.#producerIds++) : answer;
  }

  add(transactionalId: string, producer: ProducerAnswer, topic: string, index: number) {
    const { producerId, producerEpoch } = producer;
    const partitions = [[topic, [index]]] as const;
    const request = { transactionalId, producerId, producerEpoch, partitions, clientVersion: 2 };
    return this.run((outcome, ticket) =>
      this.machine.addPartitions(request, ticket as never, outcome, this.now),
    );
  }

  end(transactionalId: string, producer: ProducerAnswer, committed: boolean, bumpsEpoch = true) {
    const { producerId, producerEpoch } = producer;
    const request = { transactionalId, producerId, producerEpoch, committed, bumpsEpoch };
    const ask = (fresh: number | undefined) =>
      this.run<ProducerAnswer>((outcome, ticket) =>
        this.machine.end(request, fresh, ticket, outcome, this.now),
      );
    const answer = ask(undefined);
    return answer.needsProducerId === true ? ask(this.#producerIds++) : answer;
  }

  /** All markers are written. */
  complete(): void {
    for (const one of this.decided.splice(0)) {
      this.run((outcome, ticket) => this.machine.complete(one, ticket, outcome, this.now));
    }
  }

  advance(ms: number): void {
    this.now += ms;
    this.#timers.setNow(this.now);
    for (let due = this.#timers.takeDue(); due !== undefined; due = this.#timers.takeDue()) {
      const operation = due;
      this.run((outcome) => operation(outcome, this.now));
    }
  }

  /** The bytes of the log become a new machine. */
  restart(): void {
    this.#timers = new TimerTable();
    this.#timers.setNow(this.now);
    this.machine = new TransactionMachine({
      timers: this.#timers,
      config: transactionConfigDefaults,
    });
    this.decided.length = 0;
    for (const bytes of this.log) {
      const record = transactionRecordCodec.decode(bytes);
      if (record !== undefined) this.machine.replay(record);
    }
    this.#listen();
    this.run((outcome) => this.machine.loaded(outcome, this.now));
  }

  /** What a replay must bring back. */
  lasting(): [string, TransactionValue][] {
    return Array.from(this.machine.entries(), ([id, value]): [string, TransactionValue] => [
      id,
      { ...value, lastProducerEpoch: -1 },
    ]).sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

describe('the transaction machine', () => {
  test('decides, hands the markers out, and completes when they are written', () => {
    const stage = new Stage();
    const producer = stage.init('a');
    expect(stage.add('a', producer, 't', 0)).toBe('NONE');
    expect(stage.add('a', producer, 't', 1)).toBe('NONE');
    expect(stage.end('a', producer, true)).toMatchObject({ error: 'NONE', producerEpoch: 1 });
    expect(stage.decided).toEqual([
      {
        transactionalId: 'a',
        producerId: 0,
        producerEpoch: 1,
        committed: true,
        partitions: [
          ['t', 0],
          ['t', 1],
        ],
      },
    ]);
    expect(stage.end('a', producer, true).error).toBe('CONCURRENT_TRANSACTIONS');
    expect(stage.init('a').error).toBe('CONCURRENT_TRANSACTIONS');
    stage.complete();
    expect(stage.machine.get('a')).toMatchObject({ state: 'CompleteCommit', producerEpoch: 1 });
  });

  test('has the markers of a decided transaction written again after a restart', () => {
    const stage = new Stage();
    const producer = stage.init('a');
    stage.add('a', producer, 't', 0);
    stage.end('a', producer, true);
    const [before] = stage.decided;
    stage.restart();
    expect(stage.decided).toEqual([before]);
    stage.complete();
    stage.restart();
    expect(stage.decided).toEqual([]);
  });

  test('aborts a transaction that takes too long, also one found in the log', () => {
    for (const restarts of [false, true]) {
      const stage = new Stage();
      const producer = stage.init('a');
      stage.add('a', producer, 't', 0);
      stage.advance(999);
      if (restarts) stage.restart();
      expect(stage.machine.get('a')?.state).toBe('Ongoing');
      stage.advance(1);
      expect(stage.machine.get('a')).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 });
      stage.complete();
      expect(stage.add('a', producer, 't', 0)).toBe('PRODUCER_FENCED');
      expect(stage.end('a', producer, true).error).toBe('INVALID_TXN_STATE');
    }
  });

  test('gives a new producer id when the epochs of one are used up', () => {
    const stage = new Stage();
    let producer = stage.init('a');
    while (producer.producerEpoch < 32_765) producer = stage.init('a');
    for (const expected of [32_766, 0, 1]) {
      stage.add('a', producer, 't', 0);
      const ended = stage.end('a', producer, true);
      expect(ended).toMatchObject({ error: 'NONE', producerEpoch: expected });
      const [decided] = stage.decided;
      expect(decided?.producerId).toBe(producer.producerId);
      expect(decided?.producerEpoch).toBe(producer.producerEpoch + 1);
      stage.complete();
      // The answer was lost, and the producer asks again.
      expect(stage.end('a', producer, true)).toEqual(ended);
      producer = ended;
    }
    expect(producer.producerId).toBe(1);
  });

  test('gives a new producer id when a new producer comes and there is no epoch left', () => {
    const stage = new Stage();
    let producer = stage.init('a');
    while (producer.producerEpoch < 32_766) producer = stage.init('a');
    const rotated = stage.init('a', producer);
    expect(rotated).toMatchObject({ error: 'NONE', producerId: 1, producerEpoch: 0 });
    expect(stage.init('a', producer)).toEqual(rotated);
  });

  test('forgets ids after a week without transactions, but no open transaction', () => {
    const stage = new Stage();
    stage.restart();
    stage.init('idle');
    const week = transactionConfigDefaults.idExpirationMs;
    stage.advance(week / 2);
    stage.init('young');
    for (let hour = 0; hour < 100; hour++) stage.advance(3_600_000);
    expect([...stage.machine.entries()].map(([id]) => id)).toEqual(['young']);
  });
});

/**
 * Scripts with recorded output, in `testdata/`: a command, a line `----`, what came of it, an
 * empty line. `KAFKIT_REWRITE=1` records anew what is there; read the difference before
 * committing it.
 */
const folder = fileURLToPath(new URL('testdata/', import.meta.url));

describe('the transaction machine says what was recorded in', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    test(file, () => {
      const script = readFileSync(join(folder, file), 'utf8');
      const played = playScript(script);
      if (process.env.KAFKIT_REWRITE === '1') writeFileSync(join(folder, file), played);
      else expect(played).toBe(script);
    });
  }
});

/** Plays a script and gives it back with the output of now. */
function playScript(script: string): string {
  const stage = new Stage();
  const out: string[] = [];
  let isOutput = false;
  for (const line of script.split('\n')) {
    if (line === '----') isOutput = true;
    else if (line === '') isOutput = false;
    else if (line.startsWith('#') && !isOutput) out.push(line, '');
    else if (!isOutput) out.push(line, '----', ...commanded(stage, line), '');
  }
  return out.join('\n');
}

/** What a command writes into the log, what it is answered, what it decides. */
function commanded(stage: Stage, line: string): string[] {
  const [command = '', id = '', ...words] = line.split(' ');
  const options = new Map(words.map((word) => word.split('=') as [string, string]));
  const number = (name: string) => Number(options.get(name) ?? -1);
  const producer = {
    error: 'NONE' as const,
    producerId: number('pid'),
    producerEpoch: number('epoch'),
  };
  const before = stage.log.length;
  const decidedBefore = stage.decided.length;
  const out: string[] = [];
  const answered = ({ error, producerId, producerEpoch }: ProducerAnswer) =>
    out.push(error === 'NONE' ? `producer ${producerId} epoch ${producerEpoch}` : error);
  if (command === 'init') answered(stage.init(id, options.has('pid') ? producer : undefined));
  else if (command === 'add') {
    const [topic = '', index] = (options.get('to') ?? '').split('/');
    out.push(String(stage.add(id, producer, topic, Number(index))));
  } else if (command === 'commit' || command === 'abort') {
    answered(stage.end(id, producer, command === 'commit', !options.has('v4')));
  } else if (command === 'markers') stage.complete();
  else if (command === 'advance') stage.advance(Number(id));
  else if (command === 'restart') stage.restart();
  else throw new Error(`there is no command ${command}`);
  for (const bytes of stage.log.slice(before)) {
    const record = transactionRecordCodec.decode(bytes);
    const value = record?.value;
    const partitions = Array.from(
      value?.partitions ?? [],
      ([topic, indexes]) => `${topic}/${[...indexes].join('+')}`,
    );
    out.unshift(
      value == null
        ? `log ${record?.transactionalId} forgotten`
        : `log ${record?.transactionalId} ${value.state} producer ${value.producerId} ` +
            `epoch ${value.producerEpoch} before ${value.previousProducerId} ` +
            `next ${value.nextProducerId} start ${value.startMs} version ${value.clientVersion} ` +
            `[${partitions.join(' ')}]`,
    );
  }
  for (const one of stage.decided.slice(command === 'restart' ? 0 : decidedBefore)) {
    const what = one.committed ? 'commit' : 'abort';
    out.push(`${what} markers of producer ${one.producerId} epoch ${one.producerEpoch}`);
  }
  return out.length === 0 ? ['nothing'] : out;
}

type Step = readonly [kind: number, id: number, flag: boolean, ms: number];

/** Does to a stage what a step says; producers are those that were given last to each id. */
function play(stage: Stage, producers: Map<string, ProducerAnswer>, step: Step): void {
  const [kind, at, flag, ms] = step;
  const id = `id${at}`;
  const producer = producers.get(id);
  if (kind === 0 || producer === undefined) {
    const answer = stage.init(id, flag ? producer : undefined);
    if (answer.error === 'NONE') producers.set(id, answer);
  } else if (kind === 1) stage.add(id, producer, 't', ms % 4);
  else if (kind === 2) {
    const answer = stage.end(id, producer, flag);
    if (answer.error === 'NONE') producers.set(id, answer);
  } else if (kind === 3) stage.end(id, producer, flag, false);
  else if (kind === 4) stage.complete();
  else stage.advance(ms);
}

const steps = fc.array(
  fc.tuple(fc.nat(5), fc.nat(2), fc.boolean(), fc.nat(700)) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

describe('whatever is asked', () => {
  test('a replay of the log brings back all that is lasting', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const stage = new Stage();
        const producers = new Map<string, ProducerAnswer>();
        for (const step of all) play(stage, producers, step);
        const before = stage.lasting();
        stage.restart();
        expect(stage.lasting()).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  test('what was decided is never decided otherwise, and no epoch goes back', () => {
    fc.assert(
      fc.property(steps, fc.nat(59), (all, crashAt) => {
        const stage = new Stage();
        const producers = new Map<string, ProducerAnswer>();
        const decisions = new Map<string, boolean>();
        const epochs = new Map<string, number>();
        for (const [at, step] of all.entries()) {
          play(stage, producers, step);
          if (at === crashAt) stage.restart();
          for (const one of stage.decided) {
            const key = `${one.transactionalId} ${one.producerId} ${one.producerEpoch}`;
            // Without new epochs (EndTxn 4) one epoch sees many transactions.
            if (stage.machine.get(one.transactionalId)?.clientVersion !== 2) continue;
            expect(decisions.get(key) ?? one.committed).toBe(one.committed);
            decisions.set(key, one.committed);
          }
          for (const [id, { producerId, producerEpoch }] of stage.machine.entries()) {
            const order = producerId * 65_536 + producerEpoch;
            expect(order).toBeGreaterThanOrEqual(epochs.get(id) ?? -1);
            epochs.set(id, order);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
