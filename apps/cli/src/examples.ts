import type { Command } from "commander";

/** Of each command, as `--help` shows them; a test has the command line parse each. */
const examples: Readonly<Record<string, readonly string[]>> = {
  worker: ["headgate worker", "headgate worker mail --processes 4 --concurrency 20 --port 3002"],
  enqueue: [
    "headgate enqueue mail orders.ndjson --id-field orderId",
    "zcat orders.ndjson.gz | headgate enqueue mail - --on-pressure refuse",
    "headgate enqueue mail failed.ndjson --envelope --from-line 1201",
  ],
  status: [
    "headgate status",
    "headgate status --watch",
    "headgate status --json | jq '.queues[] | select(.level != \"open\")'",
  ],
  explain: ["headgate explain mail order-17"],
  pause: [
    'headgate pause mail-api --for 5m --reason "their status page is red"',
    'headgate pause queue:mail --reason "spring cleaning"',
  ],
  resume: ["headgate resume mail-api", "headgate resume queue:mail"],
  limits: [
    "headgate limits mail-api",
    "headgate limits mail-api --limit requests=500/1m --limit tokens=90000/1m,burst=2000 --concurrency 20",
    "headgate limits mail-api --clear",
  ],
  failed: [
    "headgate failed mail",
    "headgate failed mail retry --reason ECONNRESET",
    "headgate failed mail export --envelope > failed.ndjson",
  ],
  move: ["headgate move mail"],
  doctor: ["headgate doctor", "headgate doctor --redis rediss://user:password@redis.example.com:6380"],
  init: ["headgate init shop"],
  simulate: [
    "headgate simulate --api fixed-window --rate 100 --per 60 --retry-after none",
    "headgate simulate --limiter mail-api --demand 50 --seconds 300",
  ],
  board: ["headgate board --read-only", "HEADGATE_BOARD_PASSWORD=… headgate board --host 0.0.0.0 --port 8080"],
  gateway: ["HEADGATE_GATEWAY_TOKENS=… headgate gateway --host 0.0.0.0", "headgate gateway --no-auth --max-wait 10s"],
  completion: [
    "headgate completion bash > /etc/bash_completion.d/headgate",
    "headgate completion zsh > ~/.zfunc/_headgate",
    "headgate completion fish > ~/.config/fish/completions/headgate.fish",
  ],
};

export function addExamples(program: Command): void {
  for (const command of program.commands) {
    const lines = examples[command.name()];
    if (lines !== undefined)
      command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`);
  }
}
