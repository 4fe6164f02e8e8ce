import { isHeadgateError } from "headgate";
import { mayAnswer } from "headgate/internal";
import { type Context, Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { csrf } from "hono/csrf";
import type { SecureHeadersVariables } from "hono/secure-headers";
import type { BoardAuth, BoardQueue } from "./board.ts";
import { BULL_BOARD_PATH } from "./bull-board.ts";
import { bullBoardHeaders, pressureHeaders } from "./headers.ts";
import { pressureBlocks } from "./page/blocks.ts";
import { pressurePage } from "./page/document.ts";
import type { ReadSnapshot } from "./snapshot.ts";

export interface BoardApp {
  readonly read: ReadSnapshot;
  readonly queues: readonly BoardQueue[];
  readonly bullBoard: Hono;
  readonly auth: BoardAuth | undefined;
  readonly readOnly: boolean;
}

interface Env {
  Variables: SecureHeadersVariables;
}

/** The board's routes. Order matters: who may ask, then headers, then pages. */
export function boardApp({ read, queues, bullBoard, auth, readOnly }: BoardApp): Hono<Env> {
  const app = new Hono<Env>();

  app.use(async (context, next) => {
    if (mayAnswer(context.req.header("host"), auth !== undefined)) return next();
    return context.text("This board has no password, so it only answers on localhost.\n", 421);
  });
  if (auth !== undefined) {
    app.use(basicAuth({ username: auth.user, password: auth.password, realm: "Headgate" }));
  }
  app.use(csrf());

  for (const path of [BULL_BOARD_PATH, `${BULL_BOARD_PATH}/*`]) app.use(path, bullBoardHeaders);
  app.route(BULL_BOARD_PATH, bullBoard);

  app.use(pressureHeaders);
  app.use(async (context, next) => {
    await next();
    context.header("cache-control", "no-store");
  });
  app.get("/", async (context) => {
    const nonce = context.get("secureHeadersNonce") ?? "";
    const answer = await attempt(read);
    const page = { nonce, readOnly, queues };
    if (answer.ok) return context.html(pressurePage({ ...page, snapshot: answer.value }));
    return context.html(pressurePage({ ...page, problem: answer.problem.message }), 503);
  });
  app.get("/pressure", async (context) => {
    const answer = await attempt(read);
    return answer.ok ? context.html(pressureBlocks(answer.value, queues)) : unavailable(context, answer.problem);
  });
  app.get("/api/status", async (context) => {
    const answer = await attempt(read);
    return answer.ok ? context.json(answer.value) : unavailable(context, answer.problem);
  });
  return app;
}

interface Problem {
  readonly code: string;
  readonly message: string;
}

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/**
 * Only errors with a code say something that is meant to be read; any other message may carry
 * what a client library was about to send, so it stays inside.
 */
async function attempt<T>(read: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    const problem = isHeadgateError(error)
      ? { code: error.code, message: error.message }
      : { code: "HG_INTERNAL", message: "The state of the queues could not be read." };
    return { ok: false, problem };
  }
}

function unavailable(context: Context, problem: Problem): Response {
  return context.json({ error: problem }, 503);
}
