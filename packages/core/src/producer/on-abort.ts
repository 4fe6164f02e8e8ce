type Callback = (reason: unknown) => void;

const followers = new WeakMap<AbortSignal, Set<Callback>>();

/**
 * Calls back when a signal aborts; answers how to stop that. However many follow a signal, it has one listener: Node warns
 * of a leak at the eleventh, and a thousand may wait for room with the same signal. Not `AbortSignal.any`, which leaves a
 * WeakRef of every signal that was made from it at the caller's.
 */
export function onAbort(signal: AbortSignal, callback: Callback): () => void {
  const following = followers.get(signal) ?? follow(signal);
  // One of its own for each call: the same function may be given twice.
  const own: Callback = (reason) => callback(reason);
  following.add(own);
  return () => void following.delete(own);
}

function follow(signal: AbortSignal): Set<Callback> {
  const following = new Set<Callback>();
  followers.set(signal, following);
  signal.addEventListener(
    "abort",
    () => {
      followers.delete(signal);
      for (const callback of following) callback(signal.reason);
    },
    { once: true },
  );
  return following;
}

/** The end of one call that enqueues much: its own, or its caller's. */
export interface End {
  readonly signal: AbortSignal;
  /** Aborts what still waits, and lets go of the caller's signal. */
  come(reason?: unknown): void;
  /** Of the caller's signal: nothing waits any more. */
  letGo(): void;
}

export function endOf(caller: AbortSignal | undefined): End {
  const own = new AbortController();
  if (caller?.aborted) own.abort(caller.reason);
  const letGo = caller && !caller.aborted ? onAbort(caller, (reason) => own.abort(reason)) : () => undefined;
  return {
    signal: own.signal,
    letGo,
    come: (reason) => {
      letGo();
      own.abort(reason);
    },
  };
}
