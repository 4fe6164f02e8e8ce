export { answerError, answerProblem, answerResult, type HttpAnswer } from "./answer.ts";
export { type Enqueues, enqueueAnswer } from "./enqueue.ts";
export type { Problem } from "./problem.ts";
