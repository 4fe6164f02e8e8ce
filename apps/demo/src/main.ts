import { runDemo } from "./demo.ts";
import { screenOn } from "./display/screen.ts";
import { optionsFrom, USAGE } from "./options.ts";
import { report } from "./report.ts";
import { isClean } from "./summary.ts";

const INTERRUPTED = 130;

const options = optionsOrUsage();
const redisUrl = process.env["REDIS_URL"];
if (redisUrl === undefined)
  throw new Error("REDIS_URL is not set: start the demo with `npm run demo`, which finds a Redis");

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => interruption.abort());

// With --json, standard output is for the object alone.
const screen = screenOn(options.json ? process.stderr : process.stdout);
try {
  const { seconds, json } = options;
  const summary = await runDemo({ redisUrl, seconds, show: screen.show, signal: interruption.signal });
  screen.done();
  console.log(json ? JSON.stringify(summary) : report(summary, process.stdout.isTTY && process.stdout.hasColors()));
  process.exitCode = isClean(summary) ? 0 : 1;
} catch (error) {
  screen.done();
  if (interruption.signal.aborted) {
    console.error("interrupted: nothing was counted");
    process.exitCode = INTERRUPTED;
  } else {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

function optionsOrUsage(): ReturnType<typeof optionsFrom> {
  try {
    return optionsFrom(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}
