import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameCutter } from './index.js';

function framed(...bodies: Uint8Array[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(body.length);
      return [length, body];
    }),
  );
}

function cut(cutter: FrameCutter, chunks: Buffer[]): Buffer[] {
  const frames: Buffer[] = [];
  for (const chunk of chunks) cutter.push(chunk, (frame) => frames.push(frame));
  return frames;
}

describe('cutting a stream into frames', () => {
  test('gives the same frames wherever the chunks begin and end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (bodies, steps) => {
          const stream = framed(...bodies);
          const chunks: Buffer[] = [];
          for (let at = 0, n = 0; at < stream.length; n++) {
            const size = steps[n % steps.length] ?? 1;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          const frames = cut(new FrameCutter(100), chunks);
          expect(frames).toEqual(bodies.map((body) => Buffer.from(body)));
        },
      ),
    );
  });

  test('copies frames, so that the chunk may be reused', () => {
    const chunk = framed(Buffer.from([1, 2, 3]));
    const [frame] = cut(new FrameCutter(100), [chunk]);
    chunk.fill(0);
    expect(frame).toEqual(Buffer.from([1, 2, 3]));
  });

  test.each([
    [0, 'MALFORMED_MESSAGE'],
    [-1, 'MALFORMED_MESSAGE'],
    [-0x80000000, 'MALFORMED_MESSAGE'],
    [101, 'FRAME_TOO_LARGE'],
    [0x47455420, 'FRAME_TOO_LARGE'],
  ])('refuses the length %i with %s, then and ever after', (length, code) => {
    const cutter = new FrameCutter(100);
    const chunk = Buffer.alloc(8);
    chunk.writeInt32BE(length);
    expect(() => cut(cutter, [chunk])).toThrowError(expect.objectContaining({ code }));
    expect(() => cut(cutter, [framed(Buffer.from([1]))])).toThrowError(
      expect.objectContaining({ code }),
    );
  });

  test('hands out the frames that came before a bad length', () => {
    const cutter = new FrameCutter(100);
    const frames: Buffer[] = [];
    const stream = Buffer.concat([framed(Buffer.from([7])), Buffer.alloc(4)]);
    expect(() => cutter.push(stream, (frame) => frames.push(frame))).toThrowError(/0 bytes/);
    expect(frames).toEqual([Buffer.from([7])]);
  });

  test('takes a frame of exactly the limit', () => {
    expect(cut(new FrameCutter(5), [framed(Buffer.alloc(5, 1))])).toHaveLength(1);
  });

  test('keeps no more of a large announced frame than has come', () => {
    const cutter = new FrameCutter(100 << 20);
    const before = process.memoryUsage().arrayBuffers;
    const chunk = Buffer.alloc(104);
    chunk.writeInt32BE(100 << 20);
    cut(cutter, [chunk]);
    expect(cutter.buffered).toBe(104);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });

  test('puts a frame of several megabytes together', () => {
    const body = Buffer.alloc(5 << 20);
    for (let at = 0; at < body.length; at += 997) body[at] = at & 0xff;
    const stream = framed(body);
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += 65536) chunks.push(stream.subarray(at, at + 65536));
    const [frame] = cut(new FrameCutter(100 << 20), chunks);
    expect(frame?.equals(body)).toBe(true);
  });

  test('gives the same frames where bytes are received in the space it offers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3_000_000 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 700_000 }), { minLength: 1, maxLength: 5 }),
        (lengths, steps) => {
          const bodies = lengths.map((length, n) => Buffer.alloc(length, `body ${n} `));
          const stream = framed(...bodies);
          const cutter = new FrameCutter(100 << 20);
          const own = Buffer.alloc(256 * 1024);
          const frames: Buffer[] = [];
          let direct = 0;
          for (let at = 0, n = 0; at < stream.length; n++) {
            const space = cutter.space;
            const into = space ?? own;
            const length = stream.copy(into, 0, at, at + (steps[n % steps.length] ?? 1));
            if (space !== undefined) direct += length;
            cutter.push(into.subarray(0, length), (frame) => frames.push(frame));
            own.fill(0);
            at += length;
          }
          expect(frames.map((frame, n) => frame.equals(bodies[n] as Buffer))).toEqual(
            lengths.map(() => true),
          );
          // All but the beginning of a frame, which comes with its length, and its end.
          const beginning = Math.min(own.length, Math.max(...steps));
          expect(direct).toBeGreaterThanOrEqual(Math.max(...lengths) - beginning - 65_536);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('offers no space for what is small, and none that reaches into the frame behind', () => {
    const cutter = new FrameCutter(100 << 20);
    expect(cutter.space).toBeUndefined();
    const stream = framed(Buffer.alloc(100_000, 1), Buffer.alloc(60_000, 2));
    cutter.push(stream.subarray(0, 1004), () => undefined);
    expect(cutter.space).toHaveLength(99_000);
    cutter.push(stream.subarray(1004, 60_004), () => undefined);
    expect(cutter.space).toBeUndefined();
    cutter.push(stream.subarray(60_004, 100_010), () => undefined);
    expect(cutter.space).toBeUndefined();
  });

  test('goes on after a frame whose receiver failed', () => {
    const cutter = new FrameCutter(100);
    const fail = (): void => {
      throw new RangeError('receiver');
    };
    expect(() => cutter.push(framed(Buffer.from([1])), fail)).toThrowError('receiver');
    expect(cut(cutter, [framed(Buffer.from([2]))])).toEqual([Buffer.from([2])]);
  });
});
