import type { CommandSpec } from './command.js';

const demoConsumer: CommandSpec = {
  name: 'demo-consumer',
  summary: 'the consumer of the demo, in a process of its own',
  hidden: true,
  flags: [
    { name: 'bootstrap-server', value: 'HOST:PORT', text: 'the broker of the demo' },
    { name: 'mongodb', value: 'URI', text: 'store there' },
    { name: 'store', value: 'DIR', text: 'store here' },
    { name: 'pause', value: 'MS', text: 'rest so long after each batch stored' },
  ],
  load: async () => (await import('./demo-consumer.js')).demoConsumer,
};

const reference: CommandSpec = {
  name: 'reference',
  summary: 'print docs/reference/cli.md',
  hidden: true,
  flags: [],
  load: async () => (await import('./reference.js')).reference,
};

/** Commands that other commands and scripts call; no overview shows them. */
export const hiddenCommands: readonly CommandSpec[] = [demoConsumer, reference];
