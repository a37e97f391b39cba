import type { Disk, DiskFile } from '../system/index.js';

/** A document of the demo. The `_id` is made of topic, partition and offset. */
export interface NumberDocument {
  readonly _id: string;
  readonly number: number;
}

/** Where the demo's consumer puts what it has read: writing a document again replaces it. */
export interface DocumentStore {
  /** Resolves when the documents are safe. */
  replace(documents: readonly NumberDocument[]): Promise<void>;
  all(): Promise<NumberDocument[]>;
  /** Forgets everything, before a new run. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const fileName = 'numtest.jsonl';

/**
 * Documents as lines of JSON in one file that only grows: the last line of an `_id` counts. A
 * process that is killed while it writes leaves at most one line without an end, which is cut off
 * when the store is opened again.
 */
export class JsonLinesStore implements DocumentStore {
  readonly #file: DiskFile;
  readonly #documents = new Map<string, NumberDocument>();
  #size: number;

  constructor(disk: Disk, directory: string) {
    disk.makeDirectory(directory);
    const path = disk.join(directory, fileName);
    this.#file = disk.open(path, disk.exists(path) ? 'write' : 'create');
    const bytes = Buffer.alloc(this.#file.size());
    this.#file.read(bytes, 0);
    this.#size = bytes.lastIndexOf(10) + 1;
    if (this.#size < bytes.length) this.#file.truncate(this.#size);
    for (const line of bytes.toString('utf8', 0, this.#size).split('\n')) {
      if (line === '') continue;
      const document = JSON.parse(line) as NumberDocument;
      this.#documents.set(document._id, document);
    }
  }

  async replace(documents: readonly NumberDocument[]): Promise<void> {
    const bytes = Buffer.from(documents.map((each) => `${JSON.stringify(each)}\n`).join(''));
    this.#file.write([bytes], this.#size);
    this.#size += bytes.length;
    await this.#file.sync();
    for (const document of documents) this.#documents.set(document._id, document);
  }

  async all(): Promise<NumberDocument[]> {
    return [...this.#documents.values()];
  }

  async clear(): Promise<void> {
    this.#file.truncate(0);
    this.#size = 0;
    this.#documents.clear();
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

/** Some servers stand still when one command holds many more updates than this. */
const bulkStatements = 50;

/** The collection `kafkit_demo.numtest` of a MongoDB; needs the package `mongodb`. */
export async function openMongoStore(uri: string): Promise<DocumentStore> {
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(uri, { serverSelectionTimeoutMS: 5000 });
  const collection = client.db('kafkit_demo').collection<NumberDocument>('numtest');
  return {
    async replace(documents) {
      for (let at = 0; at < documents.length; at += bulkStatements) {
        const some = documents.slice(at, at + bulkStatements);
        await collection.bulkWrite(
          some.map(({ _id, number }) => ({
            replaceOne: { filter: { _id }, replacement: { number }, upsert: true },
          })),
        );
      }
    },
    all: () => collection.find().toArray(),
    clear: async () => void (await collection.deleteMany({})),
    close: () => client.close(),
  };
}
