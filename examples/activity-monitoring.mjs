// Activity monitoring: a web site reports what its visitors do; a dashboard keeps a tally that is
// redrawn while the events come in.
import { json, string } from 'kafkit';
import { connect, createTopic } from './connect.mjs';

const { kafka, close } = await connect();
const admin = kafka.admin();
await createTopic(admin, { name: 'activity', partitions: 2 });

const run = `run-${Date.now()}`;
const total = 200;
const pages = ['/', '/search', '/product', '/cart', '/checkout'];

// The dashboard reads whole batches: it needs to redraw once per batch, not once per event.
const dashboard = kafka.consumer({
  topics: ['activity'],
  fromBeginning: true,
  valueDeserializer: json(),
});
const watching = watch();

// The site: visitors wander from page to page, fewer and fewer of them to the end.
const site = kafka.producer({ keySerializer: string(), valueSerializer: json() });
for (let n = 0; n < total; n++) {
  const page = pages[Math.min(n % 5, n % 7)];
  await site.send({ topic: 'activity', key: `visitor-${n % 13}`, value: { run, page } });
}
await site.close();

await watching;
await dashboard.close();
await close();

async function watch() {
  const tally = new Map(pages.map((page) => [page, 0]));
  let seen = 0;
  for await (const batch of dashboard.batches()) {
    for (const { value } of batch) {
      if (value.run !== run) continue;
      tally.set(value.page, tally.get(value.page) + 1);
      seen += 1;
    }
    draw(tally, seen);
    if (seen === total) break;
  }
  if (!process.stdout.isTTY) for (const [page, count] of tally) console.log(`${page} ${count}`);
}

/** On a terminal the tally is drawn over itself; in a pipe only the result counts. */
function draw(tally, seen) {
  if (!process.stdout.isTTY) return;
  const rows = [...tally].map(
    ([page, count]) => `${page.padEnd(10)} ${'#'.repeat(count)} ${count}`,
  );
  const up = seen > 0 && draw.drawn ? `\x1b[${rows.length}A` : '';
  process.stdout.write(up + rows.map((row) => `\x1b[2K${row}\n`).join(''));
  draw.drawn = true;
}
