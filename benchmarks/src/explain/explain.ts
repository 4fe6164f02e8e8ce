import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { removeKeys } from "../redis/remove-keys.ts";
import { type Answer, runScenario } from "./run.ts";
import { scenarios } from "./scenarios.ts";
import { errorOf, header, isRight, row } from "./table.ts";

export interface ExplainOptions {
  readonly connection: string;
  readonly scenario: readonly string[];
  readonly json?: boolean;
}

/** A table: what `explain` said of jobs in line, and when they started. Answers whether all of it was right. */
export async function runExplain({ connection, scenario, json = false }: ExplainOptions): Promise<boolean> {
  const redis = new Redis(connection);
  const answers: (Answer & { scenario: string })[] = [];
  console.log(header);
  try {
    for (const one of scenarios.filter(({ name }) => scenario.includes(name))) {
      const namespace = `explain-${randomUUID()}`;
      for (const answer of await runScenario(one, connection, namespace)) {
        answers.push({ scenario: one.name, ...answer });
        console.log(row(one.name, answer));
      }
      await removeKeys(redis, namespace);
    }
  } finally {
    redis.disconnect();
  }
  const errors = answers.map((answer) => Math.abs(errorOf(answer) ?? Number.POSITIVE_INFINITY)).sort((a, b) => a - b);
  const wrong = answers.filter((answer) => !isRight(answer)).length;
  const percent = (value: number | undefined): string => `${(100 * (value ?? 0)).toFixed(1)} %`;
  console.log(
    `\n${answers.length} predictions: median ${percent(errors[Math.floor(errors.length / 2)])} off, worst ${percent(errors.at(-1))}; ${wrong} off by more than 20 %`,
  );
  if (json) {
    console.log(
      JSON.stringify(
        answers.map(({ scenario: name, place, said, happenedMs }) => ({
          scenario: name,
          job: place,
          ahead: said.ahead,
          saidMs: said.startsInMs,
          happenedMs,
          causes: said.causes.map(({ cause }) => cause),
        })),
      ),
    );
  }
  return wrong === 0;
}
