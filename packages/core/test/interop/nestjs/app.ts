import {
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from "@nestjs/common";
import { defineLimiter, defineQueue } from "headgate";
import { createProducer, Producer } from "headgate/producer";
import { createWorker, type JobContext, type Worker } from "headgate/worker";

const connection = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";

export const greetings = defineQueue<{ name: string }>("greetings", {
  limiter: defineLimiter("mail-api", {
    limits: [{ unit: "requests", amount: 600, per: "1m" }],
  }),
});

/** Any provider of yours: the worker below is given it by Nest. */
@Injectable()
export class Greeter {
  async greet(name: string, _ctx: JobContext): Promise<string> {
    // const res = await ctx.fetch("https://api.example.com/…") — a 429 puts the job back and slows the fleet down.
    return `Hello, ${name}!`;
  }
}

/** Who enqueues: in a controller a refused admission becomes a 429 or 503 with Retry-After (headgate/http). */
@Injectable()
export class Greetings {
  readonly #producer: Producer;

  constructor(@Inject(Producer) producer: Producer) {
    this.#producer = producer;
  }

  async add(name: string): Promise<string> {
    const admitted = await this.#producer.enqueue(greetings, { name }, { onPressure: "wait", timeout: "10s" });
    if (!admitted.accepted) throw new Error(`try again in ${admitted.retryAfterMs} ms: ${admitted.reason}`);
    return admitted.id;
  }

  result(id: string): Promise<unknown> {
    return this.#producer.result(greetings, id, { timeout: "10s" });
  }
}

/** Starts when Nest is ready, and drains before Nest takes its providers away. */
@Injectable()
export class GreetingsWorker implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #greeter: Greeter;
  #worker: Worker<{ name: string }, string> | undefined;

  constructor(@Inject(Greeter) greeter: Greeter) {
    this.#greeter = greeter;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#worker = createWorker(greetings, ({ name }, ctx) => this.#greeter.greet(name, ctx), {
      connection,
      concurrency: 20,
      drainTimeout: "25s",
    });
    await this.#worker.ready();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#worker?.close();
  }
}

/** The producer is closed last: the worker's jobs may still enqueue while they drain. */
@Injectable()
export class ProducerEnd implements OnApplicationShutdown {
  readonly #producer: Producer;

  constructor(@Inject(Producer) producer: Producer) {
    this.#producer = producer;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#producer.close();
  }
}

@Module({
  providers: [
    { provide: Producer, useFactory: () => createProducer({ connection }) },
    Greeter,
    Greetings,
    GreetingsWorker,
    ProducerEnd,
  ],
  exports: [Greetings],
})
export class GreetingsModule {}
