/** Reads real documents and enqueues them as fast as it is let. The API's limit reaches it as a pause in `enqueue`. */
import { createProducer } from "headgate/producer";
import { installedSections } from "./documents.ts";
import type { ProducerState } from "./messages.ts";
import { liveWithParent, setting, tell, toldToStop } from "./parent.ts";
import { type Section, sectionsIn } from "./queue.ts";

/** An enqueue that takes longer than a round trip to Redis ever does (ms) stood still. */
const ROUND_TRIP_MS = 10;
const TELL_EVERY_MS = 200;

liveWithParent();
const documents: Section[] = [];
for await (const section of installedSections()) documents.push(section);

const sections = sectionsIn(setting("DEMO_NAMESPACE"));
const producer = createProducer({ connection: setting("REDIS_URL") });
const ids: string[] = [];
let state: ProducerState = {
  enqueued: 0,
  waitedMs: 0,
  waitingSince: null,
  longestWaitMs: 0,
  level: "open",
  levelChanges: 0,
};
producer.on("level", ({ level }) => {
  state = { ...state, level, levelChanges: state.levelChanges + 1 };
});

await producer.ready();
await tell({ type: "ready", documents: documents.length });
const telling = setInterval(() => void tell({ type: "state", ...state }), TELL_EVERY_MS);

let stop = false;
void toldToStop().then(() => {
  stop = true;
});

for (const document of documents) {
  if (stop) break;
  const since = Date.now();
  state = { ...state, waitingSince: since };
  const admission = await producer.enqueue(sections, document, { id: document.id });
  const tookMs = Date.now() - since;
  if (!admission.accepted || admission.duplicate) {
    throw new Error(`${document.id} was to be admitted, after any wait: ${JSON.stringify(admission)}`);
  }
  ids.push(admission.id);
  const waitedMs = tookMs > ROUND_TRIP_MS ? tookMs : 0;
  state = {
    ...state,
    enqueued: ids.length,
    waitedMs: state.waitedMs + waitedMs,
    waitingSince: null,
    longestWaitMs: Math.max(state.longestWaitMs, waitedMs),
  };
}

clearInterval(telling);
await producer.close();
await tell({ type: "done", ids, state });
process.exit();
