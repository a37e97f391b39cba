// A server of the tests that speaks OP_MSG and keeps documents in memory: as much of MongoDB as a
// sink and a source need, and rules that make any statement fail, stall, lie or cut the line.
import { createServer } from 'node:net';
import { BSON } from 'mongodb';

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const duplicateKey = 11_000;

export class ScriptedMongoDb {
  rules = [];
  seen = [];
  /** The commands that made collections, by namespace. */
  created = new Map();
  #collections = new Map();
  #unique = new Map();
  #events = [];
  #cursors = new Map();
  #transactions = new Map();
  #server;
  #sockets = new Set();
  #waiters = new Set();
  #options;
  #requestId = 1;

  constructor(options) {
    this.#options = { replicaSet: true, lax: false, ...options };
  }

  static async start(options = {}) {
    const server = new ScriptedMongoDb(options);
    await server.#listen(options.port ?? 0);
    return server;
  }

  get uri() {
    return `mongodb://127.0.0.1:${this.port}/?directConnection=true`;
  }

  documents(namespace) {
    return [...this.#collection(namespace).values()];
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.#transactions.clear();
    await new Promise((done) => this.#server.close(done));
  }

  async resume() {
    await this.#listen(this.port);
  }

  async #listen(port) {
    this.#server = createServer((socket) => this.#accept(socket));
    await new Promise((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen(port, '127.0.0.1', done);
    });
    this.port = this.#server.address().port;
  }

  #accept(socket) {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let rest = Buffer.alloc(0);
    let line = Promise.resolve();
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= 16 && rest.length >= rest.readInt32LE(0)) {
        const frame = rest.subarray(0, rest.readInt32LE(0));
        rest = rest.subarray(frame.length);
        line = line.then(() => this.#frame(socket, frame)).catch(() => socket.destroy());
      }
    });
  }

  async #frame(socket, frame) {
    const requestId = frame.readInt32LE(4);
    const code = frame.readInt32LE(12);
    if (code === opQuery) return this.#reply(socket, requestId, this.#hello());
    if (code !== opMsg) return socket.destroy();
    const command = readMessage(frame);
    const name = Object.keys(command)[0];
    if (name !== 'hello' && name !== 'isMaster' && name !== 'ismaster') this.seen.push(name);
    for (const rule of this.rules) {
      const verdict = await rule(command, name, this);
      if (verdict === undefined) continue;
      if (verdict === 'close') return socket.destroy();
      if (verdict === 'stall') return undefined;
      if (verdict === 'close-after') {
        await this.#run(command, name);
        return socket.destroy();
      }
      if (verdict.refuse !== undefined) {
        return this.#message(socket, requestId, await this.#runPart(command, name, verdict));
      }
      return this.#message(socket, requestId, { ok: 1, ...verdict });
    }
    return this.#message(socket, requestId, await this.#run(command, name));
  }

  #reply(socket, to, document) {
    const body = BSON.serialize(document);
    const head = Buffer.alloc(36);
    head.writeInt32LE(36 + body.length, 0);
    head.writeInt32LE(this.#requestId++, 4);
    head.writeInt32LE(to, 8);
    head.writeInt32LE(opReply, 12);
    head.writeInt32LE(8, 16);
    head.writeInt32LE(1, 32);
    socket.write(Buffer.concat([head, body]));
  }

  #message(socket, to, document) {
    const body = BSON.serialize(document);
    const head = Buffer.alloc(21);
    head.writeInt32LE(21 + body.length, 0);
    head.writeInt32LE(this.#requestId++, 4);
    head.writeInt32LE(to, 8);
    head.writeInt32LE(opMsg, 12);
    socket.write(Buffer.concat([head, body]));
  }

  #hello() {
    const set = this.#options.replicaSet
      ? {
          setName: 'scripted',
          hosts: [`127.0.0.1:${this.port}`],
          me: `127.0.0.1:${this.port}`,
          primary: `127.0.0.1:${this.port}`,
          logicalSessionTimeoutMinutes: 30,
        }
      : {};
    return {
      isWritablePrimary: true,
      ismaster: true,
      helloOk: true,
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      minWireVersion: 0,
      maxWireVersion: 21,
      readOnly: false,
      ...set,
      ok: 1,
    };
  }

  #collection(namespace) {
    let found = this.#collections.get(namespace);
    if (found === undefined) this.#collections.set(namespace, (found = new Map()));
    return found;
  }

  async #run(command, name) {
    const namespace = `${command.$db}.${command[name]}`;
    switch (name) {
      case 'hello':
      case 'isMaster':
      case 'ismaster':
        return this.#hello();
      case 'buildInfo':
        return { version: '7.0.0', ok: 1 };
      case 'insert':
        return this.#writes(command, command.documents, (each) => this.#insert(namespace, each));
      case 'update':
        return this.#writes(command, command.updates, (each, at) =>
          this.#update(namespace, each, at),
        );
      case 'delete':
        return this.#writes(command, command.deletes, (each) => this.#delete(namespace, each));
      case 'find':
        return this.#find(command, namespace);
      case 'findAndModify':
        return this.#findAndModify(command, namespace);
      case 'create':
        return this.#create(command, namespace);
      case 'createIndexes':
        return this.#createIndexes(command, namespace);
      case 'aggregate':
        return this.#aggregate(command, namespace);
      case 'getMore':
        return this.#getMore(command);
      case 'killCursors':
        for (const id of command.cursors) this.#cursors.delete(String(id));
        return { cursorsKilled: command.cursors, ok: 1 };
      case 'commitTransaction':
        this.#transactions.delete(sessionOf(command));
        return { ok: 1 };
      case 'abortTransaction':
        this.#abort(command);
        return { ok: 1 };
      case 'ping':
      case 'endSessions':
        return { ok: 1 };
      case 'dropDatabase':
        this.#collections.clear();
        return { ok: 1 };
      default:
        return { ok: 0, code: 59, errmsg: `no such command: ${name}` };
    }
  }

  /** Carries out a command but for some of its statements, which are refused one by one. */
  async #runPart(command, name, { refuse, code, errmsg }) {
    const list = { update: 'updates', insert: 'documents', delete: 'deletes' }[name];
    const all = command[list];
    let refused = [...all.keys()].filter((at) => refuse(all[at], at));
    const [first] = refused;
    if (first === undefined) return await this.#run(command, name);
    // The first one ends an ordered command.
    const isOrdered = command.ordered !== false;
    if (isOrdered) refused = [first];
    const taken = [...all.keys()].filter((at) => (isOrdered ? at < first : !refused.includes(at)));
    const writeErrors = refused.map((at) => failureAt(at, { code, message: errmsg }));
    if (taken.length === 0) return { n: 0, ok: 1, writeErrors };
    const part = { ...command, [list]: taken.map((at) => all[at]) };
    const answer = await this.#run(part, name);
    const moved = (each) => ({ ...each, index: taken[each.index] });
    if (answer.upserted !== undefined) answer.upserted = answer.upserted.map(moved);
    return { ...answer, writeErrors: [...(answer.writeErrors ?? []).map(moved), ...writeErrors] };
  }

  /** Applies statements; a failure ends an ordered bulk, and every one on a lax server. */
  #writes(command, statements, apply) {
    this.#begin(command);
    const total = { n: 0, nModified: 0, upserted: [] };
    const writeErrors = [];
    for (const [at, statement] of statements.entries()) {
      try {
        const result = apply(statement, at);
        total.n += result.n;
        total.nModified += result.modified ?? 0;
        if (result.upserted !== undefined) total.upserted.push({ index: at, _id: result.upserted });
      } catch (error) {
        if (error.code === undefined) throw error;
        if (this.#transactions.has(sessionOf(command))) this.#abort(command);
        if (this.#options.lax) {
          return { n: 0, nModified: 0, ok: 1, writeErrors: [failureAt(0, error)] };
        }
        writeErrors.push(failureAt(at, error));
        if (command.ordered !== false) break;
      }
    }
    const answer = { n: total.n, ok: 1 };
    if (command.updates !== undefined) answer.nModified = total.nModified;
    if (total.upserted.length > 0) answer.upserted = total.upserted;
    if (writeErrors.length > 0) answer.writeErrors = writeErrors;
    return answer;
  }

  #begin(command) {
    if (command.startTransaction !== true) return;
    const copy = new Map();
    for (const [name, documents] of this.#collections) copy.set(name, new Map(documents));
    this.#transactions.set(sessionOf(command), copy);
  }

  /** Transactions are serial here: what was before is put back. */
  #abort(command) {
    const before = this.#transactions.get(sessionOf(command));
    if (before === undefined) return;
    this.#collections = before;
    this.#transactions.delete(sessionOf(command));
  }

  #insert(namespace, document) {
    const collection = this.#collection(namespace);
    const isSeries = this.created.get(namespace)?.timeseries !== undefined;
    const key = isSeries ? textOf(new BSON.ObjectId()) : textOf(document._id);
    if (collection.has(key)) throw failure(duplicateKey, `dup key: { _id: ${key} }`);
    this.#checkUnique(namespace, document, key);
    collection.set(key, document);
    this.#event('insert', namespace, document);
    return { n: 1 };
  }

  #checkUnique(namespace, document, key) {
    for (const fields of this.#unique.get(namespace) ?? []) {
      for (const [other, each] of this.#collection(namespace)) {
        if (other === key) continue;
        if (fields.every((field) => textOf(each[field]) === textOf(document[field]))) {
          throw failure(duplicateKey, `dup key of ${fields.join(', ')}`);
        }
      }
    }
  }

  #update(namespace, { q, u, upsert }) {
    const collection = this.#collection(namespace);
    const found = this.#candidates(namespace, q).find((each) => matches(each, q));
    if (found !== undefined) {
      const next = changed(found, u, false);
      const key = textOf(found._id);
      this.#checkUnique(namespace, next, key);
      collection.set(key, next);
      this.#event('replace', namespace, next);
      return { n: 1, modified: 1 };
    }
    if (upsert !== true) return { n: 0 };
    const base = Object.fromEntries(
      Object.entries(q).filter(([name, value]) => !name.startsWith('$') && !isOperator(value)),
    );
    const next = changed(base, u, true);
    next._id ??= new BSON.ObjectId();
    this.#insert(namespace, next);
    return { n: 1, upserted: next._id };
  }

  #candidates(namespace, q) {
    const collection = this.#collection(namespace);
    if (q._id === undefined || isOperator(q._id)) return [...collection.values()];
    const one = collection.get(textOf(q._id));
    return one === undefined ? [] : [one];
  }

  #delete(namespace, { q }) {
    const found = this.#candidates(namespace, q).find((each) => matches(each, q));
    if (found === undefined) return { n: 0 };
    this.#collection(namespace).delete(textOf(found._id));
    this.#event('delete', namespace, found);
    return { n: 1 };
  }

  #find(command, namespace) {
    const found = this.documents(namespace).filter((each) => matches(each, command.filter ?? {}));
    const sorted = command.sort?._id === undefined ? found : found.sort(byId);
    const limited = command.limit > 0 ? sorted.slice(0, command.limit) : sorted;
    return { cursor: { firstBatch: limited, id: BSON.Long.ZERO, ns: namespace }, ok: 1 };
  }

  #findAndModify(command, namespace) {
    const { query, update, upsert } = command;
    this.#update(namespace, { q: query, u: update, upsert });
    const value = this.documents(namespace).find((each) => matches(each, query)) ?? null;
    return { value, lastErrorObject: { n: 1, updatedExisting: true }, ok: 1 };
  }

  /** Collections of time series take inserts alone, and any number of an `_id`. */
  #create(command, namespace) {
    if (this.created.has(namespace)) return { ok: 0, code: 48, errmsg: 'namespace exists' };
    this.created.set(namespace, command);
    return { ok: 1 };
  }

  #createIndexes({ indexes }, namespace) {
    const list = this.#unique.get(namespace) ?? [];
    for (const { key, unique } of indexes) if (unique) list.push(Object.keys(key));
    this.#unique.set(namespace, list);
    return { ok: 1, numIndexesBefore: 1, numIndexesAfter: 2 };
  }

  #event(operationType, namespace, document) {
    const [db, ...coll] = namespace.split('.');
    const { _id } = document;
    const isDelete = operationType === 'delete';
    this.#events.push({
      _id: { _data: String(this.#events.length + 1).padStart(12, '0') },
      operationType,
      ns: { db, coll: coll.join('.') },
      documentKey: { _id },
      ...(isDelete ? {} : { fullDocument: document }),
    });
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  /** Change streams of a collection, and counting. */
  #aggregate(command, namespace) {
    const stream = command.pipeline[0]?.$changeStream;
    if (stream === undefined) {
      const n = this.documents(namespace).length;
      return { cursor: { firstBatch: [{ _id: 1, n }], id: BSON.Long.ZERO, ns: namespace }, ok: 1 };
    }
    const token = stream.resumeAfter?._data ?? stream.startAfter?._data;
    const at = token === undefined ? this.#events.length : Number(token);
    const id = BSON.Long.fromNumber(1000 + this.#cursors.size);
    this.#cursors.set(String(id), { at, namespace });
    const postBatchResumeToken = { _data: String(at).padStart(12, '0') };
    return { cursor: { firstBatch: [], id, ns: namespace, postBatchResumeToken }, ok: 1 };
  }

  async #getMore(command) {
    const cursor = this.#cursors.get(String(command.getMore));
    if (cursor === undefined) return { ok: 0, code: 43, errmsg: 'cursor not found' };
    if (cursor.at >= this.#events.length) {
      await new Promise((done) => {
        this.#waiters.add(done);
        setTimeout(done, Number(command.maxTimeMS ?? 100)).unref();
      });
    }
    const nextBatch = this.#events
      .slice(cursor.at)
      .filter(({ ns }) => `${ns.db}.${ns.coll}` === cursor.namespace);
    cursor.at = this.#events.length;
    const postBatchResumeToken = { _data: String(cursor.at).padStart(12, '0') };
    const id = BSON.Long.fromString(String(command.getMore));
    return { cursor: { nextBatch, id, ns: cursor.namespace, postBatchResumeToken }, ok: 1 };
  }
}

