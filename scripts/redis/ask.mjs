import { once } from "node:events";
import { connect } from "node:net";

/**
 * One command to a Redis on this machine, for set-up: no client library is there yet. Words must hold no blanks.
 *
 * @param {number} port @param {(string | number)[]} command
 * @returns {Promise<string>} the reply as it stands on the wire
 */
export async function ask(port, ...command) {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  let reply = "";
  socket.on("data", (part) => (reply += part));
  // We have no more to say, so the server answers and hangs up: no need to know how long a reply is. (Sentinels know no QUIT.)
  socket.end(`${command.join(" ")}\r\n`);
  await once(socket, "close");
  return reply;
}

/** @param {number} port @param {readonly (string | number)[]} command */
export async function tell(port, ...command) {
  const reply = await ask(port, ...command);
  if (reply.startsWith("-")) throw new Error(`${command.slice(0, 2).join(" ")}: ${reply.trim()}`);
}

const EVERY_MS = 20;
const MOST_MS = 30_000;

/** @param {string} what @param {() => Promise<boolean>} fits */
export async function eventually(what, fits) {
  for (const from = performance.now(); !(await fits()); ) {
    if (performance.now() - from > MOST_MS) throw new Error(`${what}: not within ${MOST_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
