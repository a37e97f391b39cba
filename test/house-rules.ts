/**
 * The law of the house as a table: who may import whom, who may look through which window, how
 * long things may be. `tidy.test.ts` enforces it. An entry changes only with an ADR (docs/adr).
 */
export interface RoomRules {
  /** Rooms whose `index.ts` (or another of their doors) this room may import. */
  readonly imports: readonly string[];
  /** `node:` modules it may import. All others fail. */
  readonly node?: readonly string[];
  /** Globals that look out of the house and are allowed here. All others of `windows` fail. */
  readonly windows?: readonly string[];
  /** Other files than `index.ts` by which this room may be entered, and why they exist. */
  readonly doors?: readonly string[];
  /** True where no function may be `async`: pure rooms. */
  readonly synchronous?: true;
}

/** Everything that lets time, chance or the outside world in. */
export const windows = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'performance',
  'fetch',
  'process',
  'Math.random',
  'Date.now',
  'new Date()',
  'process.env',
] as const;

const ground = ['errors', 'bytes'];
const language = ['schema', 'protocol', 'records'];

export const rooms: Readonly<Record<string, RoomRules>> = {
  errors: { imports: [] },
  bytes: { imports: ['errors'] },
  system: {
    imports: ground,
    node: [
      'child_process',
      'crypto',
      'dns',
      'fs',
      'fs/promises',
      'net',
      'os',
      'path',
      'perf_hooks',
      'process',
      'timers',
      'tls',
      'url',
      'worker_threads',
    ],
    windows,
    // The simulated half is a door of its own, so that a program that needs none loads none.
    doors: ['simulated/index.ts'],
  },
  schema: { imports: ground, synchronous: true },
  protocol: {
    imports: ['schema', ...ground],
    // Records of the internal topics and the client's group protocol are entered one by one.
    doors: ['internal/index.ts', 'internal/consumer-protocol.ts', 'legacy/index.ts'],
    synchronous: true,
  },
  records: { imports: [...ground, 'system'], node: ['zlib', 'util'] },
  network: { imports: ['security', 'protocol', 'schema', 'system', ...ground] },
  serde: { imports: ground },
  client: {
    imports: ['serde', 'network', ...language, 'system', ...ground],
    node: ['diagnostics_channel'],
  },
  broker: { imports: ['network', ...language, 'system', ...ground] },
  connect: {
    imports: ['client', 'serde', 'system', ...ground],
    // Each connector is an entry point of its own, so that its package is no one else's business.
    doors: [
      'connectors/mongodb/index.ts',
      'connectors/file/index.ts',
      'connectors/sqlite/index.ts',
    ],
  },
  worker: { imports: ['client', 'connect', 'serde', 'system', ...ground] },
  migrate: { imports: ['client', 'system', ...ground] },
  otel: { imports: ['client', ...ground] },
  testing: { imports: ['client', 'broker', 'serde', 'network', ...language, 'system', ...ground] },
  cli: {
    imports: [
      'client',
      'broker',
      'testing',
      'connect',
      'worker',
      'migrate',
      'serde',
      'network',
      ...language,
      'system',
      ...ground,
    ],
    node: ['util', 'url', 'module'],
    windows: ['process'],
  },
};

/** Files in `src/` itself. */
export const frontDoor: RoomRules = { imports: ['client', 'serde', 'errors', 'records', 'system'] };

/** Where programs enter the house; a source file that none of them reaches is dead. */
export const entryPoints = [
  'src/index.ts',
  'src/broker/index.ts',
  'src/testing/index.ts',
  'src/connect/index.ts',
  'src/connect/connectors/mongodb/index.ts',
  'src/connect/connectors/file/index.ts',
  'src/connect/connectors/sqlite/index.ts',
  'src/worker/index.ts',
  'src/migrate/index.ts',
  'src/otel/index.ts',
  'src/cli/main.ts',
  // The entry of a thread, started by its address.
  'src/records/compression/compression-worker.ts',
];

export const sizes = {
  /** A file above this says why, in a comment that begins with `Over 400 lines because`. */
  linesWithoutReason: 400,
  linesMax: 600,
  functionLines: 70,
  columns: 100,
} as const;

/** Pure tables: their length says nothing about how hard they are to read. */
export const tables: readonly string[] = [
  'src/errors/error-codes.ts',
  'src/protocol/api-messages.ts',
];

/** Codec and parse loops, where one long function is clearer and faster than several. */
export const longFunctions: readonly string[] = [];
