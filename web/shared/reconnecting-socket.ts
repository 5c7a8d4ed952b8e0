import { backoff_ms } from "./backoff";
import type { Clock } from "./clock";
import { ulid } from "./ulid";
import { encodeFrame } from "./wire";
import { isObject, type JsonObject } from "./wire-reader";

/** The part of a browser's WebSocket that is used; tests pass their own. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

/**
 * idle: not started or stopped. connecting: on the way to a greeting. live: greeted. waiting: until the next attempt.
 */
export type SocketState = "idle" | "connecting" | "live" | "waiting";

export interface Outgoing {
  type: string;
}

export interface ReconnectingSocketOptions {
  /** Opens a socket to the desk, after fetching what the greeting needs; once per attempt. Rejecting fails the attempt. */
  open: () => Promise<SocketLike>;
  /** Builds the first frame of a connection. */
  hello: () => Outgoing;
  /** Every frame but pong, as parsed JSON. `welcome` has already made the state live. */
  onFrame: (frame: JsonObject) => void;
  onState: (state: SocketState, failures: number) => void;
  /** The close code of a connection that ended, 0 where there was none. */
  onClose?: (code: number) => void;
  clock: Clock;
  random?: () => number;
}

export const WELCOME_TIMEOUT_MS = 10_000;
export const PONG_TIMEOUT_MS = 10_000;
/** After a wake-up (tab shown, network back) a live-looking connection must prove itself faster. */
export const WAKE_PONG_TIMEOUT_MS = 3_000;
/** A connection that held this long was a good one: the next failure starts counting anew. */
export const STABLE_AFTER_MS = 5_000;
export const CLOSE_NORMAL = 1000;

/**
 * A websocket that greets, keeps a heartbeat and comes back.
 *
 * A browser has no ping of its own and does not notice a peer that vanished without a word, so a ping frame goes out
 * every heartbeat and silence closes the connection. Attempts are spaced by capped exponential back-off with full
 * jitter; `wake` tries at once.
 */
export class ReconnectingSocket {
  private socket: SocketLike | null = null;
  private state: SocketState = "idle";
  private failures = 0;
  /** Counts the attempts, so that one that was given up cannot come back. */
  private attempt = 0;
  private live_since_ms = 0;
  private heartbeat_ms = 25_000;
  private readonly timers = new Map<"retry" | "welcome" | "beat" | "pong", number>();

  constructor(private readonly options: ReconnectingSocketOptions) {}

  get isLive(): boolean {
    return this.state === "live";
  }

  start(): void {
    if (this.state === "idle") this.connect();
  }

  stop(): void {
    this.failures = 0;
    this.drop();
    this.setState("idle");
  }

  /** The network or the page came back: try now, or make a live connection prove itself. */
  wake(): void {
    if (this.state === "waiting") this.connect();
    else if (this.state === "live") this.ping(WAKE_PONG_TIMEOUT_MS);
  }

  /** Give up on the present connection and come back, at once or after the usual delay. */
  restart(reason: "now" | "later" = "later"): void {
    if (this.state === "idle") return;
    if (reason === "now") {
      this.drop();
      this.connect();
    } else this.fail(0);
  }

  /** Send a frame if the connection is live; false says that it was not sent. */
  send(frame: Outgoing): boolean {
    if (this.state !== "live") return false;
    this.write(frame);
    return true;
  }

  private connect(): void {
    this.clear("retry");
    this.setState("connecting");
    this.after("welcome", WELCOME_TIMEOUT_MS, () => this.fail(0));
    const attempt = ++this.attempt;
    this.options.open().then(
      (socket) => (attempt === this.attempt ? this.adopt(socket) : socket.close(CLOSE_NORMAL)),
      () => attempt === this.attempt && this.fail(0),
    );
  }

  private adopt(socket: SocketLike): void {
    this.socket = socket;
    socket.onopen = () => this.write(this.options.hello());
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => {
      if (socket === this.socket) this.fail(event.code);
    };
  }

  private receive(socket: SocketLike, data: unknown): void {
    if (socket !== this.socket || typeof data !== "string") return;
    const frame = parseJson(data);
    if (frame === null) return;
    this.clear("pong");
    if (frame.type === "welcome") this.goLive(frame);
    if (this.state === "live") this.after("beat", this.heartbeat_ms, () => this.ping(PONG_TIMEOUT_MS));
    if (frame.type !== "pong") this.options.onFrame(frame);
  }

  private goLive(welcome: JsonObject): void {
    const seconds = welcome.heartbeat_seconds;
    if (typeof seconds === "number" && seconds >= 1) this.heartbeat_ms = seconds * 1000;
    this.clear("welcome");
    this.live_since_ms = this.options.clock.now();
    this.setState("live");
  }

  private ping(timeout_ms: number): void {
    this.write({ type: "ping" });
    this.after("pong", timeout_ms, () => this.fail(0));
  }

  private write(frame: Outgoing): void {
    const now_ms = this.options.clock.now();
    this.socket?.send(encodeFrame(frame, ulid(now_ms), now_ms));
  }

  private fail(code: number): void {
    const was_stable =
      this.state === "live" && this.options.clock.now() - this.live_since_ms >= STABLE_AFTER_MS;
    this.failures = was_stable ? 1 : this.failures + 1;
    this.drop();
    this.options.onClose?.(code);
    const delay_ms = backoff_ms(this.failures, this.options.random ?? Math.random);
    this.after("retry", delay_ms, () => this.connect());
    this.setState("waiting");
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.attempt++;
    for (const name of [...this.timers.keys()]) this.clear(name);
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(CLOSE_NORMAL);
  }

  private setState(state: SocketState): void {
    this.state = state;
    this.options.onState(state, this.failures);
  }

  private after(name: "retry" | "welcome" | "beat" | "pong", delay_ms: number, callback: () => void): void {
    this.clear(name);
    const timer = this.options.clock.setTimeout(() => {
      this.timers.delete(name);
      callback();
    }, delay_ms);
    this.timers.set(name, timer);
  }

  private clear(name: "retry" | "welcome" | "beat" | "pong"): void {
    const timer = this.timers.get(name);
    if (timer === undefined) return;
    this.options.clock.clearTimeout(timer);
    this.timers.delete(name);
  }
}

function parseJson(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
