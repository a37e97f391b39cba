export type Document = Record<string, unknown>;

/** What a rule makes of a command: nothing, an answer of its own, a cut or a stalled connection. */
export type Verdict = undefined | Document | 'close' | 'stall' | 'close-after';

export type Rule = (
  command: Document,
  name: string,
  server: ScriptedMongoDb,
) => Verdict | Promise<Verdict>;

export interface StartOptions {
  readonly port?: number;
  /** Says it is a replica set with sessions and transactions. Default true. */
  readonly replicaSet?: boolean;
  /** Stops at the first failed statement of an unordered bulk and reports index 0 and no counts. */
  readonly lax?: boolean;
}

export class ScriptedMongoDb {
  static start(options?: StartOptions): Promise<ScriptedMongoDb>;
  readonly uri: string;
  readonly port: number;
  /** Looked at in order; the first verdict counts. */
  readonly rules: Rule[];
  /** Names of the commands, in order, without the handshakes. */
  readonly seen: string[];
  /** The commands that made collections, by namespace. */
  readonly created: Map<string, Document>;
  /** Documents of `database.collection`. */
  documents(namespace: string): Document[];
  /** Cuts every connection and accepts no more; the data stay. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  resume(): Promise<void>;
}
