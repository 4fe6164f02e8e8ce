import { Child, type Module, type Settings } from "./child.ts";
import type { ApiSays, ProducerSays, WorkerSays } from "./messages.ts";

interface Member {
  readonly name: string;
  readonly pid: number | undefined;
  end(): Promise<void>;
}

/** The demo's processes: each started here, and all of them ended here, whatever happens. */
export class Crew {
  readonly #onCrash: (error: Error) => void;
  readonly #members: Member[] = [];

  constructor(onCrash: (error: Error) => void) {
    this.#onCrash = onCrash;
  }

  api = (settings: Settings): Child<ApiSays> => this.#start("API", "api", settings);
  producer = (settings: Settings): Child<ProducerSays> => this.#start("producer", "producer", settings);
  worker = (name: string, settings: Settings): Child<WorkerSays> => this.#start(name, "worker", settings);

  /** Who there is, for people: `the API 4711, worker-1 4712, …` */
  get names(): string {
    return this.#members.map(({ name, pid }) => `${name} ${pid}`).join(", ");
  }

  async endAll(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
  }

  #start<Says extends { readonly type: string }>(name: string, module: Module, settings: Settings): Child<Says> {
    const child = new Child<Says>(name, module, settings, this.#onCrash);
    this.#members.push(child);
    return child;
  }
}
