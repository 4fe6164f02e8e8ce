/** The API's process. */
import { ApiServer } from "../api/server.ts";
import { ordersOf, serve } from "../process/serve.ts";
import type { ApiOrders, ReportOrders } from "./orders.ts";
import { reportOf } from "./report.ts";

const { spec, runMs } = ordersOf<ApiOrders>();
const server = new ApiServer(spec, runMs);

serve({
  listen: () => server.listen(),
  begin: () => server.begin(),
  reach: (ms: number) => server.reach(ms),
  report: (orders: ReportOrders) => {
    if (!server.run) throw new Error("nobody has called");
    return reportOf(server.run.api, server.run.ledger, orders);
  },
});
