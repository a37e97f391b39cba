// Topics, metadata and coordinators: what is found, refused and created.
import { createTopic, makeTopic, noSuchId, zeroId } from './bodies.mjs';

const metadata = (topics, more = {}) => ({ topics, allowAutoTopicCreation: false, ...more });
const named = (name) => ({ topicId: zeroId, name });
const deleted = (topics) => ({ topics, timeoutMs: 10_000 });
const grow = (name, count, assignments = null) => ({
  topics: [{ name, count, assignments }],
  timeoutMs: 10_000,
  validateOnly: false,
});
/** Only what became of each topic: its id and configs are compared where it is described. */
const codes = ({ topics, results, responses }) =>
  (topics ?? results ?? responses).map(({ name, errorCode }) => [name, errorCode]);

export const scripts = {
  async 'creating topics'(script) {
    const ask = (step, ...rest) =>
      script.ask(step, 'CreateTopics', 7, createTopic(...rest), { keep: codes });
    await ask('a new one', 'made', { partitions: 2 });
    await ask('the same again', 'made');
    await ask('only validated', 'unmade', { validateOnly: true });
    await ask('an empty name', '');
    await ask('a dot', '.');
    await ask('a space', 'a b');
    await ask('250 characters', 'x'.repeat(250));
    await ask('249 characters', 'x'.repeat(249));
    await ask('two replicas', 'two', { replicationFactor: 2 });
    await ask('replicas 0', 'zero', { replicationFactor: 0 });
    await ask('partitions 0', 'none', { partitions: 0 });
    await ask('partitions -1', 'default', { partitions: -1, replicationFactor: -1 });
    await ask('10001 partitions', 'many', { partitions: 10_001 });
    await ask('an unknown config', 'odd', { configs: { 'no.such': '1' } });
    await ask('a config that is no number', 'nan', { configs: { 'retention.ms': 'x' } });
    await ask('a config out of bounds', 'out', { configs: { 'segment.bytes': '1' } });
    const assign = (...brokerIds) => ({
      partitions: -1,
      replicationFactor: -1,
      assignments: [{ partitionIndex: 0, brokerIds }],
    });
    await ask('assigned to nobody', 'assigned-0', assign());
    await ask('assigned to a stranger', 'assigned-9', assign(9));
    await ask('assigned twice', 'assigned-11', assign(1, 1));
    await ask('assigned and counted', 'both', { ...assign(1), replicationFactor: 1 });
    await ask('a name that collides', 'col_lide', {});
    await ask('and its twin', 'col.lide', {});
  },

  async metadata(script) {
    const topicId = await makeTopic(script, 'described', { partitions: 3 });
    const ask = (step, version, body) => script.ask(step, 'Metadata', version, body);
    for (const version of [4, 7, 9, 12, 13]) {
      await ask(`by name, v${version}`, version, metadata([named('described')]));
      await ask(`of an unknown topic, v${version}`, version, metadata([named('nowhere')]));
    }
    await ask('by id', 12, metadata([{ topicId, name: null }]));
    await ask('by an unknown id', 12, metadata([{ topicId: noSuchId, name: null }]));
    await ask('of no topic', 12, metadata([]));
    await ask('of a bad name', 12, metadata([named('a b')]));
    await script.ask('page by page', 'DescribeTopicPartitions', 0, {
      topics: [{ name: 'described' }, { name: 'nowhere' }],
      responsePartitionLimit: 2,
      cursor: null,
    });
    await script.ask('the second page', 'DescribeTopicPartitions', 0, {
      topics: [{ name: 'described' }, { name: 'nowhere' }],
      responsePartitionLimit: 2,
      cursor: { topicName: 'described', partitionIndex: 2 },
    });
  },

  async 'growing and deleting'(script) {
    await makeTopic(script, 'growing', { partitions: 2 });
    const ask = (step, body) => script.ask(step, 'CreatePartitions', 3, body, { keep: codes });
    await ask('to more', grow('growing', 3));
    await ask('to as many', grow('growing', 3));
    await ask('to fewer', grow('growing', 1));
    await ask('an unknown topic', grow('nowhere', 3));
    await ask('with too few assignments', grow('growing', 5, [{ brokerIds: [1] }]));
    await ask('to a stranger', grow('growing', 4, [{ brokerIds: [7] }]));
    const remove = (step, topic) =>
      script.ask(step, 'DeleteTopics', 6, deleted([topic]), { keep: codes });
    await remove('an unknown name', { name: 'nowhere', topicId: zeroId });
    await remove('an unknown id', { name: null, topicId: noSuchId });
    await remove('what is there', { name: 'growing', topicId: zeroId });
    await remove('and again', { name: 'growing', topicId: zeroId });
  },

  async 'configs of topics'(script) {
    await makeTopic(script, 'configured');
    const alter = (step, configs, resourceName = 'configured', resourceType = 2) =>
      script.ask(
        step,
        'IncrementalAlterConfigs',
        1,
        { resources: [{ resourceType, resourceName, configs }], validateOnly: false },
        { keep: codes },
      );
    const change = (name, configOperation, value) => ({ name, configOperation, value });
    await alter('set', [change('retention.ms', 0, '1000')]);
    await alter('append', [change('cleanup.policy', 2, 'compact')]);
    await alter('append to no list', [change('retention.ms', 2, '1')]);
    await alter('subtract', [change('cleanup.policy', 3, 'delete')]);
    await alter('set to null', [change('retention.ms', 0, null)]);
    await alter('delete', [change('retention.ms', 1, null)]);
    await alter('an unknown one', [change('no.such', 0, '1')]);
    await alter('twice the same', [change('retention.ms', 0, '1'), change('retention.ms', 0, '2')]);
    await alter('of an unknown topic', [change('retention.ms', 0, '1')], 'nowhere');
    const describe = (step, resourceName, resourceType, names) =>
      script.ask(
        step,
        'DescribeConfigs',
        4,
        {
          resources: [{ resourceType, resourceName, configurationKeys: names }],
          includeSynonyms: false,
          includeDocumentation: false,
        },
        {
          keep: ({ results }) =>
            results.map(({ errorCode, configs }) => [
              errorCode,
              configs
                .map(({ name, value, configSource, configType }) =>
                  [name, value, configSource, configType].join(' '),
                )
                .sort(),
            ]),
        },
      );
    const some = ['cleanup.policy', 'compression.type', 'max.message.bytes', 'retention.ms'];
    await describe('described', 'configured', 2, some);
    await describe('of an unknown topic, described', 'nowhere', 2, some);
    await describe('of another broker', '77', 4, ['log.dirs']);
    await describe('of a group', 'any', 32, ['consumer.session.timeout.ms']);
  },

  async coordinators(script) {
    const find = (step, version, body) =>
      script.ask(step, 'FindCoordinator', version, body, {
        keep: ({ errorCode, coordinators }) =>
          coordinators?.map((each) => [each.key, each.errorCode]) ?? errorCode,
      });
    const group = { keyType: 0, coordinatorKeys: ['g'] };
    await script.until(
      'FindCoordinator',
      4,
      group,
      ({ coordinators }) => coordinators[0].errorCode === 0,
    );
    await find('of a group', 4, group);
    await find('of a kind that is none', 4, { keyType: 7, coordinatorKeys: ['g'] });
    await find('of nothing', 4, { keyType: 0, coordinatorKeys: [] });
    await find('of a bad share partition', 6, { keyType: 2, coordinatorKeys: ['g'] });
  },
};
