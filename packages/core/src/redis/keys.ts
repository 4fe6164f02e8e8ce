/**
 * Every key that Headgate owns. All of a limiter's keys, and BullMQ's own of its queues, share one hash tag
 * (`{headgate:<limiter>}`), so that one script may touch them all. BullMQ's keys are its own business.
 *
 * | key                              | type   | lifetime            | holds                                       |
 * |----------------------------------|--------|---------------------|---------------------------------------------|
 * | `<prefix>:@limiter`              | hash   | until deleted       | definition, override, packed config + state |
 * | `<prefix>:@queue:<name>`         | hash   | until deleted       | definition, packed config + level           |
 * | `<prefix>:@queues`               | set    | until deleted       | names of the limiter's queues               |
 * | `<prefix>:@grant:<queue>:<token>`| string | twice the job lock  | the last activation under a lock token      |
 * | `<prefix>:@paused`               | hash   | constant            | `paused = 1`, stands in for a queue's meta  |
 * | `<prefix>:@feed`                 | pubsub | –                   | level changes                               |
 * | `<namespace>:@queues`            | hash   | until deleted       | queue name → limiter                        |
 * | `<namespace>:@moving`            | hash   | while a queue moves | queue name → limiter that it moves to       |
 */
export const limiterKey = (prefix: string): string => `${prefix}:@limiter`;
export const queueKey = (prefix: string, queue: string): string => `${prefix}:@queue:${queue}`;
export const feedChannel = (prefix: string): string => `${prefix}:@feed`;
export const registryKey = (namespace: string): string => `${namespace}:@queues`;
export const movingKey = (namespace: string): string => `${namespace}:@moving`;
export const queueBase = (prefix: string, queue: string): string => `${prefix}:${queue}:`;
