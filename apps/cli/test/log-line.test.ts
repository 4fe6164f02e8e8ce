import { headgateError } from "headgate/internal";
import { expect, test } from "vitest";
import { errorFields, logLine } from "../src/worker/log-line.ts";

const at = new Date("2026-01-02T12:30:01.250Z");

test("one line, whatever stands in an id", () => {
  const line = logLine({ event: "completed", queue: "letters", id: 'a\n"b', attempt: 1 }, at);
  expect(line).toBe('12:30:01.250 completed letters id="a\\n\\"b" attempt=1');
});

test("a processor's message is not logged, it may hold job data", () => {
  expect(errorFields(new RangeError("secret document"))).toEqual({ error: "RangeError" });
  expect(errorFields("secret document")).toEqual({ error: "string" });
  expect(errorFields(Object.assign(new Error("secret"), { code: "ECONNRESET" }))).toEqual({
    error: "Error:ECONNRESET",
  });
});

test("of an answer of Redis the first word is logged, which says what it is", () => {
  const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });
  expect(errorFields(reply("READONLY You can't write against a read only replica."))).toEqual({
    error: "ReplyError:READONLY",
  });
  expect(errorFields(reply("HG_NOT_REGISTERED {headgate:api}:work:")).error).toBe("ReplyError:HG_NOT_REGISTERED");
  expect(errorFields(reply("secret document")).error).toBe("ReplyError");
});

test("a coded error of ours is logged in full", () => {
  const error = headgateError("HG_REDIS_UNREACHABLE", { got: "127.0.0.1:1" });
  expect(errorFields(error)).toMatchObject({ error: "HG_REDIS_UNREACHABLE" });
});
