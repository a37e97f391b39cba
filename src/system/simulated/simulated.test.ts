import { describe, expect, test } from 'vitest';
import { isKafkaError } from '../../errors/index.js';
import { ManualClock, MemoryDisk, MemoryNet, SeededRandom } from './index.js';

const soon = (run: () => void) => queueMicrotask(run);

describe('a manual clock', () => {
  test('runs timers in the order of their times, letting promises settle in between', async () => {
    const clock = new ManualClock(1000);
    const seen: string[] = [];
    clock.after(20, () => void seen.push(`b${clock.now()}`));
    clock.after(10, async () => {
      seen.push(`a${clock.now()}`);
      await Promise.resolve();
      clock.after(5, () => void seen.push(`c${clock.now()}`));
    });
    clock.after(30, () => void seen.push('never')).cancel();
    await clock.advance(25);
    expect(seen).toEqual(['a1010', 'c1015', 'b1020']);
    expect([clock.now(), clock.monotonic(), clock.pendingTimers]).toEqual([1025, 25, 0]);
  });

  test('keeps measuring when someone sets the wall clock back', async () => {
    const clock = new ManualClock(5000);
    await clock.advance(10);
    clock.setWallClock(100);
    await clock.advance(10);
    expect([clock.now(), clock.monotonic()]).toEqual([110, 20]);
  });
});

describe('seeded randomness', () => {
  test('repeats itself for a seed and differs between seeds', () => {
    const draw = (seed: number) => {
      const random = new SeededRandom(seed);
      return [random.uuid(), random.below(1000), random.bytes(4).toString('hex')].join();
    };
    expect(draw(1)).toBe(draw(1));
    expect(new Set([1, 2, 3, 4, 5].map(draw)).size).toBe(5);
  });

  test('is spread evenly', () => {
    const random = new SeededRandom(42);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const at = random.below(10);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });
});

describe('a memory disk after a crash', () => {
  test('keeps what was synced, whatever the seed', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const disk = new MemoryDisk({ crashable: true, soon });
      disk.makeDirectory('/d');
      disk.syncDirectoryNow('/');
      const file = disk.open('/d/a', 'create');
      const safe = Buffer.alloc(3000, 's');
      file.write([safe], 0);
      await file.sync();
      await disk.syncDirectory('/d');
      file.write([Buffer.alloc(3000, 'u')], 3000);
      const bytes = disk.crash(new SeededRandom(seed)).readFile('/d/a');
      expect(bytes.subarray(0, 3000).equals(safe)).toBe(true);
      expect(/^[u\0]*$/.test(bytes.toString('latin1', 3000))).toBe(true);
    }
  });

  test('loses, tears, reorders or keeps what was not synced, and names too', () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const disk = new MemoryDisk({ crashable: true, soon });
      const file = disk.open('/a', 'create');
      disk.syncDirectoryNow('/');
      file.write([Buffer.alloc(512, 'x'), Buffer.alloc(512, 'y')], 0);
      file.write([Buffer.alloc(512, 'z')], 1024);
      disk.open('/b', 'create');
      const after = disk.crash(new SeededRandom(seed));
      const text = after.readFile('/a').toString('latin1');
      const sectors = [0, 512, 1024].map((at) => text[at] ?? '-').join('');
      outcomes.add(sectors.replaceAll('\0', '0'));
      if (text.length % 512 !== 0) outcomes.add('torn');
      outcomes.add(after.exists('/b') ? 'name kept' : 'name lost');
    }
    for (const outcome of ['---', 'xyz', 'x--', '00z', '0yz', 'torn', 'name kept', 'name lost']) {
      expect(outcomes).toContain(outcome);
    }
  });

  test('leaves the old disk dead and its syncs unended', async () => {
    const waiting: (() => void)[] = [];
    const disk = new MemoryDisk({ crashable: true, soon: (run) => void waiting.push(run) });
    const file = disk.open('/a', 'create');
    let ended = false;
    const sync = file.sync().then(() => {
      ended = true;
    });
    disk.crash(new SeededRandom(1));
    for (const run of waiting) run();
    await Promise.race([sync, Promise.resolve()]);
    expect(ended).toBe(false);
    expect(() => file.write([Buffer.from('x')], 0)).toThrow(/EIO/);
  });
});

test('a memory disk fails the nth call it is told to, and recovers when healed', () => {
  const disk = new MemoryDisk();
  const file = disk.open('/a', 'create');
  disk.inject({ code: 'ENOSPC', nth: 2, calls: ['write'], lasting: true });
  file.write([Buffer.from('1')], 0);
  for (let i = 0; i < 2; i++) {
    let code = 'none';
    try {
      file.write([Buffer.from('22')], 1);
    } catch (error) {
      if (isKafkaError(error)) code = error.code;
    }
    expect(code).toBe('DISK_FULL');
  }
  disk.heal();
  file.write([Buffer.from('3')], 1);
  expect(disk.readFile('/a').subarray(0, 2).toString()).toBe('13');
});

test('cutting a memory network closes both ends with an error', async () => {
  const clock = new ManualClock();
  const net = new MemoryNet(clock);
  const errors: (string | undefined)[] = [];
  await net.listen({ host: '127.0.0.1', port: 9092 }, (socket) => {
    socket.onClose = (error) => void errors.push(error?.message);
  });
  const connecting = net.connect({ host: 'localhost', port: 9092 });
  await clock.settle();
  const socket = await connecting;
  socket.onClose = (error) => void errors.push(error?.message);
  net.cut(9092);
  await clock.settle();
  expect(errors).toEqual(['The connection was cut.', 'The connection was cut.']);
  expect(net.sockets).toEqual([]);
});
