export {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type ListenOptions,
  type RunningGateway,
} from "./gateway.ts";