function readMessage(frame) {
  let at = 20;
  const command = {};
  const end = frame.readUInt32LE(16) & 1 ? frame.length - 4 : frame.length;
  while (at < end) {
    const kind = frame[at++];
    const size = frame.readInt32LE(at);
    if (kind === 0) {
      Object.assign(command, BSON.deserialize(frame.subarray(at, at + size)));
    } else {
      const nameEnd = frame.indexOf(0, at + 4);
      const list = [];
      for (let each = nameEnd + 1; each < at + size; ) {
        const length = frame.readInt32LE(each);
        list.push(BSON.deserialize(frame.subarray(each, each + length)));
        each += length;
      }
      command[frame.toString('utf8', at + 4, nameEnd)] = list;
    }
    at += size;
  }
  return command;
}

function sessionOf({ lsid }) {
  return lsid === undefined ? undefined : textOf(lsid);
}

function failure(code, message) {
  return Object.assign(new Error(message), { code });
}

function failureAt(index, { code, message }) {
  return { index, code, errmsg: message };
}

function textOf(value) {
  return BSON.EJSON.stringify({ value });
}

function byId(left, right) {
  return left._id < right._id ? -1 : 1;
}

function isOperator(value) {
  return (
    typeof value === 'object' && value !== null && Object.keys(value).some((k) => k.startsWith('$'))
  );
}

