// The scenarios of the client. What one does stands in its options; one.mjs carries it out.
//   kind      produce | single | consume | latency | import | idle | transform | transactions |
//             paced
//   records   how many (all sizes are per run of one client)
//   target    what we want of ourselves: a ratio to the best other client
const c1 = { kind: 'produce', records: 500_000, perSend: 100, partitions: 3, producer: {} };
const p1 = {
  kind: 'produce',
  records: 200_000,
  perSend: 100,
  partitions: 3,
  values: 'json',
  valueBytes: 1024,
  keyBytes: 16,
};
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
  'c3-one': {
    kind: 'transform',
    title: 'C3 consume, work 5 ms, produce; one at a time',
    records: 1_000,
    partitions: 10,
    source: 'work',
    concurrency: 1,
    producer: { acks: 'all', idempotent: false, isAwaited: true },
    target: { speed: 1, cpu: 1 },
  },
  'c3-ten': {
    kind: 'transform',
    title: 'C3 with ten partitions at a time',
    records: 5_000,
    partitions: 10,
    source: 'work',
    concurrency: 10,
    producer: { acks: 'all', idempotent: false, isAwaited: true },
    target: { speed: 1, cpu: 1 },
  },
  'p1-lz4': {
    ...p1,
    title: 'P1 produce 200k × 1 KB JSON, lz4, acks=1',
    producer: { acks: 1, idempotent: false, compression: 'lz4', lingerMs: 5 },
    target: { speed: 1, cpu: 1 },
  },
  'p1-zstd': {
    ...p1,
    title: 'P1 the same with zstd',
    producer: { acks: 1, idempotent: false, compression: 'zstd', lingerMs: 5 },
    target: { speed: 1, cpu: 1 },
  },
  t1: {
    kind: 'transactions',
    title: 'T1 transactions of 100 records, one after the other',
    records: 20_000,
    perSend: 100,
    partitions: 3,
    producer: { acks: 'all', idempotent: true, isAwaited: true, isTransactional: true },
    target: { speed: 1, cpu: 1, latency: 1 },
  },
  m1: {
    kind: 'consume',
    title: 'M1 consume 400 batches of 1 MB from 50 partitions, heap limit 512 MB',
    records: 4_000,
    source: 'large',
    heapMb: 512,
    target: {},
  },
  m2: {
    kind: 'paced',
    title: 'M2 135 records a second, acks=all',
    records: 1_350,
    perSecond: 135,
    partitions: 3,
    producer: { acks: 'all', idempotent: false, isAwaited: true },
    target: { latency: 1 },
  },
  import: { kind: 'import', title: 'import of the client', records: 1, target: {} },
  idle: { kind: 'idle', title: 'idle consumer', records: 1, partitions: 3, target: {} },
  'idle-16': {
    kind: 'idle',
    title: 'M1 sixteen idle consumers',
    records: 1,
    partitions: 16,
    consumers: 16,
    target: {},
  },
};

/** The topics that are read; `one.mjs` writes one record more than `records`. */
export const sources = {
  many: { partitions: 3, records: 499_999, perSend: 100, inFlight: 100 },
  ones: { partitions: 1, records: 99_999, perSend: 1, inFlight: 1000 },
  work: { partitions: 10, records: 9_999, perSend: 100, inFlight: 10 },
  // Ten records for each of the 50 partitions are a batch of 1 MB.
  large: { partitions: 50, records: 3_999, perSend: 500, inFlight: 1, valueBytes: 100_000 },
};
