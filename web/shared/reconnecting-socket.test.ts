import { beforeEach, describe, expect, test } from "vitest";
import { backoff_ms, FIRST_DELAY_MS, MAX_DELAY_MS } from "./backoff";
import {
  PONG_TIMEOUT_MS,
  ReconnectingSocket,
  type SocketState,
  STABLE_AFTER_MS,
  WAKE_PONG_TIMEOUT_MS,
  WELCOME_TIMEOUT_MS,
} from "./reconnecting-socket";
import { FakeClock, FakeSocket, settle } from "./testing";
import type { JsonObject } from "./wire-reader";

const HEARTBEAT_SECONDS = 20;
const WELCOME = { type: "welcome", heartbeat_seconds: HEARTBEAT_SECONDS };

let clock: FakeClock;
let sockets: FakeSocket[];
let frames: JsonObject[];
let states: SocketState[];
let random: number;
let can_open: boolean;
let socket: ReconnectingSocket;

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  frames = [];
  states = [];
  random = 0.999;
  can_open = true;
  socket = new ReconnectingSocket({
    open: async () => {
      if (!can_open) throw new Error("no session");
      const opened = new FakeSocket();
      sockets.push(opened);
      return opened;
    },
    hello: () => ({ type: "hello" }),
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    clock,
    random: () => random,
  });
});

const last = (): FakeSocket => {
  const found = sockets.at(-1);
  if (found === undefined) throw new Error("no socket was opened");
  return found;
};

async function goLive(): Promise<FakeSocket> {
  await settle();
  last().open();
  last().say(WELCOME);
  return last();
}

test("it greets as soon as it is open and is live once it was greeted", async () => {
  socket.start();
  await settle();
  last().open();
  expect(last().sentOf("hello")).toHaveLength(1);
  expect(socket.isLive).toBe(false);
  last().say(WELCOME);
  expect(socket.isLive).toBe(true);
  expect(frames).toEqual([WELCOME]);
});

test("nothing is sent before the welcome", async () => {
  socket.start();
  await settle();
  last().open();
  expect(socket.send({ type: "post" })).toBe(false);
  expect(last().sentOf("post")).toHaveLength(0);
});

test("every frame has an id and a time of its own", async () => {
  socket.start();
  const live = await goLive();
  socket.send({ type: "typing" });
  socket.send({ type: "typing" });
  const [one, two] = live.sentOf("typing");
  expect(one?.id).not.toBe(two?.id);
  expect(one?.sent_at).toBe("2026-11-22T10:00:00.000Z");
});

describe("back-off", () => {
  test("doubles from 0.5 s to 30 s with full jitter", () => {
    expect([1, 2, 3, 6, 7, 50].map((failures) => backoff_ms(failures, () => 1))).toEqual([
      FIRST_DELAY_MS,
      1000,
      2000,
      16_000,
      MAX_DELAY_MS,
      MAX_DELAY_MS,
    ]);
    expect(backoff_ms(10, () => 0)).toBe(0);
    expect(backoff_ms(3, () => 0.25)).toBe(500);
  });

  test("holds between attempts that fail", async () => {
    socket.start();
    await settle();
    for (const delay_ms of [500, 1000, 2000, 4000]) {
      const before = sockets.length;
      last().drop();
      await clock.pass(delay_ms * 0.99);
      expect(sockets).toHaveLength(before);
      await clock.pass(delay_ms * 0.02);
      expect(sockets).toHaveLength(before + 1);
    }
  });

  test("does not start anew for a desk that greets and hangs up", async () => {
    socket.start();
    for (const delay_ms of [500, 1000, 2000]) {
      (await goLive()).drop();
      const before = sockets.length;
      await clock.pass(delay_ms * 0.99);
      expect(sockets).toHaveLength(before);
      await clock.pass(delay_ms * 0.02);
    }
  });

  test("starts anew after a connection that held", async () => {
    socket.start();
    await settle();
    last().drop();
    await clock.pass(600);
    last().drop();
    await clock.pass(1100);
    const live = await goLive();
    await clock.pass(STABLE_AFTER_MS);
    live.drop();
    const before = sockets.length;
    await clock.pass(FIRST_DELAY_MS);
    expect(sockets).toHaveLength(before + 1);
  });

  test("an attempt that cannot even begin counts as one", async () => {
    can_open = false;
    socket.start();
    await settle();
    expect(states.at(-1)).toBe("waiting");
    can_open = true;
    await clock.pass(FIRST_DELAY_MS);
    expect(sockets).toHaveLength(1);
  });
});

