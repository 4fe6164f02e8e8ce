export interface WorkerEvents {
  completed: [{ id: string; queue: string; attempt: number; result: unknown }];
  failed: [{ id: string; queue: string; attempt: number; error: Error; final: boolean }];
  /** `kind`: what stopped it, of few values; `reason` is the error's message, and may hold what the processor put there. */
  deferred: [
    {
      id: string;
      queue: string;
      deferrals: number;
      delayMs: number;
      reason: string;
      kind: "throttled" | "overload";
    },
  ];
  /** A quota is spent: the job waits at the head of its queue until the gate opens. No attempt and no deferral is spent. */
  parked: [{ id: string; queue: string; reason: string }];
  /** A schedule's iteration that came due while the queue was closed: finished without running. */
  skipped: [{ id: string; queue: string; dueAt: number }];
  /** A job whose worker is gone was found, and put back or failed, by this worker. */
  stalled: [{ id: string; queue: string }];
  /** This worker lost the lock of a job it runs: the run is aborted, the job runs again elsewhere. */
  lockLost: [{ id: string; queue: string }];
  /** The event loop stood still for longer than a second: near `lockDuration`, jobs run twice. */
  blocked: [{ blockedMs: number; lockDurationMs: number; queue: string }];
  /** At most one a second for each kind; `suppressed` of that kind were left out before it. Never holds job data. */
  error: [Error, { readonly kind: string; readonly suppressed: number }];
}
