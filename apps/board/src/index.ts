export {
  type Board,
  type BoardAuth,
  type BoardOptions,
  type BoardQueue,
  createBoard,
  type ListenOptions,
  type RunningBoard,
} from "./board.ts";
export type { Snapshot } from "./snapshot.ts";
