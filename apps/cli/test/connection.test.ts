import { expect, test } from "vitest";
import { chooseConnection, secretsOf } from "../src/config/connection.ts";

const config = "redis://config:6379";

test("the flag stands over the environment, which stands over the config", () => {
  expect(chooseConnection({ flag: "redis://flag", environment: "redis://env", config })).toBe("redis://flag");
  expect(chooseConnection({ flag: undefined, environment: "redis://env", config })).toBe("redis://env");
  expect(chooseConnection({ flag: undefined, environment: undefined, config })).toBe(config);
});

test("an empty REDIS_URL counts as unset", () => {
  expect(chooseConnection({ flag: undefined, environment: "", config })).toBe(config);
});

test("a wrong URL is refused without its password", () => {
  const choose = (): unknown =>
    chooseConnection({ flag: "http://me:hunter2@host", environment: undefined, config: undefined });
  expect(choose).toThrow(expect.objectContaining({ code: "HG_USAGE", got: '"http://***@host"' }));
});

test("no connection anywhere is said", () => {
  expect(() => chooseConnection({ flag: undefined, environment: undefined, config: undefined })).toThrow(
    expect.objectContaining({ code: "HG_CONFIG_INVALID" }),
  );
});

test("secrets are found in URLs, encoded and plain, and in options", () => {
  expect(secretsOf("redis://u:p%40ss@host")).toEqual(["p%40ss", "p@ss"]);
  expect(secretsOf({ host: "h", password: "hunter2" })).toEqual(["hunter2"]);
  expect(secretsOf("redis://host")).toEqual([]);
});
