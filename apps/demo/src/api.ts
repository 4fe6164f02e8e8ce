/** The API's process: two ports on loopback, one for the fleet, one for the supervisor. */
import { controlServer, termsServer } from "./api-server.ts";
import { Guard } from "./guard.ts";
import { liveWithParent, setting, tell } from "./parent.ts";

liveWithParent();
const guard = new Guard(Number(setting("DEMO_PER_SECOND")));
const loopback = { host: "127.0.0.1", port: 0 };
const url = await termsServer(guard).listen(loopback);
const controlUrl = await controlServer(guard).listen(loopback);
await tell({ type: "ready", url, controlUrl });
