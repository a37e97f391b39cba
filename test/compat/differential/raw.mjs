// A connection that sends exactly what it is told, in the version it is told, and gives back the
// answer with what differs from run to run replaced by names.
import { connect } from 'node:net';
import { Reader, Writer } from '../../../dist/bytes/index.js';
import {
  apis,
  decodeResponseHeader,
  encodeRequestHeader,
  FrameCutter,
  loadApi,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../../dist/protocol/index.js';

const frameBytesMax = 64 * 1024 * 1024;
/** Longer than any request of the scripts may be parked. */
const answerMs = 30_000;

export class RawConnection {
  #socket;
  #waiting = [];
  #correlationId = 0;

  constructor(socket) {
    this.#socket = socket;
    const cutter = new FrameCutter(frameBytesMax);
    socket.on('data', (bytes) => cutter.push(bytes, (frame) => this.#waiting.shift()?.(frame)));
    const end = () => {
      for (const tell of this.#waiting.splice(0)) tell(undefined);
    };
    socket.on('error', end);
    socket.on('close', end);
  }

  static connect(address) {
    const [host, port] = address.split(':');
    return new Promise((done, fail) => {
      const socket = connect({ host, port: Number(port), noDelay: true });
      socket.once('connect', () => done(new RawConnection(socket)));
      socket.once('error', fail);
    });
  }

  /** The decoded answer, or `closed` where the connection ends instead. */
  async send(api, version, body, { answers = true } = {}) {
    const loaded = await loadApi(api);
    const writer = new Writer();
    const header = { apiKey: apis[api].key, apiVersion: version, clientId: 'differential' };
    const correlationId = ++this.#correlationId;
    encodeRequestHeader(writer, { ...header, correlationId }, requestHeaderVersion(api, version));
    loaded.request(version).encode(writer, body);
    const bytes = Buffer.from(writer.bytes());
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    const answer = new Promise((done) => this.#waiting.push(done));
    this.#socket.write(Buffer.concat([length, bytes]));
    if (!answers) return 'no answer expected';
    const frame = await Promise.race([answer, late(`${api} v${version}`)]);
    if (frame === undefined) return 'closed';
    const reader = new Reader(frame);
    decodeResponseHeader(reader, responseHeaderVersion(api, version));
    return loaded.response(version).decode(reader);
  }

  close() {
    this.#socket.destroy();
  }
}

function late(what) {
  return new Promise((_, fail) => {
    setTimeout(() => fail(new Error(`${what} is not answered`)), answerMs).unref();
  });
}

/** Fields that mean nothing here: waiting times, addresses, words for people. */
const dropped = new Set([
  'throttleTimeMs',
  'host',
  'port',
  'errorMessage',
  'clusterId',
  'nodeEndpoints',
  'topicAuthorizedOperations',
  'clusterAuthorizedOperations',
  'authorizedOperations',
  'configs',
  'timestamp',
  'logAppendTimeMs',
]);
/** Fields whose values are drawn anew each time; the same value gets the same name. */
const drawn = new Set([
  'memberId',
  'leader',
  'topicId',
  'sessionId',
  'producerId',
  'leaderId',
  'nodeId',
  'coordinatorId',
  'controllerId',
]);

/** What both brokers should say alike. One of these for each of them. */
export class Names {
  #names = new Map();

  of(value, field = '') {
    if (Buffer.isBuffer(value)) return value.length === 0 ? '' : this.#bytes(value);
    if (Array.isArray(value)) return value.map((each) => this.of(each, field));
    if (typeof value === 'bigint') return String(value);
    if (value !== null && typeof value === 'object') {
      const entries = Object.entries(value).filter(([name]) => !dropped.has(name));
      return Object.fromEntries(entries.map(([name, each]) => [name, this.of(each, name)]));
    }
    return drawn.has(field) ? this.#named(field, value) : value;
  }

  #named(field, value) {
    const isNothing = value === '' || value === null || value === -1;
    if (isNothing || /^A{22}$/.test(String(value))) return value;
    const kind = field === 'leader' ? 'memberId' : field;
    const key = `${kind} ${value}`;
    if (!this.#names.has(key)) {
      const before = [...this.#names.keys()].filter((each) => each.startsWith(`${kind} `)).length;
      this.#names.set(key, `${kind}-${before + 1}`);
    }
    return this.#names.get(key);
  }

  /** Records by how many bytes they are: what stands in them is compared by other checks. */
  #bytes(value) {
    return value.length > 60 ? `${value.length} bytes` : value.toString('hex');
  }
}
