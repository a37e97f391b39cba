/**
 * What a client knows that was not told the types of values by topic, as it can be:
 * `new Kafka<{ orders: Order; payments: Payment }>()`. Only the compiler knows of such a map; what
 * a program writes and reads is checked against it. A client with types can be given to whoever
 * asks for one without.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- nothing else takes every map in its place
export type AnyTopics = any;

/** Whether nothing is said about topics, and every name goes. */
export type IsAny<Topics> = string extends keyof Topics ? true : false;

/** The names of the topics. */
export type TopicName<Topics> = keyof Topics & string;

/** The values of all the topics, or `Otherwise` where nothing is said about them. */
export type ValueOf<Topics, Otherwise> =
  IsAny<Topics> extends true ? Otherwise : Topics[TopicName<Topics>];

/** Options in which `Name` may be left out only where the client can do without. */
export type Demanding<Options, Name extends keyof Options, Plain, Value> = [Value] extends [Plain]
  ? Options
  : Options & { readonly [N in Name]: NonNullable<Options[N]> };