function fieldOf(document, path) {
  let value = document;
  for (const part of path.split('.')) value = value?.[part];
  return value;
}

function matches(document, query) {
  return Object.entries(query).every(([name, wanted]) => {
    if (name === '$or') return wanted.some((each) => matches(document, each));
    if (name === '$nor') return !wanted.some((each) => matches(document, each));
    const value = fieldOf(document, name);
    if (!isOperator(wanted)) return textOf(value) === textOf(wanted);
    return Object.entries(wanted).every(([operator, operand]) => {
      if (operator === '$gte') return value >= operand;
      if (operator === '$gt') return value > operand;
      if (operator === '$lt') return value < operand;
      if (operator === '$lte') return value <= operand;
      if (operator === '$exists') return (value !== undefined) === operand;
      if (operator === '$in') return operand.some((each) => textOf(each) === textOf(value));
      throw failure(2, `unknown operator ${operator}`);
    });
  });
}

function changed(document, update, isInsert) {
  if (!Object.keys(update).some((name) => name.startsWith('$'))) {
    return document._id === undefined ? { ...update } : { _id: document._id, ...update };
  }
  const next = { ...document };
  if (isInsert) Object.assign(next, update.$setOnInsert);
  Object.assign(next, update.$set);
  for (const name of Object.keys(update.$unset ?? {})) delete next[name];
  for (const [name, by] of Object.entries(update.$inc ?? {})) next[name] = (next[name] ?? 0) + by;
  return next;
}
