// The scenarios of the client. What one does stands in its options; one.mjs carries it out.
//   kind      produce | single | consume | latency | import | idle
//   records   how many (all sizes are per run of one client)
//   target    what we want of ourselves: a ratio to the best other client
const c1 = { kind: 'produce', records: 500_000, perSend: 100, partitions: 3, producer: {} };
const s = { kind: 'single', partitions: 1 };
const smallFetch = { minBytes: 1, maxBytes: 2048, maxWaitMs: 10 };

export const scenarios = {
  'c1-plain': {
    ...c1,
    title: 'C1 produce 500k × 256 B, acks=all',
    producer: { acks: 'all', idempotent: false },
    target: { speed: 1.5, cpu: 0.5 },
  },
  'c1-idempotent': {
    ...c1,
    title: 'C1 idempotent',
    producer: { acks: 'all', idempotent: true },
    target: { speed: 1.35, cpu: 0.5 },
  },
  'c1-gzip': {
    ...c1,
    title: 'C1 gzip, JSON values',
    values: 'json',
    producer: { acks: 'all', idempotent: false, compression: 'gzip' },
    target: { speed: 1, cpu: 1 },
  },
  'singles-1000': {
    ...c1,
    title: '1000 single sends in flight, acks=all',
    records: 50_000,
    perSend: 1,
    inFlight: 1000,
    producer: { acks: 'all', idempotent: false },
    target: { speed: 2, cpu: 0.5 },
  },
  's1-acks0': {
    ...s,
    title: 'S1 one awaited send after the other, acks=0',
    records: 30_000,
    perSend: 1,
    producer: { acks: 0, idempotent: false, strings: true, isAwaited: true },
    target: { speed: 1, cpu: 1 },
  },
  's1-all': {
    ...s,
    title: 'S1 one awaited send after the other, acks=all',
    records: 5_000,
    perSend: 1,
    producer: { acks: 'all', idempotent: false, strings: true, isAwaited: true },
    target: { speed: 1, cpu: 1 },
  },
  's2-acks0': {
    ...s,
    title: 'S2 awaited sends of 100 records, acks=0',
    records: 100_000,
    perSend: 100,
    producer: { acks: 0, idempotent: false, strings: true, isAwaited: true },
    target: { speed: 1.3, cpu: 1 },
  },
  's2-all': {
    ...s,
    title: 'S2 awaited sends of 100 records, acks=all',
    records: 100_000,
    perSend: 100,
    producer: { acks: 'all', idempotent: false, strings: true, isAwaited: true },
    target: { speed: 1.3, cpu: 1 },
  },
  'c2-defaults': {
    kind: 'consume',
    title: 'C2 consume 500k × 256 B, default fetch sizes',
    records: 500_000,
    source: 'many',
    target: { speed: 2, cpu: 0.5 },
  },
  'c2-1mb': {
    kind: 'consume',
    title: 'C2 with 1 MB fetches',
    records: 500_000,
    source: 'many',
    fetch: { minBytes: 1, maxBytes: 1_048_576, maxWaitMs: 500 },
    target: { speed: 1.3, cpu: 0.67 },
  },
  's3-2kb': {
    kind: 'consume',
    title: 'S3 consume 100k batches of one record, 2 KB fetches',
    records: 100_000,
    source: 'ones',
    fetch: smallFetch,
    target: { speed: 1.5, cpu: 1 },
  },
  's3-1mb': {
    kind: 'consume',
    title: 'S3 the same with 1 MB fetches',
    records: 100_000,
    source: 'ones',
    fetch: { ...smallFetch, maxBytes: 1_048_576 },
    target: { speed: 1.5, cpu: 1 },
  },
  c4: {
    kind: 'latency',
    title: 'C4 one record each 100 ms, end to end',
    records: 100,
    partitions: 1,
    producer: { acks: 'all', idempotent: false, isAwaited: true },
    target: { latency: 1 },
  },
  import: { kind: 'import', title: 'import of the client', records: 1, target: {} },
  idle: { kind: 'idle', title: 'idle consumer', records: 1, partitions: 3, target: {} },
};
