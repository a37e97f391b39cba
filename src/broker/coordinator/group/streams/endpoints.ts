import type { TopicCatalog } from '../consumer/topic-catalog.js';
import type { StreamsGroup } from './streams-group.js';
import type { StreamsMember } from './streams-member.js';
import type { EndpointPartitions, TopicPartitionList } from './streams-messages.js';
import { plainTasks, type Tasks } from './tasks.js';
import { inputTopics } from './topology.js';

/**
 * Which partitions of the application's inputs the instance at each endpoint holds, so that a
 * query for a key finds the instance that knows it (interactive queries). The member that asks
 * comes last.
 */
export function endpointPartitions(
  group: StreamsGroup,
  asking: StreamsMember,
  catalog: TopicCatalog,
): EndpointPartitions[] {
  const others = [...group.members()].filter(({ memberId }) => memberId !== asking.memberId);
  return [...others, asking].flatMap(({ userEndpoint, assigned }) => {
    if (userEndpoint === null) return [];
    const { active, standby } = plainTasks(assigned);
    return [
      {
        userEndpoint,
        activePartitions: inputsOf(group, active, catalog),
        standbyPartitions: inputsOf(group, standby, catalog),
      },
    ];
  });
}

/** Tasks beyond the end of a topic that has fewer partitions than others read nothing of it. */
function inputsOf(group: StreamsGroup, tasks: Tasks, catalog: TopicCatalog): TopicPartitionList[] {
  return Array.from(tasks).flatMap(([subtopologyId, partitions]) => {
    const subtopology = group.configured?.subtopologies?.get(subtopologyId);
    if (subtopology === undefined) return [];
    return [...new Set(inputTopics(subtopology))].map((topic) => {
      const count = catalog.byName(topic)?.partitionCount ?? 0;
      return { topic, partitions: partitions.filter((partition) => partition < count) };
    });
  });
}
