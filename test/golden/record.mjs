/**
 * A proxy that stands between a client and a broker and keeps a few frames of every API, version
 * and direction, for the tests to decode and encode again.
 *
 *   node test/golden/record.mjs --listen 19492 --broker 127.0.0.1:19392 --out test/golden/java.hex
 *
 * The broker must advertise the proxy's address, so that clients come back to it. Ctrl-C (or
 * SIGTERM) writes the file: one frame per line, as `key version request|response hex`, without
 * the four bytes of length. Of each kind the first frame and the largest below 1500 bytes stay.
 */
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    listen: { type: 'string' },
    broker: { type: 'string' },
    out: { type: 'string' },
  },
});
const [host, port] = values.broker.split(':');
const sizeMax = 1500;
/** `key version direction` to the frames kept. */
const kept = new Map();

function keep(key, version, direction, frame) {
  if (frame.length > sizeMax) return;
  const name = `${String(key).padStart(2, '0')} ${String(version).padStart(2, '0')} ${direction}`;
  const hex = frame.toString('hex');
  const frames = kept.get(name) ?? [];
  if (frames.length === 0) kept.set(name, [hex]);
  else if (hex.length > (frames[1] ?? frames[0]).length) kept.set(name, [frames[0], hex]);
}

/** Calls back with every complete frame of a stream. */
function cutter(onFrame) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0);
      if (rest.length < end) return;
      onFrame(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
  };
}

const server = createServer((client) => {
  const broker = connect(Number(port), host);
  const asked = new Map();
  const onRequest = cutter((frame) => {
    if (frame.length < 8) return;
    const key = frame.readInt16BE(0);
    const version = frame.readInt16BE(2);
    asked.set(frame.readInt32BE(4), [key, version]);
    keep(key, version, 'request', frame);
  });
  const onResponse = cutter((frame) => {
    if (frame.length < 4) return;
    const request = asked.get(frame.readInt32BE(0));
    asked.delete(frame.readInt32BE(0));
    if (request !== undefined) keep(...request, 'response', frame);
  });
  client.on('data', (chunk) => {
    onRequest(chunk);
    broker.write(chunk);
  });
  broker.on('data', (chunk) => {
    onResponse(chunk);
    client.write(chunk);
  });
  for (const [one, other] of [
    [client, broker],
    [broker, client],
  ]) {
    one.on('close', () => other.destroy());
    one.on('error', () => other.destroy());
  }
});

function finish() {
  const lines = [...kept].sort(([a], [b]) => (a < b ? -1 : 1));
  const text = lines.flatMap(([name, frames]) => frames.map((hex) => `${name} ${hex}`)).join('\n');
  writeFileSync(values.out, `${text}\n`);
  console.log(`${values.out}: ${lines.length} kinds of frames, ${text.length} bytes`);
  process.exit(0);
}

process.on('SIGINT', finish);
process.on('SIGTERM', finish);
server.listen(Number(values.listen), '127.0.0.1', () => console.log('recording'));
