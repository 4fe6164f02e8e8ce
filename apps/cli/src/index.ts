export { defineConfig, type HeadgateConfig, type QueueConfig } from "./config/define.ts";
