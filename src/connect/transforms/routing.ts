import { type Transform, transformation } from '../transform.js';

/** Renames topics by a regular expression that matches them whole. Follows `RegexRouter`. */
export function regexRouter(options: {
  readonly regex: string;
  readonly replacement: string;
}): Transform {
  const pattern = new RegExp(`^(?:${options.regex})$`);
  return transformation('regexRouter', (record) => {
    if (!pattern.test(record.topic)) return record;
    return { ...record, topic: record.topic.replace(pattern, options.replacement) };
  });
}

/**
 * Names topics by the record's time: `${topic}-${timestamp}` with `yyyyMMdd`, in UTC. Follows
 * `TimestampRouter`.
 */
export function timestampRouter(
  options: {
    readonly topicFormat?: string | undefined;
    readonly timestampFormat?: string | undefined;
  } = {},
): Transform {
  const { topicFormat = '${topic}-${timestamp}', timestampFormat = 'yyyyMMdd' } = options;
  return transformation('timestampRouter', (record) => {
    const timestamp = formatTime(record.timestamp, timestampFormat);
    const topic = topicFormat
      .replaceAll('${topic}', record.topic)
      .replaceAll('${timestamp}', timestamp);
    return { ...record, topic };
  });
}

/** Java's letters for the parts of a time that are of use in names, in UTC. */
export function formatTime(millis: number, format: string): string {
  const date = new Date(millis);
  const two = (part: number) => String(part).padStart(2, '0');
  const parts: Readonly<Record<string, string>> = {
    yyyy: String(date.getUTCFullYear()),
    MM: two(date.getUTCMonth() + 1),
    dd: two(date.getUTCDate()),
    HH: two(date.getUTCHours()),
    mm: two(date.getUTCMinutes()),
    ss: two(date.getUTCSeconds()),
    SSS: String(date.getUTCMilliseconds()).padStart(3, '0'),
  };
  return format.replace(/yyyy|MM|dd|HH|mm|SSS|ss/g, (letters) => parts[letters] ?? letters);
}