describe("a connection that died without a word", () => {
  test("is given up when no welcome comes", async () => {
    socket.start();
    await settle();
    const first = last();
    first.open();
    await clock.pass(WELCOME_TIMEOUT_MS);
    expect(first.is_closed).toBe(true);
    expect(states.at(-1)).toBe("waiting");
  });

  test("is noticed within 45 s by the heartbeat", async () => {
    socket.start();
    const live = await goLive();
    await clock.pass(HEARTBEAT_SECONDS * 1000);
    expect(live.sentOf("ping")).toHaveLength(1);
    await clock.pass(PONG_TIMEOUT_MS);
    expect(live.is_closed).toBe(true);
    expect(HEARTBEAT_SECONDS * 1000 + PONG_TIMEOUT_MS).toBeLessThanOrEqual(45_000);
  });

  test("stays up for as long as pongs come", async () => {
    socket.start();
    const live = await goLive();
    for (let i = 1; i <= 10; i++) {
      await clock.pass(HEARTBEAT_SECONDS * 1000);
      expect(live.sentOf("ping")).toHaveLength(i);
      live.say({ type: "pong" });
    }
    expect(live.is_closed).toBe(false);
    expect(frames).toEqual([WELCOME]);
  });

  test("is noticed within 3 s when the page wakes up", async () => {
    socket.start();
    const live = await goLive();
    socket.wake();
    await clock.pass(WAKE_PONG_TIMEOUT_MS);
    expect(live.is_closed).toBe(true);
  });

  test("and what it says afterwards is not heard", async () => {
    socket.start();
    const old = await goLive();
    const { onmessage } = old;
    socket.restart("now");
    onmessage?.({ data: JSON.stringify({ type: "entry" }) });
    expect(frames).toEqual([WELCOME]);
  });
});

test("a wake-up tries at once instead of waiting", async () => {
  socket.start();
  await settle();
  last().drop();
  socket.wake();
  await settle();
  expect(sockets).toHaveLength(2);
  await clock.pass(MAX_DELAY_MS / 10);
  expect(sockets).toHaveLength(2);
});

test("many wake-ups make one attempt", async () => {
  socket.start();
  await settle();
  last().drop();
  for (let i = 0; i < 5; i++) socket.wake();
  await settle();
  expect(sockets).toHaveLength(2);
});

test("a stopped socket stays stopped", async () => {
  socket.start();
  const live = await goLive();
  socket.stop();
  socket.wake();
  socket.restart();
  await clock.pass(120_000);
  expect(sockets).toHaveLength(1);
  expect(live.is_closed).toBe(true);
  expect(states.at(-1)).toBe("idle");
});

test("an attempt that is overtaken closes its own socket", async () => {
  let release: (socket: FakeSocket) => void = () => undefined;
  const slow = new ReconnectingSocket({
    open: () =>
      new Promise<FakeSocket>((resolve) => {
        release = resolve;
      }),
    hello: () => ({ type: "hello" }),
    onFrame: () => undefined,
    onState: () => undefined,
    clock,
  });
  slow.start();
  slow.stop();
  const late = new FakeSocket();
  release(late);
  await settle();
  expect(late.is_closed).toBe(true);
});

test.each(["", "{", "null", "[]", "7", '"x"'])("%j from the desk is passed over", async (text) => {
  socket.start();
  const live = await goLive();
  live.onmessage?.({ data: text });
  live.onmessage?.({ data: new ArrayBuffer(4) });
  expect(frames).toEqual([WELCOME]);
  expect(live.is_closed).toBe(false);
});
