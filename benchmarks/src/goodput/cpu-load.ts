import { cpus } from "node:os";

interface Times {
  readonly busy: number;
  readonly all: number;
}

/** How busy all cores together are, since it was made. */
export class CpuLoad {
  readonly #from: Times = times();

  /** 0 to 1. */
  busy(): number {
    const to = times();
    return (to.busy - this.#from.busy) / Math.max(1, to.all - this.#from.all);
  }
}

function times(): Times {
  const each = cpus().map((core) => core.times);
  const all = each.reduce((sum, { user, nice, sys, irq, idle }) => sum + user + nice + sys + irq + idle, 0);
  return { busy: all - each.reduce((sum, { idle }) => sum + idle, 0), all };
}
